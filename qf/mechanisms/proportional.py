"""Proportional matching, one yen one vote: the match of a project is what it was given. A baseline.

M[p] = sum_i c[i, p] * w[i] / W    round units
"""

from __future__ import annotations

from qf.contributions import Contributions
from qf.kernels.tally import Tally
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Terms, weight_scale, weighted_tally
from qf.round import WeightConvention
from qf.units import Amounts


def sums(contributions: Contributions, terms: Terms) -> Tally:
    """Return what every project was given."""
    return weighted_tally(contributions, terms, root_bits=0)


def ideal_of_sums(tally: Tally, terms: Terms) -> IdealMatch:
    """Return M[p] of every project, from its sums."""
    given = Amounts(tuple(tally.direct_sum), weight_scale(terms.convention))
    return IdealMatch(given, given)


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units."""
    return ideal_of_sums(sums(contributions, terms), terms)


MECHANISM = Mechanism(
    id="proportional",
    title="Proportional matching",
    ideal=ideal,
    sums=sums,
    ideal_of_sums=ideal_of_sums,
    conventions=frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE, WeightConvention.PER_DONATION}),
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: False,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: True,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: True,
    },
)
