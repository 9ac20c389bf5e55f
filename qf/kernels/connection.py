"""Connection-oriented cluster match: two donors add to a project as far as their groups are far apart.

    A = donors x groups, by default the donations themselves (groups = projects)
    N = A with rows that sum to 1, U = A^T with rows that sum to 1
    k_ig = how close donor i is to group g, 1 for its members
    K_ih = k_ih f(c_ip) + (1 - k_ih) c_ip,   f(c) = 0 (harsh) or sqrt(c) (soft)
    B = K^T N over the donors of p,   m_p = sum over g != h of  sqrt(B_gh B_hg)

No array is donors x groups (`pct_friends`: distinct memberships x groups). Of project p only its donors and the groups
they touch matter: N is 0 elsewhere, and with it B_gh or B_hg. Harsh, a group of all donors of p drops out as well,
since nobody is left to be far from it; by default p itself does. So donors of one project add nothing, nor do donors of
all. The rest of B is built in blocks of `WIDTH` columns, which stay in cache. Closeness is computed anew for each
project of a donor, which costs as much again as B. Time sum_i d_i**2 * groups, memory 2 groups**2 floats.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels.compiled import compiled
from qf.kernels.pairwise import Rows, positive_rows

WIDTH = 128
"""How many columns of B are built at a time: with 1,000 rows 1 MB, about a second-level cache. Measured."""

CHUNK = 256
"""For how many donors at a time the closeness to `WIDTH` groups is computed: 256 KB. Measured."""

GroupRows = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]
"""start, group and weight: memberships in compressed rows, over the same donors as the donations."""


Closeness = tuple[NDArray[np.float64], NDArray[np.int64] | None]
"""A table, and which line of it is each donor's, shape (donors,), to look up k_ig of who is not a member.

markov: U N, shape (groups, groups), and None: k = N (U N), a walk from the donor's own groups.
pct_friends: k, shape (distinct sets of groups, groups), and the donor's set.
"""


def connection_match(
    start: NDArray[np.int64],
    project: NDArray[np.int32],
    amount: NDArray[np.float64],
    *,
    projects: int,
    style: Literal["markov", "pct_friends"] = "markov",
    harsh: bool = True,
    groups: GroupRows | None = None,
    groups_count: int | None = None,
) -> NDArray[np.float64]:
    """Return m_p = sum over groups g != h of sqrt(B_gh B_hg), with B and K as at the top of this module.

        markov       k = max(N U N, 1[A > 0])
        pct_friends  k_ig = share of i's friends in g, 1 for members; friends share a group with i, i is one of them

    Harsh is homogeneous: with all amounts x times as large, all matches are. Disjoint donors then match nothing.

    >>> start, project = np.array([0, 2, 4]), np.array([0, 1, 1, 2], dtype=np.int32)
    >>> connection_match(start, project, np.array([1.0, 1.0, 1.0, 1.0]), projects=3).tolist()
    [0.0, 0.875, 0.0]

    Args:
        start: shape (donors + 1,), where the entries of each donor begin; the last is the number of entries.
        project: shape (entries,), codes in 0..projects - 1, ascending for each donor.
        amount: shape (entries,), whole round units, finite, not negative. Who gave nothing is ignored throughout.
        projects: how many projects there are, with or without donors.
        style: how closeness is measured.
        harsh: whether the gift of a member counts 0 towards its own groups, or its root.
        groups: A, weights of any unit; without it the donations. Who is in no group is ignored throughout.
        groups_count: how many groups there are; goes with `groups`.

    Returns:
        Shape (projects,), whole round units.

    Raises:
        InvariantError: entries that are not as described, or an unknown style.
    """
    if style not in ("markov", "pct_friends") or (groups is None) != (groups_count is None):
        raise InvariantError(f"no style {style!r}, or only one of groups and groups_count")
    gifts = positive_rows(start, project, amount, codes=projects)
    weights = gifts if groups is None else _weights_of_donors(gifts, groups, groups_count or 0)
    shares = weights._replace(value=_shares(weights.value, weights.donor))
    count = projects if groups_count is None else groups_count
    closeness = _markov(weights, shares, count) if style == "markov" else _friends(weights, count)
    order = np.argsort(gifts.code, kind="stable")
    edges = np.searchsorted(gifts.code[order], np.arange(projects + 1)).tolist()
    columns = [order[begin:end] for begin, end in pairwise(edges)]
    return np.array([_match(gifts.donor[at], gifts.value[at], harsh, shares, closeness) for at in columns], dtype=float)


def _weights_of_donors(gifts: Rows, groups: GroupRows, count: int) -> Rows:
    """Return A, checked, without the rows of those who gave nothing."""
    start, group, weight = groups
    if len(start) != len(gifts.start):
        raise InvariantError(f"groups of {len(start) - 1} donors, donations of {len(gifts.start) - 1}")
    rows = positive_rows(start, group, weight, codes=count)
    gave = np.diff(gifts.start)[rows.donor] > 0
    donor = rows.donor[gave]
    return Rows(np.searchsorted(donor, np.arange(len(start))), donor, rows.code[gave], rows.value[gave])


def _shares(values: NDArray[np.float64], owner: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return each value as a share of all values of its owner. `bincount` adds them up one by one, in order."""
    shares: NDArray[np.float64] = values / np.bincount(owner, weights=values)[owner]
    return shares


def _markov(weights: Rows, shares: Rows, count: int) -> Closeness:
    """Return U N, from a group to a random member of it and on to a random group of the member."""
    table = np.zeros((count, count))
    add_walks(shares, _shares(weights.value, weights.code), table)
    return table, None


def _friends(weights: Rows, count: int) -> Closeness:
    """Return the share of friends in each group, with a line for each distinct set of groups of a donor."""
    known: dict[bytes, int] = {}
    sets = [known.setdefault(weights.code[a:b].tobytes(), len(known)) for a, b in pairwise(weights.start.tolist())]
    line = np.array(sets, dtype=np.int64)
    code = np.frombuffer(b"".join(known), dtype=np.uint32)
    start = np.cumsum([0, *(len(key) // code.itemsize for key in known)])
    order = np.argsort(code, kind="stable")
    member = np.repeat(np.arange(len(known), dtype=np.uint32), np.diff(start))[order]
    begin = np.searchsorted(code[order], np.arange(count + 1))
    table = np.zeros((len(known), count))
    count_friends(start, code, begin, member, np.bincount(line).astype(np.float64), table)
    return table, line


def _match(who: NDArray[Any], given: NDArray[Any], harsh: bool, shares: Rows, closeness: Closeness) -> float:
    """Return m_p of the project to which the donors `who` gave `given`, both of shape (donors of p,)."""
    table, line = closeness
    to_own = np.zeros(len(who)) if harsh else np.sqrt(given)
    touched, place, kept = select_groups(who, shares, harsh, table.shape[1])
    lines = touched if line is None else line[who]
    blocks = np.zeros((-(-kept // WIDTH), kept, WIDTH))
    for block, sums in enumerate(blocks):
        columns = touched[block * WIDTH : min((block + 1) * WIDTH, kept)]
        near = copy_block(table, lines, columns, WIDTH)
        for low in range(0, len(who), CHUNK):
            some = slice(low, low + CHUNK)
            close = walk(who[some], shares, place, near) if line is None else near[some]
            add_connections(who[some], given[some], to_own[some], shares, place, block * WIDTH, close, sums)
    return float(sum_pairs(blocks))


@compiled
def add_walks(shares: Rows, back: NDArray[np.float64], table: NDArray[np.float64]) -> None:
    """Add U N to `table`, shape (groups, groups); back[e] is U of the donor and the group of entry e."""
    start, group, share = shares.start, shares.code, shares.value
    for i in range(len(start) - 1):
        groups, onward = group[start[i] : start[i + 1]], share[start[i] : start[i + 1]]
        for e in range(start[i], start[i + 1]):
            line = table[group[e]]
            for x in range(len(groups)):
                line[groups[x]] += back[e] * onward[x]


@compiled
def count_friends(
    start: NDArray[np.int64],
    group: NDArray[np.uint32],
    begin: NDArray[np.int64],
    member: NDArray[np.uint32],
    size: NDArray[np.float64],
    table: NDArray[np.float64],
) -> None:
    """Write the share of friends in each group to the line of `table` of each distinct set of groups.

    `start` and `group` are the sets as compressed rows, size[a] donors have set a, and member[begin[g]:begin[g + 1]]
    are the sets with group g. Sums of whole numbers do not depend on their order.
    """
    seen, found = np.full(len(size), -1), np.empty(len(size) + 1, dtype=np.uint32)
    for a in range(len(size)):
        line, friends, total = table[a], 0.0, 0
        for e in range(start[a], start[a + 1]):
            for other in member[begin[group[e]] : begin[group[e] + 1]]:
                found[total] = other
                total += seen[other] != a
                seen[other] = a
        for other in found[:total]:
            friends += size[other]
            for e in range(start[other], start[other + 1]):
                line[group[e]] += size[other]
        for g in range(len(line)):
            line[g] /= max(friends, 1.0)


@compiled
def select_groups(
    who: NDArray[np.int64], shares: Rows, harsh: bool, groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the groups the donors `who` touch, where each group stands among them, and how many can matter.

    Those come first. Harsh, a group of all donors does not matter: B_hg = 0 for every g if nobody is outside h.
    """
    start, group = shares.start, shares.code
    count, place = np.zeros(groups, dtype=np.int64), np.zeros(groups, dtype=np.int64)
    touched = np.empty(groups, dtype=np.int64)
    total = 0
    for i in who:
        for g in group[start[i] : start[i + 1]]:
            if count[g] == 0:
                touched[total] = g
                total += 1
            count[g] += 1
    kept = 0
    for x in range(total):
        g = touched[x]
        if not harsh or count[g] < len(who):
            touched[x] = touched[kept]
            touched[kept] = g
            kept += 1
    for x in range(total):
        place[touched[x]] = x
    return touched[:total], place, kept


@compiled
def copy_block(table: NDArray[Any], lines: NDArray[Any], columns: NDArray[Any], width: int) -> NDArray[np.float64]:
    """Return some lines and columns of `table`, shape (lines, width), with 0 in columns to spare."""
    block = np.zeros((len(lines), width))
    for x in range(len(lines)):
        line = table[lines[x]]
        for t in range(len(columns)):
            block[x, t] = line[columns[t]]
    return block


@compiled
def walk(who: NDArray[Any], shares: Rows, place: NDArray[Any], near: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return N (U N) of the donors `who` and the groups of a block; `near` is U N of all groups they touch."""
    start, group, share = shares.start, shares.code, shares.value
    close = np.zeros((len(who), near.shape[1]))
    for x in range(len(who)):
        line = close[x]
        for e in range(start[who[x]], start[who[x] + 1]):
            onward, here = near[place[group[e]]], share[e]
            for t in range(len(line)):
                line[t] += here * onward[t]
    return close


@compiled
def add_connections(
    who: NDArray[np.int64],
    given: NDArray[np.float64],
    to_own: NDArray[np.float64],
    shares: Rows,
    place: NDArray[np.int64],
    first: int,
    close: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add to `sums` the B_hg of a block of groups h, those from `first` on, and all kept groups g: sums[g, h - first].

    `close` is k_ih of the donors `who`, and becomes K_ih: to_own[i] if k = 1, given[i] if k = 0.
    """
    start, group, share = shares.start, shares.code, shares.value
    for x in range(len(who)):
        line = close[x]
        for e in range(start[who[x]], start[who[x] + 1]):
            t = place[group[e]] - first
            if 0 <= t < len(line):
                line[t] = 1.0
        for t in range(len(line)):
            k = line[t] if line[t] < 1.0 else 1.0
            line[t] = k * to_own[x] + (1.0 - k) * given[x]
        for e in range(start[who[x]], start[who[x] + 1]):
            g = place[group[e]]
            if g < len(sums):
                here, total = share[e], sums[g]
                for t in range(len(line)):
                    total[t] += here * line[t]


@compiled
def sum_pairs(blocks: NDArray[np.float64]) -> float:
    """Return the sum of sqrt(B_gh B_hg) over g != h, where blocks[a, g, t] is B_hg of h = a * WIDTH + t.

    Each t has its own sum, so that the compiler may take several roots at once and change no order.
    """
    _, kept, width = blocks.shape
    part = np.zeros(width)
    for g in range(kept):
        for a in range(g // width + 1):
            there = blocks[a, g]
            back = blocks[g // width, a * width : min((a + 1) * width, g), g % width]
            for t in range(len(back)):
                part[t] += np.sqrt(there[t] * back[t])
    total = 0.0
    for t in range(width):
        total += part[t]
    return 2.0 * total
