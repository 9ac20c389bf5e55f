"""The naive twin of quadratic matching: what an auditor would write, with dicts, `math.isqrt` and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import isqrt

Donation = tuple[int, int, int]
"""Identity, project, amount in round units."""

Sums = tuple[list[int], list[int], list[int], list[int], list[int]]
"""S, E, Q, contributed and donors per project, in the order of `qf.kernels.tally.Tally`."""


def quadratic_sums(
    donations: Iterable[Donation],
    *,
    projects: int,
    root_bits: int,
    inner: Sequence[int] | None = None,
    outer: Sequence[int] | None = None,
) -> Sums:
    """Return the sums per project; a missing weight is 1.

    >>> quadratic_sums([(0, 0, 1), (0, 0, 3), (1, 0, 9)], projects=2, root_bits=0)
    ([5, 0], [13, 0], [13, 0], [13, 0], [2, 0])
    """
    given: defaultdict[tuple[int, int], int] = defaultdict(int)
    for identity, project, amount in donations:
        given[identity, project] += amount
    roots, direct, squares, contributed, donors = ([0] * projects for _ in range(5))
    for (identity, project), amount in given.items():
        on_root = outer[identity] if outer is not None else 1
        net = amount * (inner[identity] if inner is not None else 1)
        root = on_root * isqrt(net << 2 * root_bits)
        roots[project] += root
        direct[project] += net * on_root**2
        squares[project] += root**2
        contributed[project] += amount
        donors[project] += 1
    return roots, direct, squares, contributed, donors


def ideal_matches(sums: Sums, *, root_bits: int, scale: int = 1, subtract_direct: bool = True) -> list[Fraction]:
    """Return max(0, S**2 - 4**K E) / (scale * 4**K) per project: W for weights in the root, W**2 for weights on it.

    >>> ideal_matches(quadratic_sums([(0, 0, 4), (1, 0, 9)], projects=1, root_bits=0), root_bits=0)
    [Fraction(12, 1)]
    """
    unit = scale << 2 * root_bits
    direct = [(total << 2 * root_bits) * subtract_direct for total in sums[1]]
    return [Fraction(max(0, root**2 - taken), unit) for root, taken in zip(sums[0], direct, strict=True)]
