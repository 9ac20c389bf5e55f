"""Stage 10: exact amounts become whole base units that add up."""

from __future__ import annotations

from collections.abc import Sequence

from qf.errors import InvariantError
from qf.round import Rounding
from qf.units import Amounts


def to_base_units(amounts: Amounts, rounding: Rounding, project_ids: Sequence[str]) -> tuple[int, ...]:
    """Return `amounts` as whole base units, in the order of the projects.

    `floor`: floor(x) each. `largest_remainder`: the same, then one unit more for as many projects as units are
    missing from floor(sum of x), the largest remainders x - floor(x) first, equal ones by project id in code-point
    order. Every payout is then within one unit of x.

    No project is lifted above a cap that is a whole number: one that sits on it has remainder 0, and fewer units are
    missing than there are projects with a remainder above 0, as each remainder is below 1; so a unit only ever turns
    floor(x) into ceil(x) <= cap.

    Args:
        amounts: base units, one per project.
        rounding: which of the two.
        project_ids: the same projects in the same order, each id once.

    Raises:
        ValueError: there are not as many ids as amounts.
        InvariantError: the payouts do not add up.

    >>> to_base_units(Amounts((1, 1, 1), 3), Rounding.LARGEST_REMAINDER, ["b", "a", "c"])
    (0, 1, 0)
    >>> to_base_units(Amounts((1, 1, 1), 3), Rounding.FLOOR, ["b", "a", "c"])
    (0, 0, 0)

    Source: Hamilton's method of apportionment.
    """
    if len(project_ids) != len(amounts):
        raise ValueError(f"{len(project_ids)} project ids for {len(amounts)} amounts")
    payouts = [numerator // amounts.denominator for numerator in amounts.numerators]
    if rounding is Rounding.LARGEST_REMAINDER:
        missing = sum(amounts.numerators) // amounts.denominator - sum(payouts)
        for p in _by_remainder(amounts, project_ids)[:missing]:
            payouts[p] += 1
    _check(payouts, amounts, rounding)
    return tuple(payouts)


def below_minimum(payouts: Sequence[int], min_payout: int) -> tuple[int, ...]:
    """Return the indexes of the projects whose payout is above 0 but below `min_payout` base units, ascending.

    >>> below_minimum([0, 4, 5, 6], 5)
    (1,)
    """
    return tuple(p for p, payout in enumerate(payouts) if 0 < payout < min_payout)


def _by_remainder(amounts: Amounts, project_ids: Sequence[str]) -> list[int]:
    """Return all project indexes, largest remainder first, equal ones by id."""
    remainders = [numerator % amounts.denominator for numerator in amounts.numerators]
    return sorted(range(len(remainders)), key=lambda p: (-remainders[p], project_ids[p]))


def _check(payouts: Sequence[int], amounts: Amounts, rounding: Rounding) -> None:
    """Raise unless every payout is floor(x) or ceil(x), and the sum is floor(sum of x) or, by `floor`, not above."""
    denominator = amounts.denominator
    pairs = zip(payouts, amounts.numerators, strict=True)
    if any(abs(payout * denominator - numerator) >= denominator for payout, numerator in pairs):
        raise InvariantError("a payout is a whole base unit or more away from its exact amount")
    paid, exact = sum(payouts), sum(amounts.numerators) // denominator
    if paid > exact or (rounding is Rounding.LARGEST_REMAINDER and paid != exact):
        raise InvariantError(f"payouts add up to {paid} base units instead of {exact}")
