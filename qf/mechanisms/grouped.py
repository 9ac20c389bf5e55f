"""What the mechanisms share that add gifts up in groups before the root is taken: exact, and order-free.

    G[g, p] = sum over i in g of N[i, p]          S[p] = sum over g of isqrt(G[g, p] << 2K)

It is the tally of `qf.kernels.tally` with groups in the place of donors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions
from qf.kernels.aggregate import INT64_LIMIT, Entries, aggregate, largest
from qf.kernels.tally import Tally, tally
from qf.mechanisms.base import IdealMatch
from qf.round import WeightConvention
from qf.units import WEIGHT_ONE, Amounts


def weighted_entries(contributions: Contributions, convention: WeightConvention) -> Entries:
    """Return N[i, p] = c w for weights inside the root, else c.

    Full weight is W, not 1: the integers must not depend on whether anybody is below it.
    """
    if convention is not WeightConvention.INSIDE_ROOT:
        return contributions.entries
    everybody = np.full(len(contributions.identities), WEIGHT_ONE, dtype=np.int64)
    return multiplied(contributions.entries, everybody if contributions.weight is None else contributions.weight)


def multiplied(entries: Entries, factor: NDArray[Any]) -> Entries:
    """Return the entries with each amount multiplied by the factor of its identity.

    >>> gifts = Entries(np.array([0, 1, 3]), np.array([0, 0, 1], dtype=np.int32), np.array([5, 7, 9]))
    >>> multiplied(gifts, np.array([2, 10])).amount.tolist()
    [10, 70, 90]

    Args:
        entries: round units.
        factor: shape (identities,), integers >= 0: int64, or Python ints (dtype object).
    """
    each = np.repeat(factor, np.diff(entries.start))
    narrow = entries.amount.dtype == each.dtype == np.int64 and largest(entries.amount) * largest(each) < INT64_LIMIT
    amount = entries.amount * each if narrow else entries.amount.astype(object) * each.astype(object)
    return entries._replace(amount=amount)


def without_nothing(entries: Entries) -> Entries:
    """Return the entries above 0.

    >>> gifts = Entries(np.array([0, 1, 3]), np.array([0, 0, 1], dtype=np.int32), np.array([5, 0, 9]))
    >>> [column.tolist() for column in without_nothing(gifts)]
    [[0, 1, 2], [0, 1], [5, 9]]
    """
    kept = np.flatnonzero(entries.amount)
    return Entries(np.searchsorted(kept, entries.start), entries.project[kept], entries.amount[kept])


def support_groups(entries: Entries) -> NDArray[np.int64]:
    """Return a group code for every entry: identities that gave to exactly the same projects are one group.

    >>> gifts = Entries(np.array([0, 2, 3, 5]), np.array([0, 1, 1, 0, 1], dtype=np.int32), np.ones(5, dtype=np.int64))
    >>> support_groups(gifts).tolist()
    [0, 0, 1, 0, 0]

    Args:
        entries: all above 0; shape (entries,) is that of the answer.
    """
    width = entries.project.itemsize
    supports = np.ascontiguousarray(entries.project).tobytes()
    begins = (entries.start * width).tolist()
    known: dict[bytes, int] = {}
    codes = [known.setdefault(supports[low:high], len(known)) for low, high in pairwise(begins)]
    return np.repeat(np.array(codes, dtype=np.int64), np.diff(entries.start))


def group_tally(entries: Entries, group: NDArray[np.int64], *, projects: int, root_bits: int) -> Tally:
    """Return the exact sums per project, with groups in the place of donors.

    Args:
        entries: N[i, p], round units times whatever they are multiplied by.
        group: shape (entries,), the code of each entry's group: it may differ between entries of one identity.
        projects: how many projects there are.
        root_bits: K.
    """
    groups = int(group.max(initial=-1)) + 1
    added_up = aggregate(group, entries.project, entries.amount, identities=groups, projects=projects)
    return tally(added_up, inner=None, outer=None, projects=projects, root_bits=root_bits)


def match_of(
    root_sum: Sequence[int], subtracted: Sequence[int], direct: Sequence[int], *, scale: int, root_bits: int
) -> IdealMatch:
    """Return M[p] = max(0, S**2 - (E << 2K)) / (scale * 4**K), round units.

    >>> match_of([5], [13], [13], scale=1, root_bits=0).amounts
    Amounts(numerators=(12,), denominator=1)

    Args:
        root_sum: S, shape (projects,), in 1 / 2**K.
        subtracted: E, shape (projects,), in 1 / scale round units.
        direct: what was given directly, in 1 / scale round units.
        scale: what gifts were multiplied by before the root was taken.
        root_bits: K.
    """
    shift = 2 * root_bits
    matches = (max(0, root**2 - (less << shift)) for root, less in zip(root_sum, subtracted, strict=True))
    return IdealMatch(Amounts(tuple(matches), scale << shift), Amounts(tuple(direct), scale))
