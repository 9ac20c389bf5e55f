"""What a mechanism is: a formula from contributions to ideal matches, and the facts it declares about itself.

To add one: one file here with a `MECHANISM`, one line in `qf.mechanisms.REGISTRY`, a naive twin, a golden case and a
docs page. The tests pick it up from the registry and name what is missing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions
from qf.errors import InputError, Problem, RoundError
from qf.kernels.aggregate import Entries
from qf.kernels.tally import Tally, tally
from qf.round import WeightConvention
from qf.units import WEIGHT_ONE, Amounts

FLOAT_DIGITS = 12
"""Significant decimal digits of an ideal match that was computed in float64; everything after is exact."""


class Arithmetic(StrEnum):
    """How ideal matches were computed; named in the result."""

    INTEGER = "integer"
    FLOAT64 = "float64, rounded to 12 significant digits"


class Axiom(StrEnum):
    """A property that a mechanism declares as True, False (a counterexample is in the tests) or None (unknown)."""

    ANONYMOUS = "anonymous"
    """Renaming donors changes nothing."""
    NEUTRAL = "neutral"
    """Renaming projects renames the matches."""
    HOMOGENEOUS = "homogeneous"
    """Multiplying every gift by one factor leaves the shares of the pool as they are."""
    SINGLE_DONOR_UNMATCHED = "single_donor_unmatched"
    """A project with one donor has an ideal match of 0."""
    MONOTONE = "monotone"
    """Giving more never lowers the ideal match of that project."""
    SPLIT_PROOF = "split_proof"
    """Splitting a gift over transactions or linked accounts changes nothing."""
    SYBIL_BOUNDED = "sybil_bounded"
    """What a person gains by giving through k equal, unlinked accounts instead of one stays bounded as k grows."""
    NON_NEGATIVE = "non_negative"
    """No ideal match is negative."""
    INDEPENDENT = "independent"
    """Gifts to one project leave the ideal match of the others as it is."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a mechanism: how its text is read, its default, what it means."""

    read: Callable[[str], Any]
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a mechanism is told of the rules: its parameters, read, and where weights enter."""

    parameters: Mapping[str, Any]
    convention: WeightConvention = WeightConvention.INSIDE_ROOT


@dataclass(frozen=True, slots=True)
class IdealMatch:
    """What a mechanism answers, one amount per project, in round units.

    Attributes:
        amounts: ideal matches.
        direct: what the mechanism counts as given directly; `alpha` pays it out of the same balance.
        notes: what the result has to tell its readers, such as that a formula gave nothing and another was used.
        arithmetic: how these amounts were computed; None: as the mechanism says.
        sums: the sums over donors they come from, where the mechanism needs no more than that.
    """

    amounts: Amounts
    direct: Amounts
    notes: tuple[str, ...] = ()
    arithmetic: Arithmetic | None = None
    sums: Tally | None = None


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A rule that turns contributions into ideal matches.

    Attributes:
        id, title: name for files and for people.
        ideal: the formula, from all contributions.
        sums, ideal_of_sums: the formula in two halves, where it needs only sums over donors: then parts of the
            donors can be added up apart and merged, a round may be larger than memory, and an estimate is O(1).
        parameters: name -> `Parameter`.
        conventions: where this mechanism can put weights.
        axioms: what it promises.
        arithmetic: how ideal matches are computed.
        monetary: ideal matches are amounts of money; else only their proportions mean something.
        takes_against: credits may be spent against a project.
        part_prefixes: parameters whose names begin with one of these are kept as text, for mechanisms inside this one.
        part_defaults: the defaults of those, by full name, for parameters that choose the mechanisms inside.
        check: what is wrong with terms that are well formed one by one.
    """

    id: str
    title: str
    ideal: Callable[[Contributions, Terms], IdealMatch]
    axioms: Mapping[Axiom, bool | None]
    sums: Callable[[Contributions, Terms], Tally] | None = None
    ideal_of_sums: Callable[[Tally, Terms], IdealMatch] | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    conventions: frozenset[WeightConvention] = frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE})
    arithmetic: Arithmetic = Arithmetic.INTEGER
    monetary: bool = True
    takes_against: bool = False
    part_prefixes: tuple[str, ...] = ()
    part_defaults: Callable[[Mapping[str, str]], Mapping[str, str]] = field(default=lambda parameters: {})
    check: Callable[[Terms], Sequence[Problem]] = field(default=lambda terms: ())

    def terms(self, parameters: Mapping[str, str], convention: WeightConvention) -> Terms:
        """Return the parameters read, with defaults filled in.

        Raises:
            RoundError: naming every unknown or malformed parameter, and a convention this mechanism cannot apply.
        """
        passed_on = {name: text for name, text in parameters.items() if name.startswith(self.part_prefixes)}
        known = {*self.parameters, *passed_on}
        problems = [_unknown(name, self) for name in parameters if name not in known]
        read: dict[str, Any] = dict(passed_on)
        for name, parameter in self.parameters.items():
            given = parameters.get(name, parameter.default)
            try:
                read[name] = parameter.read(given)
            except ValueError as error:
                problems.append(Problem(f"[mechanism] {name}", f"{given!r}: {error}", parameter.meaning))
        if convention not in self.conventions:
            fits = ", ".join(sorted(self.conventions))
            problems.append(Problem("[weights] convention", f"{self.id} cannot apply {convention}", f"use {fits}"))
        terms = Terms(read, convention)
        problems += [] if problems else self.check(terms)
        if problems:
            raise RoundError(problems)
        return terms

    def spelled_out(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters as text with every default filled in, those of mechanisms inside this one included."""
        chosen = {name: parameter.default for name, parameter in self.parameters.items()} | dict(parameters)
        return dict(sorted({**self.part_defaults(chosen), **chosen}.items()))

    def additive(self, terms: Terms) -> bool:
        """Return whether sums over donors are all this mechanism needs under these terms."""
        return self.sums is not None and terms.convention is not WeightConvention.PAIRWISE_MIN


def choice(*options: str) -> Callable[[str], str]:
    """Return a reader that accepts one of `options`."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError(f"is not one of {', '.join(options)}")
        return text

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of an integer from `least` to `most`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not text.isascii() or not least <= int(text) <= most:
            raise ValueError(f"is not a whole number from {least} to {most}")
        return int(text)

    return read


def positive(text: str) -> Fraction:
    """Read a positive decimal."""
    from qf.units import parse_decimal

    value = parse_decimal(text)
    if value == 0:
        raise ValueError("is not positive")
    return value


def weighted_tally(contributions: Contributions, terms: Terms, root_bits: int, *, squared: bool = False) -> Tally:
    """Return the exact sums per project with the weights where the convention puts them."""
    inner, outer = _factors(contributions.weight, len(contributions.identities), terms.convention)
    return tally(
        contributions.entries,
        inner=inner,
        outer=outer,
        projects=len(contributions.projects),
        root_bits=root_bits,
        squared_roots=squared,
    )


def weight_scale(convention: WeightConvention) -> int:
    """Return what sums of the quadratic family are multiplied by: W inside the root, W**2 on it, else 1."""
    scales = {WeightConvention.INSIDE_ROOT: WEIGHT_ONE, WeightConvention.ON_ROOT: WEIGHT_ONE**2}
    return scales.get(convention, 1)


def float_amounts(values: NDArray[np.float64], unit_decimals: int) -> Amounts:
    """Return ideal matches in whole units, computed in float64, as exact round units of 12 significant digits."""
    context = Context(prec=FLOAT_DIGITS)
    rounded = [Fraction(context.create_decimal(Decimal(value))) for value in values.tolist()]
    return Amounts.of([max(Fraction(0), value) for value in rounded]).times(Fraction(10**unit_decimals))


def direct_amounts(contributions: Contributions, terms: Terms) -> Amounts:
    """Return what every project was given, weighted as the convention says, exact, in round units.

    Under `pairwise_min` that is w c, as inside the root: a donor paired with itself counts min(w, w) = w.
    """
    own = WeightConvention.INSIDE_ROOT if terms.convention is WeightConvention.PAIRWISE_MIN else terms.convention
    given = weighted_tally(contributions, replace(terms, convention=own), root_bits=0).direct_sum
    return Amounts(tuple(given), weight_scale(own))


def required_attribute(contributions: Contributions, attribute: str) -> Mapping[str, str]:
    """Return the value of `attribute` for everybody who has one.

    Raises:
        InputError: the attribute was not given at all. A table in which nobody is listed is an answer; none is not.
    """
    if attribute not in contributions.attributes:
        raise InputError.at(
            f"attribute {attribute}", "is not given", "the mechanism reads it; give who has which value"
        )
    return contributions.attributes[attribute]


def whole_units(contributions: Contributions, entries: Entries) -> NDArray[np.float64]:
    """Return weighted amounts in whole units as float64, shape (entries,): c w / W / 10**unit_decimals."""
    amounts = entries.amount.astype(np.float64) / float(10**contributions.unit_decimals)
    return amounts if contributions.weight is None else amounts * row_weights(contributions, entries)


def float_gifts(contributions: Contributions, convention: WeightConvention) -> NDArray[np.float64]:
    """Return what every entry counts as in whole units, shape (entries,): c w / W inside the root, else c."""
    inside = convention is WeightConvention.INSIDE_ROOT
    return whole_units(contributions if inside else replace(contributions, weight=None), contributions.entries)


def row_weights(contributions: Contributions, entries: Entries) -> NDArray[np.float64]:
    """Return the weight of each entry's identity, shape (entries,), in 0..1."""
    assert contributions.weight is not None
    return np.repeat(contributions.weight, np.diff(entries.start)) / WEIGHT_ONE


def _factors(
    weight: NDArray[np.int64] | None, identities: int, convention: WeightConvention
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Return (inner, outer). Full weight is W, not 1: the integers must not depend on whether anybody is below it."""
    if weight_scale(convention) == 1:
        return None, None
    weight = np.full(identities, WEIGHT_ONE, dtype=np.int64) if weight is None else weight
    return (weight, None) if convention is WeightConvention.INSIDE_ROOT else (None, weight)


def _unknown(name: str, mechanism: Mechanism) -> Problem:
    close = difflib.get_close_matches(name, mechanism.parameters, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(mechanism.parameters) or 'none'}"
    return Problem("[mechanism]", f"{mechanism.id} has no parameter {name!r}", hint)
