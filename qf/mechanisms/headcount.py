"""Headcount, one person one vote: a project counts as many donors as it has. A baseline.

    M[p] = sum of w[i] / W over the identities i with c[i, p] > 0

Only the proportions mean something: these are people, not money.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qf.contributions import Contributions
from qf.kernels.tally import Tally
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Terms, weight_scale, weighted_tally
from qf.round import WeightConvention
from qf.units import Amounts


def sums(contributions: Contributions, terms: Terms) -> Tally:
    """Return the tally with the weighted number of donors as its `direct_sum`."""
    gifts = contributions.entries
    one_each = gifts._replace(amount=(gifts.amount > 0).astype(np.int64))
    heads = weighted_tally(replace(contributions, entries=one_each), terms, root_bits=0)
    return weighted_tally(contributions, terms, root_bits=0)._replace(direct_sum=heads.direct_sum)


def ideal_of_sums(tally: Tally, terms: Terms) -> IdealMatch:
    """Return M[p] of every project, from its sums."""
    heads = Amounts(tuple(tally.direct_sum), weight_scale(terms.convention))
    return IdealMatch(heads, Amounts(tuple(tally.contributed)))


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the weighted number of donors of every project."""
    return ideal_of_sums(sums(contributions, terms), terms)


MECHANISM = Mechanism(
    id="headcount",
    title="Headcount",
    ideal=ideal,
    sums=sums,
    ideal_of_sums=ideal_of_sums,
    conventions=frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE, WeightConvention.PER_DONATION}),
    monetary=False,
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
