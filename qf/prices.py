"""Stage 5: what a donation is worth in the unit of the round, exactly.

A price never rounds a single donation: values are kept as integers of a unit fine enough for every price of the
round, and only the sum of an identity's gifts to a project is cut to whole round units. So splitting a gift over
transactions cannot change what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from qf.columns import canonical_name
from qf.errors import InputError, MissingPriceError, Problem
from qf.kernels.aggregate import INT64_LIMIT
from qf.ledger import DonationLedger, Integers, integers
from qf.plain import exact
from qf.units import MAX_DECIMALS


@dataclass(frozen=True, slots=True)
class Price:
    """What one whole token is worth in whole round units, and how many decimal places the token has."""

    value: Fraction
    decimals: int


@dataclass(frozen=True, slots=True)
class Values:
    """What rows are worth: amount[row] / per_unit round units, exactly. `amount` has shape (rows,)."""

    amount: Integers
    per_unit: int

    def whole(self) -> Integers:
        """Return what is worth at least that many whole round units: cut, shape (rows,).

        >>> Values(np.array([9, 10]), 10**30).whole().tolist()
        [0, 0]
        """
        if self.per_unit == 1:
            return self.amount
        return integers([amount // self.per_unit for amount in self.amount.tolist()])


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """The prices a round is settled with: token -> `Price`."""

    prices: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def of(cls, prices: Any) -> PriceSnapshot:
        """Return the snapshot of {token: (price, decimals)}; the price of a whole token in whole round units.

        >>> PriceSnapshot.of({"ETH": ("2000.5", 18)}).prices["ETH"]
        Price(value=Fraction(4001, 2), decimals=18)

        Raises:
            InputError: naming every malformed price.
        """
        if isinstance(prices, PriceSnapshot):
            return prices
        if not isinstance(prices, Mapping | None):
            raise InputError.at("prices", "are not a mapping", "give {token: (price, decimals)}")
        problems: list[Problem] = []
        read: dict[str, Price] = {}
        for token, given in (prices or {}).items():
            try:
                price = read.setdefault(canonical_name(token), _price(given))
                if price != _price(given):
                    raise ValueError("has another price too, in another spelling")
            except (ValueError, TypeError) as error:
                problems.append(Problem(f"price of {token}", str(error), "give (price, decimals)"))
        if problems:
            raise InputError(problems)
        return cls(read)

    @property
    def decimals(self) -> dict[str, int]:
        """Decimal places of each token."""
        return {token: price.decimals for token, price in self.prices.items()}

    def values(self, ledger: DonationLedger, unit_decimals: int) -> Values:
        """Return what each row of `ledger` is worth.

        value[row] = amount[row] * price * 10**unit_decimals / 10**decimals, in round units.

        Raises:
            MissingPriceError: naming every token that occurs without a price.
        """
        if ledger.token is None:
            return Values(ledger.amount, 1)
        used = np.unique(ledger.token.codes).tolist()
        factors = {code: self._factor(ledger.token.names[code], unit_decimals) for code in used}
        missing = [ledger.token.names[code] for code, factor in factors.items() if factor is None]
        if missing:
            raise MissingPriceError(missing)
        return _fine_values(ledger, {code: factor for code, factor in factors.items() if factor is not None})

    def _factor(self, token: str, unit_decimals: int) -> Fraction | None:
        if not token:
            return Fraction(1)
        price = self.prices.get(token)
        return None if price is None else price.value * Fraction(10**unit_decimals, 10**price.decimals)


def _price(given: Any) -> Price:
    if isinstance(given, Price):
        return given
    value, decimals = given
    price = Price(exact(value), int(decimals))
    if price.value == 0:
        raise ValueError("is zero")
    if not 0 <= price.decimals <= MAX_DECIMALS:
        raise ValueError(f"{price.decimals} decimals are not between 0 and {MAX_DECIMALS}")
    return price


def _fine_values(ledger: DonationLedger, factors: dict[int, Fraction]) -> Values:
    assert ledger.token is not None
    per_unit = lcm(1, *(factor.denominator for factor in factors.values()))
    scale = {code: int(factor * per_unit) for code, factor in factors.items()}
    multiplier = [scale.get(code, 0) for code in range(len(ledger.token.names))]
    largest = max(map(int, ledger.amount), default=0) if ledger.amount.dtype == object else _largest(ledger.amount)
    narrow = largest * max(multiplier, default=0) < INT64_LIMIT
    kind = np.int64 if narrow else object
    return Values(ledger.amount.astype(kind) * np.array([*multiplier, 0], dtype=kind)[ledger.token.codes], per_unit)


def _largest(amount: Integers) -> int:
    return int(amount.max(initial=0))
