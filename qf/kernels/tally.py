"""What the quadratic family needs to know of every project: exact sums over its donors of roots, gifts and heads.

A sum of integers can be taken in any order and in any parts, so donors may be split over blocks, processes or machines
and their tallies merged. Every block takes the narrowest arithmetic that holds its numbers, compiled, NumPy or Python
ints, and the integers are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from operator import add
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels.aggregate import INT64_LIMIT, Entries, largest
from qf.kernels.roots import shifted_roots
from qf.kernels.sums import NOTHING, PairSums

BLOCK_ENTRIES = 1 << 16
"""How many entries are worked on at a time: 512 kB per column, which the next step finds in cache. Measured."""

Weights = NDArray[np.int64]
"""Shape (identities,), integers >= 0, such as `qf.units.Bps`."""


class Tally(NamedTuple):
    """Exact sums per project, each of shape (projects,); i runs over the identities with an entry in p.

    r[i, p] = isqrt(c[i, p] * inner[i] << 2K), in 1 / 2**K.
    """

    root_sum: list[int]
    """S[p] = sum of outer[i] * r[i, p]."""
    direct_sum: list[int]
    """E[p] = sum of c[i, p] * inner[i] * outer[i]**2, not shifted by 2K."""
    squared_root_sum: list[int]
    """Q[p] = sum of (outer[i] * r[i, p])**2; all 0 unless asked for."""
    contributed: list[int]
    """Sum of c[i, p], in round units."""
    donors: list[int]
    """How many identities have an entry."""


class Block(NamedTuple):
    """Some entries, with the weights of their identities; all of shape (n,)."""

    project: NDArray[np.int32]
    amount: NDArray[Any]
    inner: Weights | None
    outer: Weights | None


def tally(
    entries: Entries,
    *,
    inner: Weights | None,
    outer: Weights | None,
    projects: int,
    root_bits: int,
    squared_roots: bool = False,
) -> Tally:
    """Return the sums of roots, gifts and donors of every project.

    Two donors give a project 4 and 9. Of (sqrt(4) + sqrt(9))**2 = 25, 13 is what they gave.

    >>> gifts = Entries(np.array([0, 1, 2]), np.array([0, 0], dtype=np.int32), np.array([4, 9]))
    >>> tally(gifts, inner=None, outer=None, projects=1, root_bits=0)
    Tally(root_sum=[5], direct_sum=[13], squared_root_sum=[0], contributed=[13], donors=[2])

    Args:
        entries: c[i, p] >= 0, round units, in compressed rows of the shape (identities, projects).
        inner: the weight inside the root; None is a weight of 1.
        outer: the weight on the root; None is a weight of 1.
        projects: how many projects there are, with or without entries.
        root_bits: K >= 0, how many binary places of each root are kept.
        squared_roots: whether Q is wanted.

    Raises:
        InvariantError: a weight is negative or missing, a project code out of range, or a root asked of less than 0.
    """
    _check(entries, inner, outer, projects)
    main, extra = PairSums(projects), PairSums(projects)
    has_extra = squared_roots or inner is not None or outer is not None
    for block in blocks_of(entries, inner, outer):
        net = _product(block.amount, block.inner)
        root = shifted_roots(net, root_bits)
        main.add(block.project, (root, block.outer), (block.amount, None))
        if has_extra:
            squared_outer = None if block.outer is None else _product(block.outer, block.outer)
            squared_root = (_product(root, root), squared_outer) if squared_roots else NOTHING
            extra.add(block.project, (net, squared_outer), squared_root)
    root_sum, contributed = main.totals()
    direct_sum, squared_root_sum = extra.totals()
    return Tally(root_sum, direct_sum if has_extra else contributed, squared_root_sum, contributed, main.addends())


def merge(a: Tally, b: Tally) -> Tally:
    """Return the tally of the entries of `a` and of `b` together, which must not share an (identity, project).

    >>> merge(Tally([2], [4], [0], [4], [1]), Tally([3], [9], [0], [9], [1]))
    Tally(root_sum=[5], direct_sum=[13], squared_root_sum=[0], contributed=[13], donors=[2])

    Raises:
        ValueError: the tallies are of different numbers of projects.
    """
    if len(a.donors) != len(b.donors):
        raise ValueError(f"tallies of {len(a.donors)} and {len(b.donors)} projects")
    return Tally(*(list(map(add, left, right)) for left, right in zip(a, b, strict=True)))


def _check(entries: Entries, inner: Weights | None, outer: Weights | None, projects: int) -> None:
    """Raise unless the loops may index with the codes, and no product can be negative."""
    start, project, amount = entries
    if not int(start[-1]) == len(project) == len(amount):
        raise InvariantError(f"{start[-1]} entries by start, {len(project)} projects, {len(amount)} amounts")
    if largest(project) >= projects:
        raise InvariantError(f"a project code is outside 0..{projects - 1}: {project}")
    for name, weights in (("inner", inner), ("outer", outer)):
        if weights is not None and (len(weights) != len(start) - 1 or largest(weights) >= INT64_LIMIT):
            raise InvariantError(f"{name} holds one weight >= 0 per identity, {len(start) - 1} in all: {weights}")


def blocks_of(entries: Entries, inner: Weights | None, outer: Weights | None) -> Iterator[Block]:
    """Yield all entries in turn, about `BLOCK_ENTRIES` at a time and never part of an identity."""
    start, project, amount = entries
    firsts = np.searchsorted(start, np.arange(0, len(project), BLOCK_ENTRIES))
    cuts = np.unique(np.append(firsts, len(start) - 1))
    for low, high in pairwise(cuts.tolist()):
        rows, block = slice(low, high), slice(int(start[low]), int(start[high]))
        repeats = np.diff(start[low : high + 1])
        spread = (None if weights is None else np.repeat(weights[rows], repeats) for weights in (inner, outer))
        yield Block(project[block], amount[block], *spread)


def _product(a: NDArray[Any], b: NDArray[Any] | None) -> NDArray[Any]:
    """Return a * b elementwise: int64 where no product reaches 2**63, else Python ints. None is 1."""
    if b is None:
        return a
    narrow = a.dtype == b.dtype == np.int64 and largest(a) * largest(b) < INT64_LIMIT
    product: NDArray[Any] = a * b if narrow else a.astype(object) * b.astype(object)
    return product
