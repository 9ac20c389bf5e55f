"""A mix of two mechanisms: a convex combination of the shares each would give.

    x1 = M1 / sum M1, x2 = M2 / sum M2             M[p] = share * x1[p] + (1 - share) * x2[p]

A part that matches nothing has no shares: the other decides alone, and the result says so. The parameters of the
parts are written "first.NAME" and "second.NAME". Only the proportions of M mean something.

Source: gitcoinco/qf-calculator 4d9e48d, `half-and-half` and `pctCOCM`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from qf.contributions import Contributions
from qf.errors import Problem, RoundError
from qf.mechanisms.base import Arithmetic, Axiom, IdealMatch, Mechanism, Parameter, Terms
from qf.round import WeightConvention
from qf.units import Amounts, parse_decimal

PARTS = ("first", "second")
"""The two mechanisms that are mixed."""


def part_id(text: str) -> str:
    """Read the id of a mechanism that can be mixed."""
    from qf.mechanisms import REGISTRY

    known = [id for id, entry in REGISTRY.items() if id != "mix" and not entry.takes_against]
    if text not in known:
        raise ValueError(f"is not one of {', '.join(known)}")
    return text


def fraction(text: str) -> Fraction:
    """Read a decimal from 0 to 1."""
    value = parse_decimal(text)
    if value > 1:
        raise ValueError("is above 1")
    return value


PARAMETERS = {
    "first": Parameter(part_id, "cluster_connection", "id of the first mechanism"),
    "second": Parameter(part_id, "quadratic", "id of the second mechanism"),
    "share": Parameter(fraction, "0.5", "how much the first counts, from 0 to 1"),
}


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the mixed share of every project; the sum is 1, or 0 if nothing is matched."""
    first, second = (_part(name, contributions, terms) for name in PARTS)
    return IdealMatch(
        amounts=mixed(first.amounts, second.amounts, terms.parameters["share"]),
        direct=first.direct,
        notes=first.notes + second.notes + _notes_on_nothing(first, second, terms),
        arithmetic=Arithmetic.FLOAT64 if Arithmetic.FLOAT64 in (first.arithmetic, second.arithmetic) else None,
    )


def mixed(first: Amounts, second: Amounts, share: Fraction) -> Amounts:
    """Return share * x1 + (1 - share) * x2 for the shares x of the two, exact.

    >>> mixed(Amounts((3, 1)), Amounts((0, 5)), Fraction(1, 2)).fractions()
    (Fraction(3, 8), Fraction(5, 8))
    """
    total, other = sum(first.numerators), sum(second.numerators)
    if total == 0 or other == 0:
        return _shares(second if total == 0 else first)
    left, right = share.numerator * other, (share.denominator - share.numerator) * total
    pairs = zip(first.numerators, second.numerators, strict=True)
    return Amounts(tuple(left * x + right * y for x, y in pairs), share.denominator * total * other)


def _shares(amounts: Amounts) -> Amounts:
    return Amounts(amounts.numerators, sum(amounts.numerators) or 1)


def _part(name: str, contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return what the mechanism called `first` or `second` gives, its arithmetic named."""
    entry, part_terms = _entry(name, terms)
    found = entry.ideal(contributions, part_terms)
    return replace(found, arithmetic=found.arithmetic or entry.arithmetic)


def _entry(name: str, terms: Terms) -> tuple[Mechanism, Terms]:
    from qf.mechanisms import REGISTRY

    entry, prefix = REGISTRY[terms.parameters[name]], f"{name}."
    own = {key.removeprefix(prefix): text for key, text in terms.parameters.items() if key.startswith(prefix)}
    return entry, entry.terms(own, terms.convention)


def part_defaults(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the defaults of the parts that `parameters` choose, by full name."""
    from qf.mechanisms import REGISTRY

    return {
        f"{name}.{key}": parameter.default
        for name in PARTS
        for key, parameter in REGISTRY[parameters[name]].parameters.items()
    }


def check(terms: Terms) -> Sequence[Problem]:
    """Return what is wrong with the terms of the parts."""
    problems: list[Problem] = []
    for name in PARTS:
        try:
            _entry(name, terms)
        except RoundError as error:
            problems += [Problem(f"{name} of the mix: {told.where}", told.what, told.fix) for told in error.problems]
    return problems


def _notes_on_nothing(first: IdealMatch, second: IdealMatch, terms: Terms) -> tuple[str, ...]:
    nothing = [name for name, part in zip(PARTS, (first, second), strict=True) if part.amounts.total == 0]
    if len(nothing) != 1:
        return ()
    return (f"{terms.parameters[nothing[0]]} gave no project a match; the other part of the mix decided alone",)


MECHANISM = Mechanism(
    id="mix",
    title="Mix of two mechanisms",
    ideal=ideal,
    parameters=PARAMETERS,
    part_prefixes=tuple(f"{name}." for name in PARTS),
    part_defaults=part_defaults,
    check=check,
    conventions=frozenset(WeightConvention),
    monetary=False,
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: True,
        Axiom.MONOTONE: False,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: None,  # the shares of a pool are bounded by 1 whatever the parts promise
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: False,
    },
)
