"""Pairwise-bounded matching: what two donors add together is bounded, however much they give to the same projects.

    m_p = sum over i != j of  k_ij s_ip s_jp,   k_ij = M_ij / (M_ij + T_ij),   T_ij = sum_q s_iq s_jq,   s = sqrt(c)

The work is one step per (project, pair of its donors), sum_p n_p**2 / 2 in all, and is done without a table of pairs:

- Pairs of donors of several projects: a donor at a time, T_ij is added up for all later donors j in one array over the
  donors, read back, and wiped; time three visits per step, memory a float per donor.
- Pairs in which one gave to a single project: T_ij is the product s_ip s_jp itself, so nothing is looked up and the
  loop runs over neighbours in memory, several times as fast per step.

The order of every sum is fixed by the order of the donors; the last digits depend on it, on nothing else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels.aggregate import largest
from qf.kernels.compiled import compiled

BLOCK = 512
"""How many donors of a project a pass over its single-project donors covers: four arrays of 4 KB stay in cache."""


class Rows(NamedTuple):
    """Positive numbers in compressed rows, a row per donor, sorted by (donor, code)."""

    start: NDArray[np.int64]
    """Shape (donors + 1,): where the entries of each donor begin."""
    donor: NDArray[np.int64]
    """Shape (entries,): the row of each entry."""
    code: NDArray[np.int32]
    """Shape (entries,): project or group codes."""
    value: NDArray[np.float64]
    """Shape (entries,): amounts in round units, or weights; above 0."""


class Columns(NamedTuple):
    """Entries project by project; donors of several projects first, then those of this one only."""

    start: NDArray[np.int64]
    """Shape (projects + 1,): where the donors of each project begin."""
    alone: NDArray[np.int64]
    """Shape (projects,): where its donors of a single project begin."""
    place: NDArray[np.int64]
    """Shape (entries,): where each entry of the rows went."""
    order: NDArray[np.int64]
    """Shape (entries,): which entry of the rows stands here."""


def pairwise_match(
    start: NDArray[np.int64],
    project: NDArray[np.int32],
    amount: NDArray[np.float64],
    *,
    projects: int,
    strength: float,
    pair_weight: NDArray[np.float64] | None = None,
    trust: NDArray[np.float64] | None = None,
    ordered: bool = True,
) -> NDArray[np.float64]:
    """Return m_p = sum over pairs of donors i != j of w_ij k_ij s_ip s_jp, with s = sqrt(amount).

        T_ij = sum_q s_iq s_jq        M_ij = strength * max(t_i, t_j)
        k_ij = M_ij / (M_ij + T_ij)   w_ij = min(w_i, w_j)

    k donors who gave to one project only get at most k (k - 1) M for it. Not homogeneous: M is an amount of money.

    >>> start, project = np.array([0, 2, 3]), np.array([0, 1, 0], dtype=np.int32)
    >>> pairwise_match(start, project, np.array([4.0, 1.0, 9.0]), projects=2, strength=6.0).tolist()
    [6.0, 0.0]

    Args:
        start: shape (donors + 1,), where the entries of each donor begin; the last is the number of entries.
        project: shape (entries,), codes in 0..projects - 1, ascending for each donor.
        amount: shape (entries,), whole round units, finite, not negative.
        projects: how many projects there are, with or without donors.
        strength: M, whole round units, above 0: half of what a pair gives together counts when T_ij = M.
        pair_weight: w, shape (donors,), 0..1; without it every w is 1.
        trust: t, shape (donors,), at least 0; a pair of two zeros adds nothing. Without it every t is 1.
        ordered: count (i, j) and (j, i), as Buterin (2019) does; False counts each pair once, as CLR did.

    Returns:
        Shape (projects,), whole round units.

    Raises:
        InvariantError: the entries are not as described, or a number is out of its range.
    """
    rows = positive_rows(start, project, amount, codes=projects)
    donors = len(rows.start) - 1
    reach = _per_donor("trust", trust, donors)
    weight = _per_donor("pair_weight", pair_weight, donors)
    if not 0 < strength < np.inf or not (reach >= 0).all() or not ((weight >= 0) & (weight <= 1)).all():
        raise InvariantError("strength is above 0, trust not below, pair weights in 0..1")
    match = np.zeros(projects)
    _add_all_pairs(rows, strength * reach, weight, match)
    return 2.0 * match if ordered else match


def positive_rows(start: NDArray[Any], code: NDArray[Any], value: NDArray[Any], *, codes: int) -> Rows:
    """Return the entries above 0, checked: a compiled loop does not check its bounds.

    >>> rows = positive_rows(np.array([0, 2, 3]), np.array([0, 1, 0]), np.array([5.0, 0.0, 2.0]), codes=2)
    >>> rows.start.tolist(), rows.donor.tolist(), rows.code.tolist(), rows.value.tolist()
    ([0, 1, 2], [0, 1], [0, 0], [5.0, 2.0])

    Raises:
        InvariantError: not compressed rows in ascending order without repeats, or a value is negative or not finite.
    """
    counts = np.diff(start)
    if not len(start) or start[0] != 0 or start[-1] != len(code) or len(code) != len(value) or (counts < 0).any():
        raise InvariantError(f"no compressed rows: {len(code)} codes, {len(value)} values, rows start at {start}")
    if code.dtype.kind not in "iu" or largest(code) >= codes or value.dtype != np.float64:
        raise InvariantError(f"codes are integers in 0..{codes - 1} and values float64, not {code.dtype} {value.dtype}")
    donor = np.repeat(np.arange(len(counts)), counts)
    if (np.diff(donor * codes + code) <= 0).any():
        raise InvariantError("the codes of a donor do not ascend, or one is repeated")
    if not (np.isfinite(value) & (value >= 0)).all():
        raise InvariantError("a value is negative or not finite")
    kept = np.flatnonzero(value)
    donor = donor[kept]
    kept_start = np.searchsorted(donor, np.arange(len(counts) + 1))
    return Rows(kept_start, donor, code[kept].astype(np.int32), value[kept])


def _per_donor(name: str, values: NDArray[np.float64] | None, donors: int) -> NDArray[np.float64]:
    """Return `values`, or 1 for every donor."""
    if values is None:
        return np.ones(donors)
    if values.shape != (donors,) or not np.isfinite(values).all():
        raise InvariantError(f"{name} has shape {values.shape} for {donors} donors, or is not finite")
    return values.astype(np.float64)


def _add_all_pairs(
    rows: Rows, reach: NDArray[np.float64], weight: NDArray[np.float64], match: NDArray[np.float64]
) -> None:
    """Add w_ij k_ij s_ip s_jp of each unordered pair to `match`, shape (projects,)."""
    several = np.diff(rows.start) > 1
    columns = _columns(rows, several, len(match))
    donor = rows.donor[columns.order]
    theirs = np.sqrt(rows.value)[columns.order], reach[donor], weight[donor]
    add_lone_pairs(columns.start, columns.alone, *theirs, np.empty(BLOCK), match)

    rank = np.cumsum(several) - 1
    shared = several[rows.donor]
    begin, end = columns.place[shared], columns.alone[rows.code[shared]]
    start = np.concatenate(([0], np.cumsum(np.diff(rows.start)[several])))
    sums = np.zeros(len(start) - 1)
    add_shared_pairs(start, rows.code[shared], begin, end, rank[donor].astype(np.uint32), *theirs, sums, match)


def _columns(rows: Rows, several: NDArray[np.bool_], projects: int) -> Columns:
    """Return the entries in the order (project, donors of a single project last, donor)."""
    alone = ~several[rows.donor]
    order = np.argsort(2 * rows.code.astype(np.int64) + alone, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    start = np.concatenate(([0], np.cumsum(np.bincount(rows.code, minlength=projects))))
    return Columns(start, start[1:] - np.bincount(rows.code[alone], minlength=projects), place, order)


@compiled
def add_shared_pairs(
    start: NDArray[np.int64],
    project: NDArray[np.int32],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    donor: NDArray[np.uint32],
    root: NDArray[np.float64],
    reach: NDArray[np.float64],
    weight: NDArray[np.float64],
    sums: NDArray[np.float64],
    match: NDArray[np.float64],
) -> None:
    """Add to `match` the pairs in which both gave to several projects, each once.

    `start` and `project` are the rows of these donors; `donor`, `root`, `reach` and `weight` all columns. The donors
    after row entry e in its project are begin[e] + 1 to end[e]. `sums`, shape (donors of several,), is 0 before and
    after: T_ij of one donor i at a time. Slices are taken because an index known not to be negative is cheaper.
    """
    for i in range(len(start) - 1):
        for e in range(start[i], start[i + 1]):
            mine, others, theirs = root[begin[e]], donor[begin[e] + 1 : end[e]], root[begin[e] + 1 : end[e]]
            for x in range(len(others)):
                sums[others[x]] += mine * theirs[x]
        for e in range(start[i], start[i + 1]):
            mine, far, heavy = root[begin[e]], reach[begin[e]], weight[begin[e]]
            others, theirs = donor[begin[e] + 1 : end[e]], root[begin[e] + 1 : end[e]]
            fars, heavies = reach[begin[e] + 1 : end[e]], weight[begin[e] + 1 : end[e]]
            total = 0.0
            for x in range(len(others)):
                bound = fars[x] if fars[x] > far else far
                lighter = heavies[x] if heavies[x] < heavy else heavy
                total += theirs[x] * lighter * (bound / (bound + sums[others[x]]))
            match[project[e]] += mine * total
        for e in range(start[i], start[i + 1]):
            others = donor[begin[e] + 1 : end[e]]
            for x in range(len(others)):
                sums[others[x]] = 0.0


@compiled
def add_lone_pairs(
    start: NDArray[np.int64],
    alone: NDArray[np.int64],
    root: NDArray[np.float64],
    reach: NDArray[np.float64],
    weight: NDArray[np.float64],
    part: NDArray[np.float64],
    match: NDArray[np.float64],
) -> None:
    """Add to `match` the pairs in which one or both gave to a single project, each once.

    A donor of a single project at x in its column is paired with all before it, a block of them at a time. Each of
    those has its own sum in `part`, so that the compiler may take several at once without changing any order.
    """
    for p in range(len(start) - 1):
        for low in range(start[p], start[p + 1], len(part)):
            part[:] = 0.0
            for x in range(max(alone[p], low + 1), start[p + 1]):
                mine, far, heavy = root[x], reach[x], weight[x]
                high = min(low + len(part), x)
                theirs, fars, heavies = root[low:high], reach[low:high], weight[low:high]
                for y in range(len(theirs)):
                    bound = fars[y] if fars[y] > far else far
                    lighter = heavies[y] if heavies[y] < heavy else heavy
                    product = mine * theirs[y]
                    part[y] += product * lighter * (bound / (bound + product))
            for y in range(len(part)):
                match[p] += part[y]
