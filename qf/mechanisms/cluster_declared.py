"""Cluster match by declared group: the donors of a group (a brigade, an opinion group, a town) count as one donor.

    G[g, p] = sum over i in g of c[i, p] * w[i]    groups from the attribute "group"
    S[p] = sum_g isqrt(G << 2K)                    E[p] = sum_g G
    M[p] = max(0, S**2 - (E << 2K)) / (W * 4**K)   round units

A donor without a group joins, for each project, the declared group that gave it most (the first by name if several
did; if none did, all donors without a group are one). To hide a group therefore never pays: it makes the largest
group larger, and the roots of unequal groups add up to less.

Source: Miller, Weyl, Erichsen (2022), "Beyond Collusion Resistance", with disjoint groups; the rule for donors without
a group is ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions
from qf.errors import InputError, Problem
from qf.kernels.aggregate import Entries, aggregate
from qf.mechanisms.base import Axiom, IdealMatch, Mechanism, Parameter, Terms, required_attribute, weight_scale, whole
from qf.mechanisms.grouped import group_tally, match_of, weighted_entries, without_nothing
from qf.round import WeightConvention

ATTRIBUTE = "group"
"""The attribute that holds the group of a donor."""

SEPARATOR = "|"
"""Stands between several groups of one donor, which this mechanism cannot divide a gift over."""


def ideal(contributions: Contributions, terms: Terms) -> IdealMatch:
    """Return the ideal matches, in round units.

    Raises:
        InputError: no groups were given, or naming every donor who declares more than one.
    """
    bits, projects = terms.parameters["root_bits"], len(contributions.projects)
    entries = without_nothing(weighted_entries(contributions, terms.convention))
    declared, groups = declared_groups(contributions)
    group = np.repeat(declared, np.diff(entries.start))
    alone = group < 0
    group[alone] = largest_groups(entries, group, groups, projects)[entries.project[alone]]
    sums = group_tally(entries, group, projects=projects, root_bits=bits)
    scale = weight_scale(terms.convention)
    return match_of(sums.root_sum, sums.direct_sum, sums.direct_sum, scale=scale, root_bits=bits)


def declared_groups(contributions: Contributions) -> tuple[NDArray[np.int64], int]:
    """Return the group code of every identity, -1 for none, and how many groups there are. Codes are in name order."""
    listed = required_attribute(contributions, ATTRIBUTE)
    values = [listed.get(identity, "").strip() for identity in contributions.identities]
    several = [place for place, value in enumerate(values) if SEPARATOR in value]
    if several:
        raise InputError(
            Problem(f"group of {contributions.identities[place]}", f"{values[place]!r} is more than one", "name one")
            for place in several
        )
    names = sorted({value for value in values if value})
    code = {name: place for place, name in enumerate(names)}
    return np.array([code.get(value, -1) for value in values], dtype=np.int64), len(names)


def largest_groups(entries: Entries, group: NDArray[np.int64], groups: int, projects: int) -> NDArray[np.int64]:
    """Return, for each project, the declared group that gave it most; `groups` itself where none gave."""
    kept = group >= 0
    given = aggregate(group[kept], entries.project[kept], entries.amount[kept], identities=groups, projects=projects)
    best: list[tuple[int, int]] = [(0, groups)] * projects
    of_row = np.repeat(np.arange(groups), np.diff(given.start))
    for code, project, amount in zip(of_row.tolist(), given.project.tolist(), given.amount.tolist(), strict=True):
        if amount > best[project][0]:
            best[project] = (amount, code)
    return np.array([code for _, code in best], dtype=np.int64)


MECHANISM = Mechanism(
    id="cluster_declared",
    title="Cluster match by declared group",
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
        Axiom.INDEPENDENT: True,
    },
)
