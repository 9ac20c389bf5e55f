"""The kinds of number a round is made of, and how text becomes one of them exactly.

No float ever enters here: an amount is an int of a named unit, a ratio is a `Fraction`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NewType

BaseUnits = NewType("BaseUnits", int)
"""The integer unit of a token: wei for ETH, 1 for a token without decimals."""

RoundUnits = NewType("RoundUnits", int)
"""The integer unit of account of a round: 1 / 10**unit_decimals of what its amounts are written in."""

Bps = NewType("Bps", int)
"""Ten-thousandths: a weight of 10,000 counts in full."""

WEIGHT_ONE = 10_000
"""The weight of an identity that counts in full, in `Bps`. W in the formulas."""

MAX_DECIMALS = 77
"""The most decimal places a unit may have: 10**77 is the largest power of ten a uint256 holds."""

MAX_AMOUNT = 2**256 - 1
"""The largest amount there can be, in the smallest unit: what a uint256 holds."""

_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", re.ASCII)


def parse_decimal(text: str) -> Fraction:
    """Return the non-negative decimal `text` as an exact fraction.

    >>> parse_decimal("0.50"), parse_decimal("12"), parse_decimal("1e3")
    (Fraction(1, 2), Fraction(12, 1), Fraction(1000, 1))

    Raises:
        ValueError: not a plain ASCII decimal (no sign, no grouping, no nan or inf, no full-width digits).
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a plain decimal number")
    return Fraction(Decimal(text))


def to_units(value: Fraction, decimals: int) -> int:
    """Return `value` whole units as an integer number of 1 / 10**decimals units.

    >>> to_units(Fraction("12.34"), 2)
    1234

    Raises:
        ValueError: `value` has more decimal places than the unit, or is more than a uint256 holds.
    """
    scaled = value * 10**decimals
    if scaled > MAX_AMOUNT:
        raise ValueError("is more than 2**256 - 1 of the smallest unit")
    if scaled.denominator != 1:
        raise ValueError(f"{format_decimal(value, MAX_DECIMALS)} has more than {decimals} decimal places")
    return int(scaled.numerator)


def format_decimal(value: Fraction, places: int) -> str:
    """Return `value` as a decimal string, cut (never rounded up) after `places` places, without trailing zeros.

    >>> format_decimal(Fraction(2, 3), 4), format_decimal(Fraction(5), 2), format_decimal(Fraction(-1, 8), 2)
    ('0.6666', '5', '-0.12')
    """
    scaled = abs(value.numerator) * 10**places // value.denominator
    whole, part = divmod(scaled, 10**places)
    digits = f"{part:0{places}d}".rstrip("0") if places else ""
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


@dataclass(frozen=True, slots=True)
class Amounts:
    """One exact non-negative rational per project, over a common denominator.

    amount[p] = numerators[p] / denominator, in the unit the name of the variable says.

    >>> Amounts((1, 2), 3).fractions()
    (Fraction(1, 3), Fraction(2, 3))
    """

    numerators: tuple[int, ...]
    denominator: int = 1

    def __post_init__(self) -> None:
        if self.denominator <= 0 or any(numerator < 0 for numerator in self.numerators):
            raise ValueError("amounts must be non-negative, over a positive denominator")

    @classmethod
    def of(cls, values: Sequence[Fraction | int]) -> Amounts:
        """Return `values` over their least common denominator.

        >>> Amounts.of([Fraction(1, 2), Fraction(1, 3)])
        Amounts(numerators=(3, 2), denominator=6)
        """
        from math import lcm

        denominator = lcm(1, *(value.denominator for value in values))
        return cls(tuple(value.numerator * (denominator // value.denominator) for value in values), denominator)

    @property
    def total(self) -> Fraction:
        """The sum of all amounts."""
        return Fraction(sum(self.numerators), self.denominator)

    def times(self, factor: Fraction) -> Amounts:
        """Return every amount multiplied by `factor` (>= 0)."""
        numerators = tuple(numerator * factor.numerator for numerator in self.numerators)
        return Amounts(numerators, self.denominator * factor.denominator)

    def fractions(self) -> tuple[Fraction, ...]:
        """Return the amounts as fractions."""
        return tuple(Fraction(numerator, self.denominator) for numerator in self.numerators)

    def __len__(self) -> int:
        return len(self.numerators)
