"""Tunable quadratic funding (TEC): gifts are boosted by what is known of the donor before they are matched.

    b[i] = 1 + factor * combine(b_k(x_k[i]))           to 12 decimal places, see `qf.mechanisms.boosts`
    N[i, p] = c[i, p] * w[i] * b[i] * 10**12
    S[p] = sum_i isqrt(N << 2K)                        base quadratic
         = sum_g isqrt((sum of N over i in g) << 2K)   base cluster_profile: g gave to exactly the same projects
    E[p] = sum of c w 10**12 (direct), N (boosted) or 0 (nothing)
    M[p] = max(0, S**2 - (E << 2K)) / (W * 10**12 * 4**K)    round units

Boosted gifts against which only the plain gifts are taken off leave a match even for a single donor.

Source: CommonsBuild/tqf 8c1ee13 (TEGR1 to TEGR3).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions
from qf.errors import InputError, Problem
from qf.kernels.tally import tally
from qf.mechanisms.base import (
    Axiom,
    IdealMatch,
    Mechanism,
    Parameter,
    Terms,
    choice,
    required_attribute,
    weight_scale,
    whole,
)
from qf.mechanisms.boosts import BOOST_PLACES, combined, read_boosts
from qf.mechanisms.grouped import (
    group_tally,
    match_of,
    multiplied,
    support_groups,
    weighted_entries,
    without_nothing,
)
from qf.round import WeightConvention
from qf.units import parse_decimal

BOOST_ONE = 10**BOOST_PLACES
"""A boost of 1: nothing is known that counts."""

PARAMETERS = {
    "base": Parameter(choice("quadratic", "cluster_profile"), "quadratic", "what the boosted gifts are matched by"),
    "subtract": Parameter(
        choice("direct", "boosted", "nothing"), "direct", "what is taken off S**2: gifts, boosted gifts, or nothing"
    ),
    "boosts": Parameter(read_boosts, "", "attribute:kind:max=..:threshold=.., several separated by commas"),
    "combine": Parameter(choice("max", "sum", "product"), "max", "how the boosts of one donor become one"),
    "factor": Parameter(parse_decimal, "1", "what the combined boost is multiplied by"),
    "root_bits": Parameter(whole(0, 64), "24", "K, binary places of each root; 40 where the unit has 18 decimals"),
}


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units.

    Raises:
        InputError: evidence that a boost reads was not given, or is no decimal.
    """
    bits, projects = terms.parameters["root_bits"], len(contributions.projects)
    plain = without_nothing(weighted_entries(contributions, terms.convention))
    gifts = multiplied(plain, boost_factors(contributions, terms))
    if terms.parameters["base"] == "quadratic":
        sums = tally(gifts, inner=None, outer=None, projects=projects, root_bits=bits)
    else:
        sums = group_tally(gifts, support_groups(gifts), projects=projects, root_bits=bits)
    given = tally(plain, inner=None, outer=None, projects=projects, root_bits=0).direct_sum
    direct = [amount * BOOST_ONE for amount in given]
    taken = {"direct": direct, "boosted": sums.direct_sum, "nothing": [0] * projects}[terms.parameters["subtract"]]
    return match_of(sums.root_sum, taken, direct, scale=weight_scale(terms.convention) * BOOST_ONE, root_bits=bits)


def boost_factors(contributions: Contributions, terms: Terms) -> NDArray[np.object_]:
    """Return b of every identity in 1 / 10**12, shape (identities,), Python ints."""
    boosts = terms.parameters["boosts"]
    evidence = _evidence(contributions, {boost.attribute for boost in boosts})
    tables = [boost.values(evidence[boost.attribute]) for boost in boosts]
    factor, rule = terms.parameters["factor"], terms.parameters["combine"]
    known: dict[tuple[Fraction | None, ...], int] = {(None,) * len(boosts): BOOST_ONE}
    factors = []
    for name in contributions.identities:
        holdings = tuple(evidence[boost.attribute].get(name) for boost in boosts)
        if holdings not in known:
            values = [table[name] for table in tables if name in table]
            known[holdings] = round((1 + factor * combined(values, rule)) * BOOST_ONE)
        factors.append(known[holdings])
    return np.array(factors, dtype=object)


def _evidence(contributions: Contributions, attributes: set[str]) -> dict[str, dict[str, Fraction]]:
    """Return attribute -> identity -> number, for everybody who is listed, donor or not."""
    problems: list[Problem] = []
    read: dict[str, dict[str, Fraction]] = {}
    for attribute in sorted(attributes):
        read[attribute] = {}
        for name, text in sorted(required_attribute(contributions, attribute).items()):
            try:
                read[attribute][name] = parse_decimal(text)
            except ValueError as error:
                problems.append(Problem(f"attribute {attribute} of {name}", str(error), "give a number of 0 or more"))
    if problems:
        raise InputError(problems)
    return read


MECHANISM = Mechanism(
    id="tunable",
    title="Tunable quadratic funding",
    ideal=ideal,
    parameters=PARAMETERS,
    conventions=frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE, WeightConvention.PER_DONATION}),
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: False,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: False,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: False,
    },
)
