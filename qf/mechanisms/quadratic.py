"""Quadratic funding: the match of a project grows with the square of the sum of the roots of what people gave.

    N[i, p] = c[i, p] * w[i]                  r[i, p] = isqrt(N << 2K)
    S[p] = sum_i r        E[p] = sum_i N      M[p] = max(0, S**2 - (E << 2K)) / (W * 4**K)   round units

Source: Buterin, Hitzig, Weyl (2019), "A Flexible Design for Funding Public Goods", eq. 4.
"""

from __future__ import annotations

from itertools import accumulate
from math import isqrt
from operator import itemgetter

from qf.contributions import Contributions
from qf.kernels.tally import Tally
from qf.mechanisms.base import (
    Axiom,
    IdealMatch,
    Mechanism,
    Parameter,
    Terms,
    choice,
    weight_scale,
    weighted_tally,
    whole,
)
from qf.round import WeightConvention
from qf.units import WEIGHT_ONE, Amounts

PARAMETERS = {
    "root_bits": Parameter(whole(0, 64), "24", "K, binary places of each root; 40 where the unit has 18 decimals"),
    "subtract": Parameter(
        choice("direct", "squared_roots", "nothing"),
        "direct",
        "what is taken off S**2: what was given (the paper), the squared roots (Grants Stack), or nothing (Octant)",
    ),
}


def sums(contributions: Contributions, terms: Terms) -> Tally:
    """Return S, E and, where they are subtracted, the squared roots of every project."""
    squared = terms.parameters["subtract"] == "squared_roots"
    return weighted_tally(contributions, terms, terms.parameters["root_bits"], squared=squared)


def ideal_of_sums(tally: Tally, terms: Terms) -> IdealMatch:
    """Return M[p] of every project, from its sums."""
    bits = 2 * terms.parameters["root_bits"]
    scale = weight_scale(terms.convention)
    subtracted = {
        "direct": [direct << bits for direct in tally.direct_sum],
        "squared_roots": tally.squared_root_sum,
        "nothing": [0] * len(tally.root_sum),
    }[terms.parameters["subtract"]]
    matches = [max(0, root**2 - less) for root, less in zip(tally.root_sum, subtracted, strict=True)]
    return IdealMatch(Amounts(tuple(matches), scale << bits), Amounts(tuple(tally.direct_sum), scale))


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units."""
    if terms.convention is WeightConvention.PAIRWISE_MIN:
        return pairwise_min(contributions, terms)
    return ideal_of_sums(sums(contributions, terms), terms)


def pairwise_min(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches when the pair of i and j counts min(w_i, w_j).

    With donors in falling order of weight, the pair term is w_j r_j times the sum of the roots before j:

        M[p] = (sum_{i != j} min(w_i, w_j) r_i r_j + [nothing subtracted] sum_i w_i r_i**2) / (W 4**K)
    """
    bits, keeps_own = terms.parameters["root_bits"], terms.parameters["subtract"] == "nothing"
    weights = contributions.weight
    gifts: list[list[tuple[int, int]]] = [[] for _ in contributions.projects]
    start, projects, amounts = (column.tolist() for column in contributions.entries)
    for identity in range(len(contributions.identities)):
        weight = WEIGHT_ONE if weights is None else int(weights[identity])
        for entry in range(start[identity], start[identity + 1]):
            gifts[projects[entry]].append((weight, amounts[entry]))
    matches, direct = [], []
    for given in gifts:
        given.sort(key=itemgetter(0), reverse=True)
        roots = [isqrt(amount << 2 * bits) for _, amount in given]
        before = accumulate(roots, initial=0)
        pairs = sum(
            2 * weight * root * sum_before for (weight, _), root, sum_before in zip(given, roots, before, strict=False)
        )
        own = sum(weight * root**2 for (weight, _), root in zip(given, roots, strict=True)) if keeps_own else 0
        matches.append(pairs + own)
        direct.append(sum(weight * amount for weight, amount in given))
    return IdealMatch(Amounts(tuple(matches), WEIGHT_ONE << 2 * bits), Amounts(tuple(direct), WEIGHT_ONE))


MECHANISM = Mechanism(
    id="quadratic",
    title="Quadratic funding",
    ideal=ideal,
    sums=sums,
    ideal_of_sums=ideal_of_sums,
    parameters=PARAMETERS,
    conventions=frozenset(WeightConvention) - {WeightConvention.TRUST},
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: True,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: False,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: True,
    },
)
