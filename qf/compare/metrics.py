"""How unequal a division is. Exact fractions of non-negative numbers; of nothing at all, every measure is 0."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def gini(values: Sequence[int]) -> Fraction:
    """Return the Gini coefficient, from 0 (all equal) to 1 - 1 / m (one has all).

        G = sum over i of (2 i - m - 1) x[i] / (m sum x)      x ascending, i from 1 to m

    >>> gini([5, 5]), gini([0, 0, 0, 8]), gini([])
    (Fraction(0, 1), Fraction(3, 4), Fraction(0, 1))
    """
    total, many = sum(values), len(values)
    if total == 0:
        return Fraction(0)
    ranked = sum((2 * place - many - 1) * value for place, value in enumerate(sorted(values), start=1))
    return Fraction(ranked, many * total)


def top_share(values: Sequence[int]) -> Fraction:
    """Return the part of the sum that the largest has.

    >>> top_share([1, 3])
    Fraction(3, 4)
    """
    total = sum(values)
    return Fraction(max(values), total) if total else Fraction(0)


def hhi(values: Sequence[int]) -> Fraction:
    """Return the Herfindahl-Hirschman index, the sum of the squared shares: 1 / m (all equal) to 1 (one has all).

    Its inverse is how many equal projects would be as concentrated.

    >>> hhi([1, 1, 1, 1]), hhi([7])
    (Fraction(1, 4), Fraction(1, 1))
    """
    total = sum(values)
    return Fraction(sum(value * value for value in values), total * total) if total else Fraction(0)
