"""How unequal payouts are. Of nothing at all, every measure is 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simulations.figures import gini
from simulations.metrics.view import Floats, View


def gini_published(values: Floats) -> float:
    """Return G - 1 / m, the variant with ranks from 0 in which GovXS publishes: -1 / m (all equal) to 1 - 2 / m.

    >>> gini_published(np.array([0.0, 0.0, 0.0, 8.0]))
    0.5
    """
    return gini(values) - 1 / len(values) if values.sum() > 0 else 0.0


def hhi(values: Floats) -> float:
    """Return the Herfindahl-Hirschman index: the sum of squared shares, 1 / m to 1."""
    total = values.sum()
    return float(((values / total) ** 2).sum()) if total > 0 else 0.0


def top_share(values: Floats, many: int = 1) -> float:
    """Return the part of the sum that the `many` largest have, `many` at least 1."""
    total = values.sum()
    return float(np.sort(values)[-many:].sum() / total) if total > 0 else 0.0


def lorenz(values: Floats) -> Floats:
    """Return L[k] = part of the sum that the k smallest have, k = 0 to m, shape (m + 1,): the curve of a report.

    The area between it and the diagonal is half the Gini coefficient. Of nothing at all it is the diagonal.

    >>> lorenz(np.array([3.0, 1.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    total = values.sum()
    if total <= 0:
        return np.linspace(0, 1, len(values) + 1)
    return np.concatenate([[0.0], np.cumsum(np.sort(values)) / total])


METRICS: Mapping[str, Callable[[View], float]] = {
    "gini": lambda view: gini(view.payout),
    "gini_published": lambda view: gini_published(view.payout),
    "hhi": lambda view: hhi(view.payout),
    "top_share": lambda view: top_share(view.payout),
    "top10_share": lambda view: top_share(view.payout, 10),
}
"""Column -> measure."""
