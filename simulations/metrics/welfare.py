"""How well money went where donors value it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simulations.metrics.view import Floats, View


def welfare(view: View) -> float:
    """Return W = sum over p of V[p] ln(1 + F[p]), F = gifts + payout: what the projects are worth to all, in units."""
    return float(view.worth @ np.log1p(view.direct + view.payout))


def optimal_welfare(view: View) -> float:
    """Return the largest W that the same money could have bought, divided freely among the projects."""
    money = float((view.direct + view.payout).sum())
    return float(view.worth @ np.log1p(best_division(view.worth, money)))


def welfare_ratio(view: View) -> float:
    """Return welfare by optimal welfare, 0 to 1."""
    best = optimal_welfare(view)
    return welfare(view) / best if best > 0 else 1.0


def alignment(view: View) -> float:
    """Return 1 - half the l1 distance between shares of payouts and shares of worth: 1 where money follows worth."""
    return 1 - float(np.abs(view.share - view.worth / view.worth.sum()).sum()) / 2


def quality_alignment(view: View) -> float:
    """Return the same against the quality of the projects instead of what donors value."""
    return 1 - float(np.abs(view.share - view.made.quality).sum()) / 2


def best_division(worth: Floats, money: float) -> Floats:
    """Return F that maximises sum of V ln(1 + F) with sum F = money: F = max(0, V / level - 1), by water-filling.

    >>> best_division(np.array([3.0, 1.0]), 6.0).tolist()
    [5.0, 1.0]
    """
    order = np.sort(worth)[::-1]
    many = np.arange(1, len(order) + 1)
    level = np.cumsum(order) / (money + many)
    served = np.flatnonzero(order > level)
    return np.maximum(0, worth / level[served[-1]] - 1) if len(served) else np.zeros_like(worth)


METRICS: Mapping[str, Callable[[View], float]] = {
    "welfare": welfare,
    "welfare_ratio": welfare_ratio,
    "alignment": alignment,
    "quality_alignment": quality_alignment,
}
"""Column -> measure."""
