"""A small round for every axiom that a mechanism declares it does not keep. They are executed, and must still fail."""

from __future__ import annotations

from qf.mechanisms import Axiom
from tests.properties.axioms import Trial

ONE_GIFT = Trial(gifts={("a", "p"): 4}, accounts=4)
"""One donor gave 4 to one project; or the same four times through four accounts."""

ONE_CREDIT = Trial(gifts={("a", "p"): 4}, accounts=4, parameters={"voice_credit_factor": "1"})
"""The same where a credit is a round unit."""

TWO_PROJECTS = Trial(gifts={("a", "p"): 1, ("b", "p"): 1, ("a", "q"): 1, ("b", "q"): 1}, donor="a", project="r")
"""Two donors gave to p and q alike, and one of them gives to r."""

BOOSTED = {"boosts": "badges:threshold:threshold=1"}
"""Donors with a badge count twice."""

COUNTEREXAMPLES: dict[tuple[str, Axiom], Trial] = {
    ("quadratic", Axiom.SYBIL_BOUNDED): ONE_GIFT,
    ("pairwise", Axiom.HOMOGENEOUS): Trial(
        # M is an amount of money: the pair that gave more is held back more
        gifts={("a", "p"): 1, ("b", "p"): 1, ("c", "q"): 9, ("d", "q"): 9},
        factor=10,
    ),
    ("pairwise", Axiom.SYBIL_BOUNDED): ONE_GIFT,
    ("pairwise", Axiom.INDEPENDENT): Trial(
        # a and b become closer by p, so their pair counts less for q
        gifts={("a", "p"): 9, ("a", "q"): 9, ("b", "q"): 9},
        donor="b",
        project="p",
        extra=9,
    ),
    ("cluster_connection", Axiom.MONOTONE): Trial(
        # b moves closer to a, as s becomes most of what b gives: the match of s falls from 31.1 to 30.0
        gifts={("a", "r"): 3052, ("a", "s"): 1040, ("b", "q"): 1, ("b", "s"): 6},
        donor="b",
        project="s",
        extra=35,
    ),
    ("cluster_connection", Axiom.INDEPENDENT): Trial(
        gifts={("a", "q"): 1, ("a", "r"): 1, ("b", "q"): 1}, donor="b", project="p"
    ),
    ("cluster_profile", Axiom.INDEPENDENT): TWO_PROJECTS,
    ("proportional", Axiom.SINGLE_DONOR_UNMATCHED): ONE_GIFT,
    ("headcount", Axiom.SINGLE_DONOR_UNMATCHED): ONE_GIFT,
    ("headcount", Axiom.SYBIL_BOUNDED): ONE_GIFT,
    ("equal", Axiom.SINGLE_DONOR_UNMATCHED): ONE_GIFT,
    ("tunable", Axiom.SINGLE_DONOR_UNMATCHED): Trial(
        gifts={("a", "p"): 4}, attributes={"badges": {"a": "1"}}, parameters=BOOSTED
    ),
    ("tunable", Axiom.SYBIL_BOUNDED): ONE_GIFT,
    ("tunable", Axiom.INDEPENDENT): Trial(
        gifts=TWO_PROJECTS.gifts, donor="a", project="r", parameters={"base": "cluster_profile"}
    ),
    ("alpha_constrained", Axiom.HOMOGENEOUS): Trial(
        # 2 credits are one vote, 4 are two
        gifts={("a", "p"): 1, ("a", "q"): 1, ("b", "p"): 1, ("b", "q"): 2},
        factor=2,
        parameters={"voice_credit_factor": "1"},
    ),
    ("alpha_constrained", Axiom.SYBIL_BOUNDED): ONE_CREDIT,
    ("quadratic_voting", Axiom.SINGLE_DONOR_UNMATCHED): ONE_GIFT,
    ("quadratic_voting", Axiom.SYBIL_BOUNDED): ONE_GIFT,
    ("mix", Axiom.MONOTONE): Trial(
        # of the half that is cluster_connection, p loses more than it wins in the other half
        gifts={
            ("a", "q"): 1,
            ("a", "r"): 1975,
            ("b", "p"): 13,
            ("b", "r"): 5,
            ("c", "p"): 38,
            ("c", "q"): 4,
            ("d", "p"): 14,
            ("d", "q"): 52,
            ("d", "r"): 1670,
        },
        donor="d",
        project="p",
        extra=2,
    ),
    ("mix", Axiom.INDEPENDENT): Trial(gifts={("a", "p"): 1, ("b", "p"): 1, ("b", "q"): 1}, donor="a", project="r"),
}
"""(mechanism, axiom) -> where it fails."""
