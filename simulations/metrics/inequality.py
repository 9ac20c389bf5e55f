"""How unequal payouts are. Of nothing at all, every measure is 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simulations.metrics.view import Floats, View


def gini(values: Floats) -> float:
    """Return G = sum over i of (2 i - m - 1) x[i] / (m sum x), x ascending: 0 (all equal) to 1 - 1 / m.

    >>> gini(np.array([0.0, 0.0, 0.0, 8.0]))
    0.75
    """
    total, many = values.sum(), len(values)
    if total <= 0:
        return 0.0
    return float((2 * np.arange(1, many + 1) - many - 1) @ np.sort(values) / (many * total))


def hhi(values: Floats) -> float:
    """Return the Herfindahl-Hirschman index: the sum of squared shares, 1 / m to 1."""
    total = values.sum()
    return float(((values / total) ** 2).sum()) if total > 0 else 0.0


def top_share(values: Floats, many: int = 1) -> float:
    """Return the part of the sum that the `many` largest have."""
    total = values.sum()
    return float(np.sort(values)[-many:].sum() / total) if total > 0 else 0.0


METRICS: Mapping[str, Callable[[View], float]] = {
    "gini": lambda view: gini(view.payout),
    "hhi": lambda view: hhi(view.payout),
    "top_share": lambda view: top_share(view.payout),
    "top10_share": lambda view: top_share(view.payout, 10),
}
"""Column -> measure."""
