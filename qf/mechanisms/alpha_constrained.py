"""Capital-constrained QF in the integers of clr.fund: credits, whole votes, and alpha over what the pool can bear.

    credits[i, p] = c[i, p] // f      v = isqrt(credits)      f = voice_credit_factor
    T[p] = sum_i v                    S[p] = sum_i v**2
    M[p] = f * (T**2 - S)             direct[p] = f * S       round units

With the pool policy `alpha` and floor rounding the payout is what the contract pays, to the wei. Where ballots are
secret only T and S are known: see `qf.secret_ballots`.

Source: Buterin, Hitzig, Weyl (2019), section 5; clrfund/monorepo f0073b10, contracts/contracts/FundingRound.sol.
"""

from __future__ import annotations

from qf.contributions import Contributions
from qf.kernels.tally import Tally, tally
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Parameter, Terms, whole
from qf.round import WeightConvention
from qf.units import Amounts

PARAMETERS = {
    "voice_credit_factor": Parameter(
        whole(1, 10**30),
        "10000000000000",
        "f, round units per credit: clr.fund takes 10,000 tokens / 10**9 credits, which is 10**13 for 18 decimals",
    ),
}


def sums(contributions: Contributions, terms: Terms) -> Tally:
    """Return the tally with T as its `root_sum` and S as its `direct_sum`."""
    gifts, projects = contributions.entries, len(contributions.projects)
    credits = gifts._replace(amount=gifts.amount // terms.parameters["voice_credit_factor"])
    spent = tally(credits, inner=None, outer=None, projects=projects, root_bits=0, squared_roots=True)
    given = tally(gifts, inner=None, outer=None, projects=projects, root_bits=0)
    return given._replace(root_sum=spent.root_sum, direct_sum=spent.squared_root_sum)


def ideal_of_sums(tally: Tally, terms: Terms) -> IdealMatch:
    """Return M[p] and f S[p] of every project, from T and S."""
    factor = terms.parameters["voice_credit_factor"]
    pairs = list(zip(tally.root_sum, tally.direct_sum, strict=True))
    matches = Amounts(tuple(factor * (total**2 - spent) for total, spent in pairs))
    return IdealMatch(matches, Amounts(tuple(factor * spent for _, spent in pairs)))


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units."""
    return ideal_of_sums(sums(contributions, terms), terms)


MECHANISM = Mechanism(
    id="alpha_constrained",
    title="Capital-constrained quadratic funding",
    ideal=ideal,
    sums=sums,
    ideal_of_sums=ideal_of_sums,
    parameters=PARAMETERS,
    conventions=frozenset({WeightConvention.GATE}),
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: False,
        Axiom.SINGLE_DONOR_UNMATCHED: True,
        Axiom.MONOTONE: True,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: False,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: True,
    },
)
