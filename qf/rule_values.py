"""How each value of a round file is read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from qf.canonical import fraction_text
from qf.columns import canonical_name
from qf.round import CapPolicy, MinimumScope, PoolPolicy, Rounding, WeightConvention
from qf.units import MAX_AMOUNT, MAX_DECIMALS, WEIGHT_ONE, parse_decimal


@dataclass(frozen=True, slots=True)
class Reader:
    """How a value is read, what to write there, and whether it must be given."""

    read: Callable[[Any], Any]
    meaning: str
    required: bool = False


LONGEST_NUMBER = 160
"""Characters of the longest number a rule can be: 78 digits before the point and 77 behind it."""

LAST_SECOND = 253_402_300_799
"""The last second of the year 9999, the last year of an RFC 3339 moment."""


def text(value: Any) -> str:
    """Return a text value, without control characters: it will be printed on other people's terminals."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return canonical_name(value) if value else ""


def name(value: Any) -> str:
    """Return a non-empty name in its canonical spelling."""
    return canonical_name(text(value))


def optional_name(value: Any) -> str:
    """Return a name, or nothing."""
    return canonical_name(text(value)) if value else ""


def decimal(value: Any) -> Fraction:
    """Return a number given as a decimal string or an integer.

    >>> decimal("0.25")
    Fraction(1, 4)
    """
    if isinstance(value, float):
        raise ValueError(f"{value!r} is a float; put the number in quotes")
    if (isinstance(value, str) and len(value) > LONGEST_NUMBER) or (isinstance(value, int) and value > MAX_AMOUNT):
        raise ValueError("is more than 2**256 - 1, or has too many digits")
    if isinstance(value, np.integer | Decimal):
        value = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | Fraction):
        raise ValueError(f"{value!r} is not a number")
    number = value if isinstance(value, Fraction) else parse_decimal(str(value))
    if "/" in fraction_text(number):
        raise ValueError(f"{number} has no finite decimal form, so it cannot be published")
    return number


def integer(value: Any) -> int:
    """Return a whole number that is not negative.

    >>> integer("12")
    12
    """
    number = decimal(value)
    if number.denominator != 1:
        raise ValueError(f"{value!r} is not a whole number")
    if number > MAX_AMOUNT:
        raise ValueError("is more than 2**256 - 1")
    return int(number.numerator)


def decimals(value: Any) -> int:
    """Return a number of decimal places."""
    places = integer(value)
    if places > MAX_DECIMALS:
        raise ValueError(f"{places} is more than {MAX_DECIMALS} decimal places")
    return places


def fraction_of_pool(value: Any) -> Fraction:
    """Return a cap in (0, 1]."""
    fraction = decimal(value)
    if not 0 < fraction <= 1:
        raise ValueError(f"{value} is not above 0 and at most 1")
    return fraction


def positive_integer(value: Any) -> int:
    """Return a whole number above 0."""
    number = integer(value)
    if number == 0:
        raise ValueError("is 0")
    return number


def bps(value: Any) -> int:
    """Return a weight in bps, given as a decimal of at most four places."""
    scaled = decimal(value) * WEIGHT_ONE
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than four decimal places")
    return int(scaled)


def moment(value: Any) -> int:
    """Return seconds since 1970 of an RFC 3339 moment.

    >>> moment("2025-04-01T00:00:00+09:00")
    1743433200
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= LAST_SECOND:
            raise ValueError(f"{value} is not between 1970 and the year 9999; is it in milliseconds?")
        return value
    try:
        when = value if isinstance(value, datetime) else datetime.fromisoformat(text(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a moment like 2025-04-01T00:00:00+09:00") from None
    if when.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    if when.microsecond:
        raise ValueError(f"{value!r} is not on a whole second")
    return int(when.timestamp())


def moment_text(seconds: int) -> str:
    """Return the RFC 3339 form, in UTC.

    >>> moment_text(1743433200)
    '2025-03-31T15:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def curve(value: Any) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return the points of a weight curve: [[score, weight], ...] with rising scores."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is not a list of [score, weight]")
    points = []
    for point in value:
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise ValueError(f"{point!r} is not [score, weight]")
        points.append((decimal(point[0]), decimal(point[1])))
    if any(high[0] <= low[0] for low, high in pairwise(points)):
        raise ValueError("scores do not rise")
    return tuple(points)


def flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def names(value: Any) -> tuple[str, ...]:
    """Return a list of names."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is not a list")
    return tuple(name(item) for item in value)


def one_of(kind: type[StrEnum]) -> Callable[[Any], StrEnum]:
    """Return a reader of the values of `kind`."""

    def read(value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"{value!r} is not one of {', '.join(kind)}") from None

    return read


READERS: Mapping[str, Mapping[str, Reader]] = {
    "round": {
        "id": Reader(name, "give the round a plain id", required=True),
        "title": Reader(text, "a title for people"),
        "unit": Reader(optional_name, "what amounts are written in, such as JPY"),
        "unit_decimals": Reader(decimals, "how many decimal places amounts may have"),
        "opens": Reader(moment, "an RFC 3339 moment with its time zone"),
        "closes": Reader(moment, "an RFC 3339 moment with its time zone"),
        "reconciled": Reader(flag, "true or false"),
    },
    "pool": {
        "amount": Reader(integer, "base units of the payout token, a whole number", required=True),
        "token": Reader(optional_name, "symbol or address of the payout token"),
        "decimals": Reader(decimals, "decimal places of the payout token"),
        "policy": Reader(one_of(PoolPolicy), "how ideal matches become shares of the pool"),
        "cap": Reader(one_of(CapPolicy), "what happens above the cap"),
        "match_cap_fraction": Reader(fraction_of_pool, "a fraction of the pool; 1 means no cap"),
        "match_cap_amount": Reader(positive_integer, "base units"),
        "rounding": Reader(one_of(Rounding), "how amounts become base units"),
        "min_payout": Reader(integer, "base units"),
    },
    "eligibility": {
        "min_donation": Reader(decimal, "whole units of the round"),
        "min_donation_scope": Reader(one_of(MinimumScope), "what the minimum is compared with"),
        "allow_self_donation": Reader(flag, "true or false"),
        "excluded_donors": Reader(names, "a list of accounts"),
    },
    "weights": {
        "convention": Reader(one_of(WeightConvention), "where the weight enters the formula"),
        "curve": Reader(curve, "[[score, weight], ...] with rising scores"),
        "default": Reader(bps, "a weight such as 1 or 0.5"),
        "max_weight": Reader(bps, "a weight such as 1"),
    },
}
"""Section -> key -> how it is read. The keys are the attributes of the dataclasses in `qf.round`."""


def _bps_text(weight: int) -> str:
    return fraction_text(Fraction(weight, WEIGHT_ONE))


WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "opens": moment_text,
    "closes": moment_text,
    "match_cap_fraction": fraction_text,
    "reconciled": bool,
    "allow_self_donation": bool,
    "excluded_donors": list,
    "curve": lambda points: [[fraction_text(score), fraction_text(weight)] for score, weight in points],
    "default": _bps_text,
    "max_weight": _bps_text,
}
"""Key -> how it is written where `str` does not do."""
