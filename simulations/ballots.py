"""Budgets divided by ballots: every voter says how all of it should be divided, and a rule makes one division of many.

These are the rules of Optimism's rounds of retroactive funding, as the GovXS simulator defines them. A ballot is a row
of amounts that adds up to the budget; a rule returns amounts, shape (projects,).
Source: GovXS, "Evaluating Voting Design Tradeoffs for Retro Funding" (2024), rules R1 to R4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 0.05
"""Part of the budget that a ballot, and a project, may have under R4."""

LEAST = 0.0001
"""Part of the budget below which a project gets nothing under R4: 800 of 8,000,000."""


def normalised_median(ballots: Floats, budget: float) -> Floats:
    """Return a[p] = budget med[p] / sum med, med[p] the median over all voters; shape (projects,).

    >>> normalised_median(np.array([[6.0, 2.0], [4.0, 4.0], [2.0, 6.0]]), 8.0).tolist()
    [4.0, 4.0]
    """
    return _scaled(np.median(ballots, axis=0), budget)


def quadratic(ballots: Floats, budget: float) -> Floats:
    """Return R1: a[p] = budget S[p] / sum S, S[p] = sum over voters of sqrt(x[i, p]); shape (projects,).

    >>> quadratic(np.array([[9.0, 1.0], [9.0, 1.0]]), 8.0).tolist()
    [6.0, 2.0]
    """
    return _scaled(np.sqrt(ballots).sum(axis=0), budget)


def mean(ballots: Floats, budget: float) -> Floats:
    """Return R2: a[p] = budget sum over voters of x[i, p] / sum of all; shape (projects,).

    >>> mean(np.array([[6.0, 2.0], [0.0, 8.0]]), 8.0).tolist()
    [3.0, 5.0]
    """
    return _scaled(ballots.sum(axis=0), budget)


def quorum_median(ballots: Floats, budget: float, *, quorum: int = 0, least: float = 0.0) -> Floats:
    """Return R3: the median of the voters who gave something, 0 where they are too few or it is too low, scaled.

    Args:
        ballots: shape (donors, projects).
        budget: what is divided.
        quorum: how many voters have to give something; Optimism's round 3 asked for 17.
        least: the lowest median that counts, in units of the budget; there 1,500.

    >>> quorum_median(np.array([[0.0, 8.0], [4.0, 4.0], [4.0, 4.0]]), 8.0).tolist()
    [4.0, 4.0]
    >>> quorum_median(np.array([[0.0, 8.0], [4.0, 4.0], [4.0, 4.0]]), 8.0, quorum=3).tolist()
    [0.0, 8.0]
    """
    givers = (ballots > 0).sum(axis=0)
    ascending, project = np.sort(ballots, axis=0), np.arange(ballots.shape[1])
    first = len(ballots) - givers  # zeros come before what was given
    low, high = (np.minimum(first + (givers - part) // 2, len(ballots) - 1) for part in (1, 0))
    middle = (ascending[low, project] + ascending[high, project]) / 2
    return _scaled(np.where((givers >= quorum) & (middle >= least), middle, 0.0), budget)


def capped_median(ballots: Floats, budget: float, *, most: float = MOST, least: float = LEAST) -> Floats:
    """Return R4: medians of capped ballots, capped, scaled, the smallest dropped, and cut to the cap once more.

    What the last cut takes is not handed out again, as published, so that the sum may be below the budget.

    Args:
        ballots: shape (donors, projects).
        budget: what is divided.
        most: part of the budget that one ballot may give a project, and that a project may get.
        least: part of the budget below which a project gets nothing.

    >>> ballots = np.array([[6.0, 1.0, 1.0], [5.0, 2.0, 1.0], [1.0, 6.0, 1.0]])
    >>> capped_median(ballots, 8.0, most=0.5, least=0.25).round(9).tolist()
    [4.0, 3.2, 0.0]
    """
    cap = most * budget
    middle = np.median(_handed_on(ballots, cap), axis=0)
    while (middle > cap).any() and ((middle > 0) & (middle < cap)).any():
        middle = _handed_on(middle, cap)
    amounts = _scaled(middle, budget)
    dropped = amounts < least * budget
    open_to_more = ~dropped & (amounts < cap)
    if dropped.any() and amounts[open_to_more].any():
        amounts[open_to_more] *= 1 + amounts[dropped].sum() / amounts[open_to_more].sum()
    return np.minimum(_scaled(np.where(dropped, 0.0, amounts), budget), cap)


RULES: Mapping[str, Callable[[Floats, float], Floats]] = {
    "normalised_median": normalised_median,
    "quadratic": quadratic,
    "mean": mean,
    "quorum_median": quorum_median,
    "capped_median": capped_median,
}
"""The rules, by name."""


def mallows(rng: np.random.Generator, donors: int, projects: int, budget: float, dispersion: float) -> Floats:
    """Return ballots (1 - dispersion) base + dispersion Dirichlet(1), times the budget, shape (donors, projects).

    The base is one draw of Dirichlet(1) that all voters share. It is GovXS's "Mallows" model of cumulative ballots.

    >>> mallows(np.random.default_rng(1), 3, 2, 10.0, 0.5).sum(axis=1).round(9).tolist()
    [10.0, 10.0, 10.0]
    """
    base = rng.dirichlet(np.ones(projects))
    own = rng.dirichlet(np.ones(projects), donors)
    return np.asarray(budget * ((1 - dispersion) * base + dispersion * own))


def regret(ballots: Floats, amounts: Floats) -> float:
    """Return the mean over voters of the l1 distance between ballot and amounts: GovXS's "utilitarian welfare".

    >>> regret(np.array([[6.0, 2.0], [0.0, 8.0]]), np.array([3.0, 5.0]))
    6.0
    """
    return float(np.abs(ballots - amounts).sum(axis=1).mean())


def _handed_on(amounts: Floats, cap: float) -> Floats:
    """Return each row cut to the cap, what was cut handed once to those below it in proportion."""
    cut = np.minimum(amounts, cap)
    open_to_more = np.where(cut < cap, cut, 0.0)
    room = open_to_more.sum(axis=-1, keepdims=True)
    excess = amounts.sum(axis=-1, keepdims=True) - cut.sum(axis=-1, keepdims=True)
    return np.asarray(cut + open_to_more * np.where(room > 0, excess / np.where(room > 0, room, 1.0), 0.0))


def _scaled(values: Floats, budget: float) -> Floats:
    total = values.sum()
    return np.asarray(values * (budget / total)) if total > 0 else np.zeros(len(values))
