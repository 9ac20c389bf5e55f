"""Connection-oriented cluster match (COCM), as run for Gitcoin's GG19 to GG23: agreement across groups is matched.

    A = donors x groups, by default the donations themselves (groups = projects); N, U = A and A^T with rows of sum 1
    k[i, g] = how close donor i is to group g, 1 for its members
    K[i, h] = (1 - k) c (harsh)   or   k sqrt(c) + (1 - k) c (soft)       c in whole units, weighted
    B = K^T N over the donors of p,   m[p] = sum over g != h of sqrt(B[g, h] B[h, g])

Donors who gave to one project, or to all, add nothing, and a round in which no donor connects two groups matches
nothing at all. Then the mechanism refuses, or falls back on plain quadratic funding and says so: `when_disjoint`.

Source: Miller, Weyl, Erichsen (2022), "Beyond Collusion Resistance"; gitcoinco/qf-calculator 4d9e48d, `COCM`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions
from qf.errors import NoMatchError
from qf.kernels.connection import connection_match
from qf.mechanisms import quadratic
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
    required_attribute,
)
from qf.round import WeightConvention

ATTRIBUTE = "group"
"""The attribute that holds the groups of a donor, separated by "|"."""

NOTE = "cluster_connection gave no project a match, as no donor connects two groups; quadratic was used instead"
"""What a result says when it fell back."""

PARAMETERS = {
    "style": Parameter(choice("markov", "pct_friends"), "markov", "how closeness is measured"),
    "variant": Parameter(choice("harsh", "soft"), "harsh", "what a gift counts in the donor's own groups: 0, its root"),
    "groups": Parameter(
        choice("projects", "declared"), "projects", "who is a group: the donors of a project, or the attribute group"
    ),
    "when_disjoint": Parameter(choice("refuse", "quadratic"), "refuse", "what happens where nothing is matched"),
}


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units.

    Raises:
        InputError: groups are declared, and none were given.
        NoMatchError: money was given, nothing would be matched, and `when_disjoint` is "refuse".
    """
    start, project, _ = contributions.entries
    gifts = float_gifts(contributions, terms.convention)
    declared = terms.parameters["groups"] == "declared"
    matches = connection_match(
        start,
        project,
        gifts,
        projects=len(contributions.projects),
        style=terms.parameters["style"],
        harsh=terms.parameters["variant"] == "harsh",
        **(declared_groups(contributions) if declared else {}),
    )
    if not matches.any() and gifts.any():
        return _without_connection(contributions, terms)
    return IdealMatch(float_amounts(matches, contributions.unit_decimals), direct_amounts(contributions, terms))


def declared_groups(contributions: Contributions) -> dict[str, Any]:
    """Return the memberships of the identities in the form the kernel reads; every membership weighs the same.

    Shapes: start (identities + 1,), group and weight (memberships,). Groups are coded in name order.
    """
    given = required_attribute(contributions, ATTRIBUTE)
    listed = [
        sorted({name.strip() for name in given.get(identity, "").split("|")} - {""})
        for identity in contributions.identities
    ]
    names = sorted({name for names in listed for name in names})
    code = {name: place for place, name in enumerate(names)}
    group: NDArray[np.int32] = np.array([code[name] for names in listed for name in names], dtype=np.int32)
    start = np.concatenate(([0], np.cumsum([len(names) for names in listed], dtype=np.int64)))
    return {"groups": (start, group, np.ones(len(group))), "groups_count": len(names)}


def _without_connection(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return what plain quadratic funding gives, with a note, or refuse."""
    if terms.parameters["when_disjoint"] == "refuse":
        raise NoMatchError(
            "cluster_connection gives no project a match: no donor connects two groups (everybody gave to a single"
            " project, or to all); set [mechanism] when_disjoint to quadratic to fall back"
        )
    plain = quadratic.MECHANISM.ideal(contributions, quadratic.MECHANISM.terms({}, terms.convention))
    return replace(plain, notes=(NOTE,), arithmetic=quadratic.MECHANISM.arithmetic)


MECHANISM = Mechanism(
    id="cluster_connection",
    title="Connection-oriented cluster match",
    ideal=ideal,
    parameters=PARAMETERS,
    conventions=frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE, WeightConvention.PER_DONATION}),
    arithmetic=Arithmetic.FLOAT64,
    axioms={
        Axiom.ANONYMOUS: True,
        Axiom.NEUTRAL: True,
        Axiom.HOMOGENEOUS: True,
        Axiom.SINGLE_DONOR_UNMATCHED: True,
        Axiom.MONOTONE: False,
        Axiom.SPLIT_PROOF: True,
        Axiom.SYBIL_BOUNDED: True,
        Axiom.NON_NEGATIVE: True,
        Axiom.INDEPENDENT: False,
    },
)
