"""One run: a world, settled under every mechanism, and measured. A row for each mechanism."""

from __future__ import annotations

from typing import Any

from simulations.metrics import measure
from simulations.scenario import Scenario
from simulations.settling import Settled, settle_all
from simulations.world import World, world

Row = dict[str, Any]
"""Column -> value."""


def run_once(scenario: Scenario, replication: int) -> list[Row]:
    """Return a row of measures for each mechanism, in the order of the scenario."""
    made = world(scenario, replication)
    after = _settled(scenario, made, attacked=True)
    before = _settled(scenario, made, attacked=False) if made.after is not made.before else after
    return [
        {"replication": replication, "mechanism": name, **measure(scenario, made, before[name], after[name])}
        for name in after
    ]


def _settled(scenario: Scenario, made: World, *, attacked: bool) -> Settled:
    scene = made.after if attacked else made.before
    weights = made.weights_after if attacked else made.weights_before
    return settle_all(scenario.choices, scene.gifts, accounts=scene.accounts, projects=scene.projects, weights=weights)
