"""What is measured of a run. Every measure is a function of a `View`, and has a column of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from qf.result import RoundResult
from simulations.metrics import attack, inequality, money, welfare
from simulations.metrics.view import View
from simulations.scenario import Scenario
from simulations.world import World

__all__ = ["METRICS", "View", "measure"]

METRICS: Mapping[str, Callable[[View], float]] = {
    **welfare.METRICS,
    **inequality.METRICS,
    **money.METRICS,
    **attack.METRICS,
}
"""Column -> what it holds; the docstring of the function says which number it is."""


def measure(scenario: Scenario, made: World, before: RoundResult | str, after: RoundResult | str) -> dict[str, object]:
    """Return every measure of a run, and `error`, why there is none: then each is nan.

    Args:
        scenario: what is simulated.
        made: what was drawn.
        before: the result without attackers, or why there is none.
        after: the same with them.
    """
    for result in (before, after):
        if isinstance(result, str):
            return {**dict.fromkeys(METRICS, math.nan), "error": result}
    assert isinstance(before, RoundResult) and isinstance(after, RoundResult)
    view = View.of(scenario, made, before, after)
    return {**{name: float(metric(view)) for name, metric in METRICS.items()}, "error": ""}
