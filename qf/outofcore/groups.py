"""A round counted in groups of donors, each at a time when its donations are at hand.

All accounts of an identity are in one group, so everything up to the sums is decided inside a group, and sums merge
exactly. Donors who are linked to others may be in several parts of a bundle: their donations are held back and are
one group of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.allocate import Totals, allocate
from qf.contributions import Contributions, count
from qf.eligibility import REASONS, Project, Reason
from qf.inputs import Inputs
from qf.kernels.aggregate import Entries
from qf.kernels.tally import Tally, merge, tally
from qf.mechanisms import mechanism_of
from qf.prices import PriceSnapshot
from qf.result import RoundResult
from qf.round import Round
from qf.units import WEIGHT_ONE


@dataclass(frozen=True, eq=False)
class GroupSums:
    """What groups of donors add to a round.

    Attributes:
        sums: sums per project, where the mechanism needs no more; else None.
        contributions: of every group, where the mechanism needs them all.
        excluded: donations excluded, by reason.
        donations: donations in all.
        identities: identities counted in all.
    """

    sums: Tally | None
    contributions: tuple[Contributions, ...]
    excluded: Counter[Reason]
    donations: int
    identities: int

    def __add__(self, other: GroupSums) -> GroupSums:
        """Return the sums of both, which must not share an identity."""
        both = None if self.sums is None or other.sums is None else merge(self.sums, other.sums)
        return GroupSums(
            sums=both,
            contributions=self.contributions + other.contributions,
            excluded=self.excluded + other.excluded,
            donations=self.donations + other.donations,
            identities=self.identities + other.identities,
        )


NO_SUMS = GroupSums(None, (), Counter(), 0, 0)
"""Stands for sums that were merged already."""


def count_group(round: Round, inputs: Inputs) -> tuple[NDArray[np.uint8], GroupSums]:
    """Return why each donation of a group does not count (see `Screened.reason`), and what the others add.

    Args:
        round: the rules.
        inputs: the donations of the group, in canonical order; the projects of the whole round.
    """
    mechanism, terms = mechanism_of(round)
    counted = count(round, inputs, takes_against=mechanism.takes_against)
    sums = None
    if mechanism.additive(terms):
        assert mechanism.sums is not None
        sums = mechanism.sums(counted.contributions, terms)
    group = GroupSums(
        sums=sums,
        contributions=() if sums is not None else (counted.contributions,),
        excluded=Counter(counted.screened.excluded),
        donations=len(counted.ledger),
        identities=int(np.count_nonzero(np.diff(counted.contributions.entries.start))),
    )
    return counted.screened.reason, group


def result_of(round: Round, prices: PriceSnapshot, projects: Sequence[str], groups: GroupSums) -> RoundResult:
    """Return the result of a round of which all groups are counted."""
    mechanism, terms = mechanism_of(round)
    if groups.sums is not None:
        assert mechanism.ideal_of_sums is not None
        ideal, sums = mechanism.ideal_of_sums(groups.sums, terms), groups.sums
    else:
        together = merged(groups.contributions)
        ideal = mechanism.ideal(together, terms)
        sums = ideal.sums or tally(together.entries, inner=None, outer=None, projects=len(projects), root_bits=0)
    return allocate(round, ideal, prices, _totals(projects, sums, groups))


def named_projects(names: Iterable[str]) -> tuple[Project, ...]:
    """Return the projects of a round that lists none, given the names of all that occur."""
    return tuple(Project(name) for name in sorted(names))


def linked_accounts(inputs: Inputs) -> frozenset[str]:
    """Return all accounts that are linked to another, and the identities they are linked to."""
    return frozenset(chain.from_iterable(inputs.weights.identity.items()))


def merged(groups: Sequence[Contributions]) -> Contributions:
    """Return the contributions of all groups, identities in the order of their names, as one count gives them.

    The groups must not share an identity, and have the same projects.
    """
    names = [name for group in groups for name in group.identities]
    order = sorted(range(len(names)), key=names.__getitem__)
    weights = None
    if any(group.weight is not None for group in groups):
        weights = np.concatenate([_weights(group) for group in groups])[order]
    against = None
    if any(group.against is not None for group in groups):
        against = _merged_entries([group.against or _no_entries(len(group.identities)) for group in groups], order)
    return replace(
        groups[0],
        entries=_merged_entries([group.entries for group in groups], order),
        against=against,
        identities=tuple(names[place] for place in order),
        weight=weights,
    )


def _weights(group: Contributions) -> NDArray[np.int64]:
    return np.full(len(group.identities), WEIGHT_ONE) if group.weight is None else group.weight


def _merged_entries(groups: Sequence[Entries], order: Sequence[int]) -> Entries:
    lengths = np.concatenate([np.diff(group.start) for group in groups])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    chosen = lengths[order]
    start = np.concatenate([[0], np.cumsum(chosen)]).astype(np.int64)
    source = np.arange(start[-1]) + np.repeat(starts[order] - start[:-1], chosen)
    amounts: list[NDArray[Any]] = [group.amount for group in groups]
    return Entries(start, np.concatenate([group.project for group in groups])[source], np.concatenate(amounts)[source])


def _no_entries(identities: int) -> Entries:
    return Entries(np.zeros(identities + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))


def _totals(projects: Sequence[str], sums: Tally, groups: GroupSums) -> Totals:
    excluded = {reason: groups.excluded[reason] for reason in REASONS if groups.excluded[reason]}
    return Totals(projects, sums.contributed, sums.donors, excluded, groups.donations, groups.identities)
