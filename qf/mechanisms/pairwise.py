"""Pairwise-bounded quadratic funding: what two donors add together is bounded, however much they have in common.

    s = sqrt(c w / W), T[i, j] = sum_q s[i, q] s[j, q]
    bounded   m[p] = sum over i != j of  k s[i, p] s[j, p],   k = M / (M + T)
    clr       m[p] = sum over i < j  of  k s[i, p] s[j, p],   k = 1 / (T / (M max(t_i, t_j)) + 1)

M is `strength`, an amount of money in whole units: half of what a pair gives together counts when T = M. The trust t
of a donor is the weight under the convention `trust`, which then multiplies no money; else it is 1. Under
`pairwise_min` the weights multiply no money either, and each pair counts min(w_i, w_j).

Source: Buterin (2019), "Pairwise coordination subsidies", ethresear.ch 5553; gitcoinco/web 00039ca7,
app/grants/clr.py (rounds 1-15).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions
from qf.errors import Problem
from qf.kernels.pairwise import pairwise_match
from qf.mechanisms.base import (
    Arithmetic,
    Axiom,
    IdealMatch,
    Mechanism,
    Parameter,
    Terms,
    choice,
    direct_amounts,
    float_amounts,
    float_gifts,
    positive,
)
from qf.round import WeightConvention
from qf.units import WEIGHT_ONE

PARAMETERS = {
    "strength": Parameter(positive, "25", "M, whole units: half of what a pair gives together counts when T = M"),
    "variant": Parameter(choice("bounded", "clr"), "bounded", "Buterin's sum over i != j, or Gitcoin's over i < j"),
}


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units."""
    start, project, _ = contributions.entries
    weight = _weights(contributions)
    largest = max(1.0, float(weight.max(initial=1.0)))
    pairs, trusts = (terms.convention is name for name in (WeightConvention.PAIRWISE_MIN, WeightConvention.TRUST))
    matches = pairwise_match(
        start,
        project,
        float_gifts(contributions, terms.convention),
        projects=len(contributions.projects),
        strength=float(terms.parameters["strength"]),
        pair_weight=weight / largest if pairs else None,
        trust=weight if trusts else None,
        ordered=terms.parameters["variant"] == "bounded",
    )
    amounts = float_amounts(matches * largest if pairs else matches, contributions.unit_decimals)
    return IdealMatch(amounts, direct_amounts(contributions, terms))


def _weights(contributions: Contributions) -> NDArray[np.float64]:
    """Return w of every identity, shape (identities,). Nobody whose weight is 0 has an entry."""
    if contributions.weight is None:
        return np.ones(len(contributions.identities))
    return contributions.weight / WEIGHT_ONE


def check(terms: Terms) -> Sequence[Problem]:
    """Return what is wrong with the terms: only the old CLR knows trust."""
    if terms.convention is WeightConvention.TRUST and terms.parameters["variant"] != "clr":
        return [Problem("[weights] convention", "only the variant clr knows trust", "set [mechanism] variant to clr")]
    return []


MECHANISM = Mechanism(
    id="pairwise",
    title="Pairwise-bounded quadratic funding",
    ideal=ideal,
    parameters=PARAMETERS,
    check=check,
    conventions=frozenset(WeightConvention) - {WeightConvention.ON_ROOT},
    arithmetic=Arithmetic.FLOAT64,
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: False,
        Axiom.SINGLE_DONOR_UNMATCHED: True,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: False,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: False,
    },
)
