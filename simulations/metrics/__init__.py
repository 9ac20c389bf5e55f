"""What is measured of a run. Every measure is a function of a `View`, and has a column of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from qf.compare.choices import Choice
from qf.result import RoundResult
from simulations.metrics import attack, distance, donors, inequality, money, probing, welfare
from simulations.metrics.view import View
from simulations.scenario import Scenario
from simulations.world import World

__all__ = ["EXTRA", "METRICS", "View", "measure"]

METRICS: Mapping[str, Callable[[View], float]] = {
    **welfare.METRICS,
    **inequality.METRICS,
    **money.METRICS,
    **distance.METRICS,
    **attack.METRICS,
}
"""Column -> what it holds; the docstring of the function says which number it is. These are always measured."""

EXTRA: Mapping[str, Callable[[View], float]] = {**donors.METRICS, **probing.METRICS}
"""The same, for what takes longer: measured where a scenario names it under `measures`."""


def measure(
    scenario: Scenario,
    made: World,
    choice: Choice,
    before: RoundResult | str,
    after: RoundResult | str,
    first: RoundResult | str,
) -> dict[str, object]:
    """Return every measure of a run, and `error`, why there is none: then each is nan.

    Args:
        scenario: what is simulated.
        made: what was drawn.
        choice: the mechanism.
        before: the result without attackers, or why there is none.
        after: the same with them.
        first: the same under the first mechanism; where there is none, distances to it are nan.
    """
    wanted = {**METRICS, **{name: EXTRA[name] for name in scenario.head.measures}}
    for result in (before, after):
        if isinstance(result, str):
            return {**dict.fromkeys(wanted, math.nan), "error": result}
    assert isinstance(before, RoundResult) and isinstance(after, RoundResult)
    compared = isinstance(first, RoundResult)
    view = View.of(scenario, made, choice, (before, after, first if isinstance(first, RoundResult) else after))
    measured = {name: float(metric(view)) for name, metric in wanted.items()}
    if not compared:
        measured |= dict.fromkeys(distance.TO_FIRST, math.nan)
    return {**measured, "error": ""}
