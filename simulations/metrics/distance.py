"""How far payouts are from those under the first mechanism, and how they rank projects."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulations.figures import spearman
from simulations.metrics.view import Floats, View, shares

SMALLEST_SHARE = 1e-9
"""What is added to every share before logarithms are taken: a project that gets nothing is not infinitely far."""


def l1(one: Floats, other: Floats) -> float:
    """Return the sum of |x - y| over shares, 0 to 2.

    >>> l1(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    1.0
    """
    return float(np.abs(one - other).sum())


def total_variation(one: Floats, other: Floats) -> float:
    """Return half the l1 distance of shares: the part of the money that would have to move, 0 to 1."""
    return l1(one, other) / 2


def kullback_leibler(one: Floats, other: Floats) -> float:
    """Return sum of x ln(x / y) over shares with `SMALLEST_SHARE` added, in nats; 0 for the same shares.

    >>> round(kullback_leibler(np.array([1.0, 0.0]), np.array([0.5, 0.5])), 6)  # ln 2
    0.693147
    """
    ours, theirs = shares(one + SMALLEST_SHARE), shares(other + SMALLEST_SHARE)
    return max(0.0, float(ours @ np.log(ours / theirs)))


def kendall(one: Floats, other: Floats) -> float:
    """Return tau-b = (concordant - discordant pairs) / sqrt(pairs untied in one x pairs untied in other).

    nan where either is constant.

    >>> round(kendall(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0])), 9)
    0.333333333
    """
    first, second = (np.sign(values[:, None] - values).astype(np.float32) for values in (one, other))
    untied = float((first != 0).sum()) * float((second != 0).sum())
    return float((first * second).sum()) / math.sqrt(untied) if untied else math.nan


TO_FIRST = ("share_l1", "share_tv", "share_kl")
"""The columns that compare with the first mechanism."""

METRICS: Mapping[str, Callable[[View], float]] = {
    "share_l1": lambda view: l1(view.share, shares(view.first)),
    "share_tv": lambda view: total_variation(view.share, shares(view.first)),
    "share_kl": lambda view: kullback_leibler(view.share, shares(view.first)),
    "spearman_donors": lambda view: spearman(view.donors, view.payout),
    "kendall_donors": lambda view: kendall(view.donors, view.payout),
    "spearman_worth": lambda view: spearman(view.worth, view.payout),
}
"""Column -> measure: distance of shares to those under the first mechanism, x being these and y those; and how the
ranks of payouts agree with those of donors and of worth."""
