"""Numbers about lists of numbers, as the laboratory's parts share them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def gini(values: Floats) -> float:
    """Return G = sum over i of (2 i - m - 1) x[i] / (m sum x), x ascending: 0 (all equal) to 1 - 1 / m.

    >>> gini(np.array([0.0, 0.0, 0.0, 8.0])), gini(np.zeros(3))
    (0.75, 0.0)
    """
    total, many = values.sum(), len(values)
    if total <= 0:
        return 0.0
    return float((2 * np.arange(1, many + 1) - many - 1) @ np.sort(values) / (many * total))


def spearman(one: Floats, other: Floats) -> float:
    """Return the correlation of ranks, ties sharing their mean rank; nan where either is constant.

    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0])), 9)
    0.5
    """
    first, second = (ranks - ranks.mean() for ranks in (mean_ranks(one), mean_ranks(other)))
    spread = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / spread if spread else math.nan


def mean_ranks(values: Floats) -> Floats:
    """Return ranks from 1, the smallest first; ties share their mean.

    >>> mean_ranks(np.array([5.0, 1.0, 5.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(((2 * np.cumsum(many) - many + 1) / 2)[place])
