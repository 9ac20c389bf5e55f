"""Donation rows to one exact sum per (identity, project): everything after this sees an identity once per project.

    c[i, p] = sum of amount[row] over the rows with identity[row] = i and project[row] = p

Two paths give the same integers: `qf.kernels.partition`, compiled, and one sort in NumPy. Sums of integers do not
depend on the order of the rows, so neither path has to keep it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels import compiled as engine
from qf.kernels.partition import sum_by_partition

INT64_LIMIT = 1 << 63
"""The first integer an int64 cannot hold."""

INT64_BITS = 63
"""How many bits a non-negative int64 has."""

HALF_BITS = 32
"""An int64 too large to add up is added up in halves of this many bits."""

HALF_MASK = (1 << HALF_BITS) - 1
"""The lower half."""


class Entries(NamedTuple):
    """The contributions in compressed rows: one entry per (identity, project), sorted by (identity, project).

    The entries of identity i are start[i] to start[i + 1].
    """

    start: NDArray[np.int64]
    """Shape (identities + 1,): where the entries of each identity begin; the last is how many entries there are."""
    project: NDArray[np.int32]
    """Shape (entries,): project codes."""
    amount: NDArray[Any]
    """Shape (entries,), round units: int64 if every sum is below 2**63, else Python ints (dtype object)."""


def aggregate(
    identity: NDArray[np.integer[Any]],
    project: NDArray[np.integer[Any]],
    amount: NDArray[Any],
    *,
    identities: int,
    projects: int,
) -> Entries:
    """Return c[i, p], the sum of the amounts, for every (identity, project) that has a row.

    A pair whose rows are all 0 keeps an entry of 0. The result is the same in any order of the rows, however a gift is
    split over rows, and with or without numba.

    >>> columns = np.array([1, 0, 1, 1]), np.array([2, 0, 0, 2]), np.array([5, 7, 1, 10])
    >>> entries = aggregate(*columns, identities=2, projects=3)
    >>> [column.tolist() for column in entries]
    [[0, 1, 3], [0, 0, 2], [7, 1, 15]]

    Args:
        identity: shape (rows,), codes in 0..identities - 1; int32 and int64 are read in place.
        project: shape (rows,), codes in 0..projects - 1; likewise.
        amount: shape (rows,), round units, not negative: int64, or Python ints (dtype object).
        identities: how many identities there are, with or without rows.
        projects: how many projects there are, with or without rows; at most 2**31.

    Raises:
        InvariantError: columns of different lengths, a code out of range, an amount that is negative or no integer.
    """
    _check_rows(identity, project, amount, identities, projects)
    addable = amount if _sum_fits(amount) else amount.astype(object)
    compiled = engine.has_compiler() and addable.dtype == np.int64
    sum_rows = sum_by_partition if compiled else sum_by_sorting
    start, entry_project, entry_sum = sum_rows(identity, project, addable, identities, projects)
    return Entries(start, entry_project, _narrowed(entry_sum))


def largest(values: NDArray[Any]) -> int:
    """Return the largest of `values`, -1 if there is none. A negative machine integer counts as huge.

    Read as unsigned, -1 is the largest number of its width: one pass finds what is too large and what is negative.

    >>> largest(np.array([3, 1])), largest(np.array([3, -1])) == 2**64 - 1, largest(np.array([], dtype=np.int64))
    (3, True, -1)
    """
    if not len(values):
        return -1
    unsigned = values if values.dtype == object else values.view(f"u{values.dtype.itemsize}")
    return int(unsigned.max())


def _check_rows(
    identity: NDArray[Any], project: NDArray[Any], amount: NDArray[Any], identities: int, projects: int
) -> None:
    """Raise unless the loops may index with these codes: a compiled loop does not check its bounds."""
    if not len(identity) == len(project) == len(amount):
        raise InvariantError(f"columns of {len(identity)}, {len(project)} and {len(amount)} rows")
    for name, codes, count in (("identity", identity, identities), ("project", project, projects)):
        if codes.dtype.kind not in "iu" or largest(codes) >= count:
            raise InvariantError(f"codes of {name} are integers in 0..{count - 1}, not {codes.dtype} {codes}")
    if amount.dtype == object:
        valid = all(type(value) is int and value >= 0 for value in amount)
    else:
        valid = amount.dtype == np.int64 and largest(amount) < INT64_LIMIT
    if not valid:
        raise InvariantError(f"amounts are int64 or Python ints and not negative, not {amount.dtype} {amount}")


def _sum_fits(amount: NDArray[Any]) -> bool:
    """Return whether the sum of all amounts is below 2**63, and with it the sum of any of them."""
    if amount.dtype == object:
        return False
    if len(amount) * largest(amount) < INT64_LIMIT:
        return True
    high, low = int((amount >> HALF_BITS).sum()), int((amount & HALF_MASK).sum())
    return (high << HALF_BITS) + low < INT64_LIMIT


def _narrowed(sums: NDArray[Any]) -> NDArray[Any]:
    """Return `sums` as int64 if each is below 2**63, else as Python ints."""
    return sums.astype(np.int64) if sums.dtype == object and largest(sums) < INT64_LIMIT else sums


def sum_by_sorting(
    identity: NDArray[Any], project: NDArray[Any], amount: NDArray[Any], identities: int, projects: int
) -> Entries:
    """Return the sums by one sort of the key identity << bits | project, in NumPy; `amount` may be Python ints."""
    bits = _width(projects)
    key = identity.astype(np.int64)
    key <<= bits
    key |= project
    order = ascending(key, _width(identities) + bits)
    key = key[order]
    running = amount[order]
    del order
    np.cumsum(running, out=running)
    closes = np.flatnonzero(np.diff(key, append=-1))
    key = key[closes]
    running = running[closes]
    del closes
    start = np.zeros(identities + 1, dtype=np.int64)
    np.cumsum(np.bincount(key >> bits, minlength=identities), out=start[1:])
    running[1:] -= running[:-1]
    return Entries(start, (key & ((1 << bits) - 1)).astype(np.int32), running)


def ascending(key: NDArray[np.int64], key_bits: int) -> NDArray[np.int64]:
    """Return the rows in ascending order of `key`, equal keys in any order.

    Where key and row number fit into one int64, sorting these is twice as fast as an argsort.
    """
    row_bits = _width(len(key))
    if key_bits + row_bits > INT64_BITS:
        return np.argsort(key)
    packed = key << row_bits
    packed |= np.arange(len(key))
    packed.sort()
    packed &= (1 << row_bits) - 1
    return packed


def _width(count: int) -> int:
    """Return how many bits the codes 0..count - 1 take."""
    return max(count - 1, 0).bit_length()
