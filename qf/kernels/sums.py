"""Exact sums of products per project, in machine integers as long as they hold and in Python ints beyond.

    sum[p] = sum of value * factor over the addends of project p

A product of value < 2**63 and factor < 2**31 is added up in three limbs of 32 bits, an int64 each:

    low * factor = l1 * 2**32 + l0        where value = high * 2**32 + low
    high * factor = h1 * 2**32 + h0       product = h1 * 2**64 + (l1 + h0) * 2**32 + l0

A limb grows by less than 2**33 per addend, so 2**30 addends cannot overflow it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.kernels import compiled as engine
from qf.kernels.aggregate import largest

FACTOR_LIMIT = 1 << 31
"""The first factor that is too large for limbs."""

LIMB_ADDENDS = 1 << 30
"""After so many addends the limbs are emptied into Python ints."""

LIMB_BITS = 32
"""A limb counts units of 2**0, 2**32 or 2**64."""

LIMB_MASK = (1 << LIMB_BITS) - 1
"""The lowest limb of a number."""

LIMBS = 3
"""How many limbs a sum has."""

COUNT = 2 * LIMBS
"""The column of a row that counts the addends, behind the limbs of both sums."""

ROW = 8
"""Columns of a row: 64 bytes, one cache line. To find the row takes longer than to add to it, so sums come in pairs."""

Term = tuple[NDArray[Any] | None, NDArray[Any] | None]
"""value and factor, each of shape (n,), not negative, int64 or Python ints (dtype object).

Without a factor the term is value, without a value it is nothing.
"""

NOTHING: Term = (None, None)
"""The term of a sum that is not wanted."""


class PairSums:
    """Two running exact sums per project, of the same addends.

    >>> sums = PairSums(2)
    >>> sums.add(np.array([1, 1, 0]), (np.array([2**62, 2**62, 5]), np.array([4, 4, 1])), NOTHING)
    >>> sums.add(np.array([1]), (np.array([10**30], dtype=object), None), (np.array([7]), None))
    >>> sums.totals() == ([5, 2**65 + 10**30], [0, 7]), sums.addends()
    (True, [1, 3])
    """

    def __init__(self, projects: int) -> None:
        self._limbs = np.zeros((projects, ROW), dtype=np.int64)
        self._beyond = np.zeros((2, projects), dtype=object)
        self._in_limbs = 0

    def add(self, project: NDArray[np.integer[Any]], first: Term, second: Term) -> None:
        """Add one term to the first sum of its project, the other to the second.

        Args:
            project: shape (n,), codes in 0..projects - 1, checked by the caller.
            first: what to add to the first sum.
            second: what to add to the second.
        """
        narrow = self._rest(0, project, first) + self._rest(1, project, second)
        if self._in_limbs + len(project) > LIMB_ADDENDS:
            self._empty_limbs()
        self._in_limbs += len(project)
        add_to_limbs = add_compiled if engine.has_compiler() else add_numpy
        add_to_limbs(project, *narrow, self._limbs)

    def totals(self) -> tuple[list[int], list[int]]:
        """Return both sums, each of shape (projects,)."""
        self._empty_limbs()
        first, second = self._beyond.tolist()
        return first, second

    def addends(self) -> list[int]:
        """Return how many terms were added per project, shape (projects,)."""
        addends: list[int] = self._limbs[:, COUNT].tolist()
        return addends

    def _rest(self, total: int, project: NDArray[np.integer[Any]], term: Term) -> Term:
        """Add a term too large for limbs right away; return what is left to add."""
        value, factor = term
        small = factor is None or (factor.dtype == np.int64 and largest(factor) < FACTOR_LIMIT)
        if value is None or (value.dtype == np.int64 and small):
            return term
        exact = value.astype(object)
        np.add.at(self._beyond[total], project, exact if factor is None else exact * factor.astype(object))
        return NOTHING

    def _empty_limbs(self) -> None:
        if self._in_limbs:
            for total, first in enumerate((0, LIMBS)):
                rows = zip(*self._limbs[:, first : first + LIMBS].T.tolist(), strict=True)
                whole = [low + (mid << LIMB_BITS) + (high << 2 * LIMB_BITS) for low, mid, high in rows]
                self._beyond[total] += np.array(whole, dtype=object)
            self._limbs[:, :COUNT] = 0
            self._in_limbs = 0


def add_numpy(
    project: NDArray[Any],
    first: NDArray[np.int64] | None,
    first_factor: NDArray[np.int64] | None,
    second: NDArray[np.int64] | None,
    second_factor: NDArray[np.int64] | None,
    limbs: NDArray[np.int64],
) -> None:
    """Add first * first_factor and second * second_factor to the limbs of the project, and 1 to its count."""
    for column, value, factor in ((0, first, first_factor), (LIMBS, second, second_factor)):
        if value is not None:
            times = np.int64(1) if factor is None else factor
            low, high = (value & LIMB_MASK) * times, (value >> LIMB_BITS) * times
            np.add.at(limbs[:, column], project, low & LIMB_MASK)
            np.add.at(limbs[:, column + 1], project, (low >> LIMB_BITS) + (high & LIMB_MASK))
            np.add.at(limbs[:, column + 2], project, high >> LIMB_BITS)
    np.add.at(limbs[:, COUNT], project, 1)


@engine.compiled
def add_compiled(
    project: NDArray[Any],
    first: NDArray[np.int64] | None,
    first_factor: NDArray[np.int64] | None,
    second: NDArray[np.int64] | None,
    second_factor: NDArray[np.int64] | None,
    limbs: NDArray[np.int64],
) -> None:
    """Do the same in one loop. numba leaves out what is None, so there is one compiled loop per combination."""
    for index in range(len(project)):
        row = limbs[project[index]]
        if first is not None:
            times = 1 if first_factor is None else first_factor[index]
            low, high = (first[index] & LIMB_MASK) * times, (first[index] >> LIMB_BITS) * times
            row[0] += low & LIMB_MASK
            row[1] += (low >> LIMB_BITS) + (high & LIMB_MASK)
            row[2] += high >> LIMB_BITS
        if second is not None:
            times = 1 if second_factor is None else second_factor[index]
            low, high = (second[index] & LIMB_MASK) * times, (second[index] >> LIMB_BITS) * times
            row[LIMBS] += low & LIMB_MASK
            row[LIMBS + 1] += (low >> LIMB_BITS) + (high & LIMB_MASK)
            row[LIMBS + 2] += high >> LIMB_BITS
        row[COUNT] += 1
