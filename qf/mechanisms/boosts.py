"""Boosts: how evidence about a donor (token balances, badges) multiplies what the donor gave. Read by `tunable`.

    f(x): threshold   1
          linear      (x - t + 1) / (top - t + 1)
          log_linear  (ln(x + 1) - ln(t + 1) + 1) / (ln(top + 1) - ln(t + 1) + 1)
          normal      (x - mean) / deviation, cut to 0..1
          logistic    1 / (1 + exp(-steepness (x - midpoint)))
    b = 1 + (max - 1) f(x) if x >= threshold, else 0         top = the largest x of all who are listed
    total = factor * (max b | sum b | product of max(b, 1))  the product is 0 if every b is 0
    boost = 1 + total, rounded to 12 decimal places

Logarithms and exponentials are correctly rounded decimals of 50 digits, the rest is exact: the same everywhere.

Source: CommonsBuild/tqf 8c1ee13 (TEGR1, TEGR3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import prod
from typing import Any

from qf.units import parse_decimal

BOOST_PLACES = 12
"""Decimal places of a boost that are kept; from there on it is exact."""

DIGITS = 50
"""Significant digits logarithms and exponentials are computed with."""

READS: Mapping[str, tuple[str, ...]] = {
    "threshold": (),
    "linear": (),
    "log_linear": (),
    "normal": ("mean", "deviation"),
    "logistic": ("midpoint", "steepness"),
}
"""The kinds of f, and what each has to be told besides `max` and `threshold`."""

ABOVE_ZERO = ("deviation", "steepness")
"""Numbers that must not be 0."""


@dataclass(frozen=True, slots=True)
class Boost:
    """One kind of evidence and what it is worth.

    Attributes:
        attribute: the attribute of donors it reads, as a decimal.
        kind: which f.
        numbers: max, threshold and what the kind reads.
    """

    attribute: str
    kind: str
    numbers: Mapping[str, Fraction]

    def values(self, evidence: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """Return b of everybody listed with at least the threshold.

        >>> [boost] = read_boosts("badges:linear:max=8:threshold=1")
        >>> boost.values({"ann": Fraction(5), "bob": Fraction(0)})
        {'ann': Fraction(8, 1)}
        """
        f = self._function(max(evidence.values(), default=Fraction(0)))
        extra = self.numbers["max"] - 1
        reached = {name: x for name, x in evidence.items() if x >= self.numbers["threshold"]}
        worth = {x: 1 + extra * f(x) for x in set(reached.values())}
        return {name: worth[x] for name, x in reached.items()}

    def _function(self, top: Fraction) -> Callable[[Fraction], Fraction]:
        numbers = self.numbers
        threshold = numbers["threshold"]
        match self.kind:
            case "linear":
                return lambda x: (x - threshold + 1) / (top - threshold + 1)
            case "log_linear":
                low, high = _ln(threshold + 1), _ln(max(top, threshold) + 1)
                return lambda x: (_ln(x + 1) - low + 1) / (high - low + 1)
            case "normal":
                return lambda x: min(max((x - numbers["mean"]) / numbers["deviation"], Fraction(0)), Fraction(1))
            case "logistic":
                return lambda x: 1 / (1 + _exp(numbers["steepness"] * (numbers["midpoint"] - x)))
            case _:
                return lambda x: Fraction(1)


def read_boosts(text: str) -> tuple[Boost, ...]:
    """Read boosts from "attribute:kind:name=number:..., ...". "" is none.

    >>> [boost.attribute for boost in read_boosts("tec:log_linear:max=8:threshold=10,tea:threshold:threshold=1")]
    ['tec', 'tea']

    Raises:
        ValueError: saying what is wrong with the first that is malformed.
    """
    return tuple(_read_boost(part.strip()) for part in text.split(",")) if text.strip() else ()


def combined(values: Sequence[Fraction], rule: str) -> Fraction:
    """Return the values b of one donor combined by `rule`: max, sum or product. Without any it is 0.

    >>> combined([Fraction(0), Fraction(3)], "product"), combined([], "product")
    (Fraction(3, 1), Fraction(0, 1))
    """
    if rule == "sum":
        return sum(values, Fraction(0))
    if rule == "max" or not any(value >= 1 for value in values):
        return max(values, default=Fraction(0))
    return prod((max(value, Fraction(1)) for value in values), start=Fraction(1))


def _read_boost(text: str) -> Boost:
    attribute, _, rest = text.partition(":")
    kind, *settings = rest.split(":")
    if not attribute or kind not in READS:
        raise ValueError(f"{text!r} is not attribute:kind:... with a kind of {', '.join(READS)}")
    given = dict(setting.partition("=")[::2] for setting in settings)
    wanted = {"max": "1", "threshold": "0"}
    unknown = [name for name in given if name not in wanted and name not in READS[kind]]
    missing = [name for name in READS[kind] if name not in given]
    if unknown or missing or len(given) < len(settings):
        raise ValueError(f"{text!r}: {kind} reads {', '.join([*wanted, *READS[kind]])}, each once")
    numbers = {name: parse_decimal(value) for name, value in {**wanted, **given}.items()}
    if numbers["max"] < 1 or any(numbers.get(name) == 0 for name in ABOVE_ZERO):
        raise ValueError(f"{text!r}: max is at least 1, {' and '.join(ABOVE_ZERO)} are above 0")
    return Boost(attribute, kind, numbers)


def _context() -> Context:
    """A context of our own: the ambient one could change the result. Nothing traps; an overflow is infinite."""
    return Context(DIGITS, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX, traps=[])


def _decimal(value: Fraction, context: Context) -> Any:
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def _ln(value: Fraction) -> Fraction:
    """Return the natural logarithm of `value` > 0 to 50 digits."""
    context = _context()
    return Fraction(context.ln(_decimal(value, context)))


def _exp(value: Fraction) -> Fraction:
    """Return e**value to 50 digits, for values whose power is beyond all use cut to +-1000.

    >>> _exp(Fraction(0))
    Fraction(1, 1)
    """
    context = _context()
    return Fraction(context.exp(_decimal(min(max(value, Fraction(-1000)), Fraction(1000)), context)))
