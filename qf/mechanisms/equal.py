"""Equal shares: every project of the round gets the same, whoever gave what. A baseline.

M[p] = 1
"""

from __future__ import annotations

from qf.contributions import Contributions
from qf.kernels.tally import Tally
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Terms, weighted_tally
from qf.round import WeightConvention
from qf.units import Amounts


def sums(contributions: Contributions, terms: Terms) -> Tally:
    """Return what every project was given, which decides nothing."""
    return weighted_tally(contributions, terms, root_bits=0)


def ideal_of_sums(tally: Tally, terms: Terms) -> IdealMatch:
    """Return 1 for every project."""
    return IdealMatch(Amounts((1,) * len(tally.contributed)), Amounts(tuple(tally.contributed)))


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return 1 for every project."""
    return ideal_of_sums(sums(contributions, terms), terms)


MECHANISM = Mechanism(
    id="equal",
    title="Equal shares",
    ideal=ideal,
    sums=sums,
    ideal_of_sums=ideal_of_sums,
    conventions=frozenset(WeightConvention),
    monetary=False,
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
