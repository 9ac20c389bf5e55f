"""Quadratic voting: donors spend credits for or against projects, and the square root of the credits counts.

    v[i, p] = isqrt(N_for << 2K) - isqrt(N_against << 2K)      N = c * w inside the root; w on it multiplies v
    V[p] = sum_i v[i, p]                                       M[p] = max(0, V[p]) / (scale * 2**K)

A credit is one unit of the round: 9 credits are 3 votes. Only the proportions of M mean something; where the unit has
decimals, M is counted in roots of the smallest amount.

Source: Lalley, Weyl (2018), "Quadratic Voting"; the shares of a budget as in the Japanese round of 2025.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from operator import sub

from qf.contributions import Contributions
from qf.errors import InputError, Problem
from qf.kernels.tally import Tally
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Parameter, Terms, choice, weighted_tally, whole
from qf.round import WeightConvention
from qf.units import WEIGHT_ONE, Amounts, format_decimal


def whole_or_nothing(text: str) -> int | None:
    """Read a whole number above 0; "" is None."""
    return whole(1, 10**30)(text) if text else None


PARAMETERS = {
    "root_bits": Parameter(whole(0, 64), "24", "K, binary places of each root"),
    "negative_votes": Parameter(choice("count", "ignore"), "count", "whether credits against a project lower it"),
    "credits": Parameter(whole_or_nothing, "", "the most credits one donor may spend, in whole units; empty: no limit"),
}

SCALE = {WeightConvention.INSIDE_ROOT: isqrt(WEIGHT_ONE), WeightConvention.ON_ROOT: WEIGHT_ONE}
"""What v is multiplied by: sqrt(W) with weights inside the root, W with weights on it, else 1."""


def sums(contributions: Contributions, terms: Terms) -> Tally:
    """Return the tally of the credits spent for projects, with V as its `root_sum`.

    Raises:
        InputError: naming every donor who spent more credits than allowed.
    """
    _check_credits(contributions, terms.parameters["credits"])
    bits = terms.parameters["root_bits"]
    favour = weighted_tally(contributions, terms, bits)
    if contributions.against is None or terms.parameters["negative_votes"] == "ignore":
        return favour
    against = weighted_tally(replace(contributions, entries=contributions.against), terms, bits)
    return favour._replace(root_sum=list(map(sub, favour.root_sum, against.root_sum)))


def ideal_of_sums(tally: Tally, terms: Terms) -> IdealMatch:
    """Return max(0, V[p]) of every project."""
    unit = SCALE.get(terms.convention, 1) << terms.parameters["root_bits"]
    totals = Amounts(tuple(max(0, total) for total in tally.root_sum), unit)
    return IdealMatch(totals, Amounts(tuple(tally.contributed)))


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return what every project is given in votes, never less than 0."""
    return ideal_of_sums(sums(contributions, terms), terms)


def _check_credits(contributions: Contributions, limit: int | None) -> None:
    """Raise unless no donor spent more than `limit` credits, for and against together."""
    if limit is None:
        return
    unit = 10**contributions.unit_decimals
    spent = [0] * len(contributions.identities)
    for entries in filter(None, (contributions.entries, contributions.against)):
        start, amounts = entries.start.tolist(), entries.amount.tolist()
        for identity, (low, high) in enumerate(pairwise(start)):
            spent[identity] += sum(amounts[low:high])
    problems = [
        Problem(
            f"donor {contributions.identities[identity]}",
            f"spent {format_decimal(Fraction(credits, unit), contributions.unit_decimals)} credits",
            f"one donor has {limit}",
        )
        for identity, credits in enumerate(spent)
        if credits > limit * unit
    ]
    if problems:
        raise InputError(problems)


MECHANISM = Mechanism(
    id="quadratic_voting",
    title="Quadratic voting",
    ideal=ideal,
    sums=sums,
    ideal_of_sums=ideal_of_sums,
    parameters=PARAMETERS,
    conventions=frozenset(
        {
            WeightConvention.INSIDE_ROOT,
            WeightConvention.ON_ROOT,
            WeightConvention.GATE,
            WeightConvention.PER_DONATION,
        }
    ),
    monetary=False,
    takes_against=True,
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: False,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: False,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: True,
    },
)
