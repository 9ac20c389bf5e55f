"""One run: a world, settled under every mechanism, and measured. A row for each mechanism."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulations.metrics import measure
from simulations.scenario import Scenario
from simulations.settling import Settled, settle_all
from simulations.world import World, world

Row = dict[str, Any]
"""Column -> value."""


@dataclass(frozen=True, eq=False)
class Played:
    """One replication, settled.

    Attributes:
        made: what was drawn.
        before, after: what each mechanism makes of it without attackers, and with them.
    """

    made: World
    before: Settled
    after: Settled


def play(scenario: Scenario, replication: int) -> Played:
    """Return a replication, drawn and settled under every mechanism."""
    made = world(scenario, replication)
    after = _settled(scenario, made, attacked=True)
    before = _settled(scenario, made, attacked=False) if made.after is not made.before else after
    return Played(made, before, after)


def rows_of(scenario: Scenario, played: Played) -> list[Row]:
    """Return a row of measures for each mechanism, in the order of the scenario."""
    made, before, after = played.made, played.before, played.after
    first = after[scenario.choices[0].name]
    return [
        {
            "replication": made.replication,
            "mechanism": choice.name,
            **measure(scenario, made, choice, before[choice.name], after[choice.name], first),
        }
        for choice in scenario.choices
    ]


def run_once(scenario: Scenario, replication: int) -> list[Row]:
    """Return a row of measures for each mechanism, in the order of the scenario."""
    return rows_of(scenario, play(scenario, replication))


def _settled(scenario: Scenario, made: World, *, attacked: bool) -> Settled:
    scene = made.after if attacked else made.before
    weights = made.weights_after if attacked else made.weights_before
    return settle_all(scenario.choices, scene.gifts, accounts=scene.accounts, projects=scene.projects, weights=weights)
