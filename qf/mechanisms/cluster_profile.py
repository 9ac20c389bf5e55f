"""Cluster match by donation profile: donors who gave to exactly the same projects count as one donor.

    g = the donors with one support set            G[g, p] = sum over i in g of c[i, p] * w[i]
    S[p] = sum_g isqrt(G << 2K)                    E[p] = sum_g G
    M[p] = max(0, S**2 - (E << 2K)) / (W * 4**K)   round units

Accounts that move together get no more than one account would. Donors whose sets differ by one project are apart.

Source: Miller, Weyl, Erichsen (2022), "Beyond Collusion Resistance"; gitcoinco/qf-calculator,
`donation_profile_clustermatch` (GG18); CommonsBuild/tqf (TEGR3).
"""

from __future__ import annotations

from qf.contributions import Contributions
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Parameter, Terms, weight_scale, whole
from qf.mechanisms.grouped import group_tally, match_of, support_groups, weighted_entries, without_nothing
from qf.round import WeightConvention


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units."""
    bits = terms.parameters["root_bits"]
    entries = without_nothing(weighted_entries(contributions, terms.convention))
    projects = len(contributions.projects)
    sums = group_tally(entries, support_groups(entries), projects=projects, root_bits=bits)
    scale = weight_scale(terms.convention)
    return match_of(sums.root_sum, sums.direct_sum, sums.direct_sum, scale=scale, root_bits=bits)


MECHANISM = Mechanism(
    id="cluster_profile",
    title="Cluster match by donation profile",
    ideal=ideal,
    parameters={
        "root_bits": Parameter(whole(0, 64), "24", "K, binary places of each root; 40 where the unit has 18 decimals"),
    },
    conventions=frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE, WeightConvention.PER_DONATION}),
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: True,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: True,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: False,
    },
)
