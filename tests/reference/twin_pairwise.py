"""The naive twin of pairwise-bounded matching: every pair of donors, one after the other, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

Table = list[list[float]]
"""Donors x projects, or donors x groups; 0 where there is no entry."""


def pairwise_matches(
    given: Sequence[Sequence[float]],
    *,
    strength: float,
    pair_weight: Sequence[float] | None = None,
    trust: Sequence[float] | None = None,
    ordered: bool = True,
) -> list[float]:
    """Return the match of each project, where given[i][p] is what donor i gave project p; shape (donors, projects).

    >>> pairwise_matches([[4.0, 1.0], [9.0, 0.0]], strength=6.0)
    [6.0, 0.0]
    """
    terms: list[list[float]] = [[] for _ in given[0]] if given else []
    for i, j in combinations(range(len(given)), 2):
        roots = [sqrt(mine * theirs) for mine, theirs in zip(given[i], given[j], strict=True)]
        bound = strength * (1.0 if trust is None else max(trust[i], trust[j]))
        factor = 1 / (fsum(roots) / bound + 1) if bound else 0.0
        weight = 1.0 if pair_weight is None else min(pair_weight[i], pair_weight[j])
        for project, root in enumerate(roots):
            terms[project].append(weight * factor * root)
    return [(1 + ordered) * fsum(of_project) for of_project in terms]


def compressed(table: Sequence[Sequence[float]]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Return the entries above 0 of a table as the kernels take them: start, code and value.

    >>> [column.tolist() for column in compressed([[4, 1], [0, 0], [0, 9]])]
    [[0, 2, 2, 3], [0, 1, 1], [4.0, 1.0, 9.0]]
    """
    rows = [[(code, value) for code, value in enumerate(row) if value > 0] for row in table]
    entries = [entry for row in rows for entry in row]
    codes, values = [code for code, _ in entries], [value for _, value in entries]
    start = np.cumsum([0, *(len(row) for row in rows)])
    return start, np.array(codes, dtype=np.int32), np.array(values, dtype=np.float64)


def random_table(donors: int, codes: int, seed: int = 1) -> Table:
    """Return a table of amounts, where some donors have no entry, some have one, some a few and some all."""
    random = np.random.default_rng(seed)
    chance = random.choice([0.0, 1 / codes, 0.3, 1.0], size=donors, p=[0.1, 0.4, 0.4, 0.1])
    present = random.random((donors, codes)) < chance[:, None]
    table: Table = (present * np.round(random.lognormal(1, 2, (donors, codes)) + 0.01, 2)).tolist()
    return table
