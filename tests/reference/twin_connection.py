"""The naive twin of the connection-oriented cluster match: the formula, in dense matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def rows_to_one(matrix: Matrix) -> Matrix:
    """Return `matrix` with every row divided by its sum; a row of zeros stays."""
    totals = matrix.sum(axis=1, keepdims=True)
    return np.divide(matrix, totals, out=np.zeros_like(matrix), where=totals > 0)


def closeness(membership: Matrix, style: str) -> Matrix:
    """Return k, shape (donors, groups)."""
    if style == "markov":
        reached = rows_to_one(membership) @ (rows_to_one(membership.T) @ rows_to_one(membership))
    else:
        friends = (membership @ membership.T > 0).astype(np.float64)
        reached = rows_to_one(friends) @ (membership > 0)
    return np.maximum(reached, membership > 0)


def connection_matches(given: Matrix, groups: Matrix | None = None, *, style: str, harsh: bool) -> Matrix:
    """Return the match of each project; `given` has shape (donors, projects), `groups` shape (donors, groups).

    >>> connection_matches(np.array([[1.0, 1, 0], [0, 1, 1]]), style="markov", harsh=True).tolist()
    [0.0, 0.875, 0.0]
    """
    membership = given if groups is None else groups * (given.sum(axis=1, keepdims=True) > 0)
    close = closeness(membership, style)
    shares = rows_to_one(membership)
    matches = []
    for project in range(given.shape[1]):
        amount = given[:, [project]]
        to_own = 0 if harsh else np.sqrt(amount)
        links = (close * to_own + (1 - close) * amount).T @ shares
        pairs = np.sqrt(links * links.T)
        np.fill_diagonal(pairs, 0)
        matches.append(pairs.sum())
    return np.array(matches)
