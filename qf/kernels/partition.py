"""Exact sums per (identity, project) by counting sorts inside cache-sized partitions: the compiled path of `aggregate`.

1. One pass moves every row to the partition of its identity, as (key, amount), key = local identity << bits | project.
2. Inside a partition two stable counting sorts, by project and then by identity, make equal keys neighbours.
3. One pass adds up neighbours with equal keys.

Every pass is linear, and none branches on the data in a way that depends on its order: sorting each identity's few
projects by comparison took twice as long. Steps 2 and 3 work in place, so one copy of the rows is all that is kept.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.kernels.compiled import compiled

PARTITION_ROWS = 1 << 15
"""How many rows a partition aims at: 12 bytes each, and a spare copy, fit a 1 MB second-level cache. Measured."""

NARROW_KEY_BITS = 31
"""A key of at most this many bits is an int32."""

Sums = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]
"""start, project and amount of `qf.kernels.aggregate.Entries`."""


def sum_by_partition(
    identity: NDArray[Any], project: NDArray[Any], amount: NDArray[Any], identities: int, projects: int
) -> Sums:
    """Return the sum of `amount` for every (identity, project) that has a row, in the order of the pairs.

    Codes must be in range and the sum of all amounts below 2**63: `aggregate` has checked both.

    >>> columns = np.array([1, 0, 1, 1]), np.array([2, 0, 0, 2]), np.array([5, 7, 1, 10])
    >>> [column.tolist() for column in sum_by_partition(*columns, identities=2, projects=3)]
    [[0, 1, 3], [0, 0, 2], [7, 1, 15]]
    """
    bits = max(projects - 1, 0).bit_length()
    shift = partition_shift(len(amount), identities, projects)
    edges = np.zeros((max(identities - 1, 0) >> shift) + 2, dtype=np.int64)
    count_partitions(identity, shift, edges)
    np.cumsum(edges, out=edges)
    key = np.empty(len(amount), dtype=np.int32 if shift + bits <= NARROW_KEY_BITS else np.int64)
    moved = np.empty(len(amount), dtype=amount.dtype)
    move_rows(identity, project, amount, shift, bits, edges[:-1].copy(), key, moved)
    start = np.zeros(identities + 1, dtype=np.int64)
    entries = _sum_partitions(key, moved, edges, shift, bits, projects, start[1:])
    np.cumsum(start, out=start)
    return start, key[:entries].astype(np.int32, copy=False), moved[:entries]


def partition_shift(rows: int, identities: int, projects: int) -> int:
    """Return s such that 2**s neighbouring identities have about `PARTITION_ROWS` rows.

    A partition costs a pass over the projects, so it has at least as many rows as there are projects.

    >>> partition_shift(10_000_000, 2_500_000, 5_000), partition_shift(10, 4, 5), partition_shift(10_000_000, 1, 5)
    (13, 2, 0)
    """
    rows_wanted = max(PARTITION_ROWS, projects)
    identities_wanted = max(identities * rows_wanted // max(rows, 1), 1)
    return min(identities_wanted.bit_length() - 1, max(identities - 1, 0).bit_length())


def _sum_partitions(
    key: NDArray[Any],
    amount: NDArray[Any],
    edges: NDArray[np.int64],
    shift: int,
    bits: int,
    projects: int,
    count: NDArray[np.int64],
) -> int:
    """Sort and merge every partition in place; return how many entries there are, which now lead both arrays.

    Entries never outnumber the rows read so far, so writing them to the front overtakes nothing unread.
    """
    widest = int(np.diff(edges).max())
    spare_key, spare_amount = np.empty(widest, dtype=key.dtype), np.empty(widest, dtype=amount.dtype)
    entries = 0
    for partition, (begin, end) in enumerate(pairwise(edges.tolist())):
        keys, amounts = key[begin:end], amount[begin:end]
        keys_aside, amounts_aside = spare_key[: end - begin], spare_amount[: end - begin]
        sort_by_digit(keys, amounts, 0, projects, keys_aside, amounts_aside)
        sort_by_digit(keys_aside, amounts_aside, bits, 1 << shift, keys, amounts)
        entries = merge_equal(key, amount, begin, end, entries, bits, count[partition << shift :])
    return entries


@compiled
def count_partitions(identity: NDArray[Any], shift: int, edges: NDArray[np.int64]) -> None:
    """Add to edges[q + 1] the number of rows of partition q = identity >> shift."""
    for row in range(len(identity)):
        edges[(identity[row] >> shift) + 1] += 1


@compiled
def move_rows(
    identity: NDArray[Any],
    project: NDArray[Any],
    amount: NDArray[Any],
    shift: int,
    bits: int,
    free: NDArray[np.int64],
    key: NDArray[Any],
    moved: NDArray[Any],
) -> None:
    """Write every row, as (key, amount), to the next free place of its partition."""
    local = (1 << shift) - 1
    for row in range(len(identity)):
        partition = identity[row] >> shift
        place = free[partition]
        free[partition] = place + 1
        key[place] = ((identity[row] & local) << bits) | project[row]
        moved[place] = amount[row]


@compiled
def sort_by_digit(
    key: NDArray[Any],
    amount: NDArray[Any],
    shift: int,
    digits: int,
    sorted_key: NDArray[Any],
    sorted_amount: NDArray[Any],
) -> None:
    """Write the rows in ascending order of the digit (key >> shift) & mask; equal digits keep their order.

    mask is the smallest 2**b - 1 that holds 0..digits - 1, and no digit exceeds it.
    """
    mask = 0
    while mask < digits - 1:
        mask = 2 * mask + 1
    place = np.zeros(digits + 1, dtype=np.int64)
    for row in range(len(key)):
        place[((key[row] >> shift) & mask) + 1] += 1
    for digit in range(digits):
        place[digit + 1] += place[digit]
    for row in range(len(key)):
        digit = (key[row] >> shift) & mask
        sorted_key[place[digit]] = key[row]
        sorted_amount[place[digit]] = amount[row]
        place[digit] += 1


@compiled
def merge_equal(
    key: NDArray[Any], amount: NDArray[Any], begin: int, end: int, entries: int, bits: int, count: NDArray[np.int64]
) -> int:
    """Add up neighbours with equal keys in begin..end, write (project, sum) from `entries` on; return the new end.

    count[local identity] rises by one for each of its entries.
    """
    project_mask = (1 << bits) - 1
    last = -1
    for row in range(begin, end):
        here = key[row]
        if here == last:
            amount[entries - 1] += amount[row]
        else:
            last = here
            key[entries] = here & project_mask
            amount[entries] = amount[row]
            count[here >> bits] += 1
            entries += 1
    return entries
