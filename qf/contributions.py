"""Stage 7: what every identity gave every project in all, once per pair, in round units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from qf.columns import Codes
from qf.eligibility import Project, Reason, Screened, screen
from qf.inputs import Inputs
from qf.kernels.aggregate import Entries, aggregate
from qf.ledger import DonationLedger, Integers
from qf.prices import Values
from qf.round import MinimumScope, Round, WeightConvention
from qf.units import WEIGHT_ONE
from qf.weights import Identities

Attributes = Mapping[str, Mapping[str, str]]
"""What is known of donors besides a weight: attribute -> identity -> value (groups, token balances, badges)."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """The donors x projects matrix in coordinate form, and what belongs to its rows and columns.

    Attributes:
        entries: c[i, p] in round units, sorted by (identity, project).
        against: the same for credits spent against projects; None when there are none.
        identities: name of each row.
        projects: id of each column, in code-point order.
        weight: w[i] in bps, shape (identities,); None when everybody counts in full.
        attributes: attribute -> identity -> value.
        unit_decimals: an amount of 10**unit_decimals is one whole unit of the round.
    """

    entries: Entries
    against: Entries | None
    identities: Sequence[str]
    projects: tuple[str, ...]
    weight: NDArray[np.int64] | None = None
    attributes: Attributes = field(default_factory=dict)
    unit_decimals: int = 0


@dataclass(frozen=True, eq=False)
class Counted:
    """Stages 4 to 7 of a round: which donations count, who gave them, and what they add up to."""

    ledger: DonationLedger
    screened: Screened
    identities: Identities
    contributions: Contributions


def count(round: Round, inputs: Inputs, *, takes_against: bool = False, needs_order: bool = False) -> Counted:
    """Return the donations of a round screened, priced, weighed and added up.

    Args:
        round: the rules.
        inputs: the donations and what is known about them.
        takes_against: whether the mechanism knows credits against a project.
        needs_order: whether the mechanism adds floats, so that identities have to be in name order.
    """
    ledger = inputs.ledger
    if needs_order:
        ledger = replace(ledger, donor=ledger.donor.sorted())
    identities = inputs.weights.identify(ledger.donor, round.weights)
    screened = screen(ledger, round, identities, inputs.weights, inputs.projects, takes_against=takes_against)
    projects, column = _project_codes(ledger, inputs.projects)
    priced = _Rows.of(ledger, screened, identities, column, inputs, round)
    priced = priced.without_small_gifts(round).weighed(round, identities)
    contributions = Contributions(
        entries=priced.entries(len(identities.names), len(projects), against=False),
        against=priced.entries(len(identities.names), len(projects), against=True) if priced.has_against else None,
        identities=identities.names,
        projects=projects,
        weight=None if round.weights.convention is WeightConvention.PER_DONATION else identities.weight,
        attributes=_of_identities(inputs),
        unit_decimals=round.unit_decimals,
    )
    return Counted(ledger, priced.screened, identities, contributions)


def _of_identities(inputs: Inputs) -> Attributes:
    """Return the attributes by identity: its own, else that of the first linked account in name order."""
    link = inputs.weights.identity
    return {
        name: {link.get(donor, donor): value for donor, value in sorted(values.items(), reverse=True)}
        | {donor: value for donor, value in values.items() if donor not in link}
        for name, values in inputs.attributes.items()
    }


def _project_codes(ledger: DonationLedger, projects: Sequence[Project] | None) -> tuple[tuple[str, ...], Codes]:
    """Return the project ids in order, and the place of each row's project among them (-1: not listed)."""
    column = ledger.project.sorted()
    if projects is None:
        occurs = np.bincount(column.codes, minlength=len(column.names)) > 0
        dense = (np.cumsum(occurs) - 1).astype(np.int32)
        names = tuple(name for name, used in zip(column.names, occurs.tolist(), strict=True) if used)
        return names, column.codes if occurs.all() else dense[column.codes]
    ids = tuple(project.id for project in projects)
    if ids == tuple(column.names):
        return ids, column.codes
    place = {name: position for position, name in enumerate(ids)}
    recode = np.fromiter((place.get(name, -1) for name in column.names), np.int32, len(column.names))
    return ids, recode[column.codes] if len(column) else column.codes


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows that count so far. `row` None: all rows; else their place in the ledger."""

    screened: Screened
    row: NDArray[np.int64] | None
    identity: Codes
    project: Codes
    against: NDArray[np.bool_] | None
    values: Values

    @classmethod
    def of(
        cls,
        ledger: DonationLedger,
        screened: Screened,
        identities: Identities,
        project: Codes,
        inputs: Inputs,
        round: Round,
    ) -> _Rows:
        identity = identities.codes(ledger.donor)
        if not screened.reason.any():
            values = inputs.prices.values(ledger, round.unit_decimals)
            return cls(screened, None, identity, project, ledger.against, values)
        row = np.flatnonzero(screened.counts)
        values = inputs.prices.values(ledger.take(row), round.unit_decimals)
        against = None if ledger.against is None else ledger.against[row]
        return cls(screened, row, identity[row], project[row], against, values)

    @property
    def has_against(self) -> bool:
        return self.against is not None and bool(self.against.any())

    def without_small_gifts(self, round: Round) -> _Rows:
        """Exclude what is below the minimum, per donation or per (identity, project)."""
        least = round.eligibility.min_donation * self.values.per_unit
        if least == 0:
            return self
        amount = self.values.amount
        if round.eligibility.min_donation_scope is MinimumScope.IDENTITY_PROJECT:
            amount = self._pair_totals()
        return self._keep(np.asarray(amount >= least, dtype=bool), Reason.BELOW_MINIMUM)

    def weighed(self, round: Round, identities: Identities) -> _Rows:
        """Under `per_donation`, multiply every donation by its weight and floor it; then everybody counts in full."""
        if round.weights.convention is not WeightConvention.PER_DONATION:
            return self
        weighed = self.values.whole()
        if identities.weight is not None:
            small = weighed.dtype != object and int(weighed.max(initial=0)) < 2**40
            whole = weighed if small else weighed.astype(object)
            weighed = whole * identities.weight[self.identity] // WEIGHT_ONE
        values = Values(weighed, 1)
        return _Rows(self.screened, self.row, self.identity, self.project, self.against, values)

    def entries(self, identities: int, projects: int, *, against: bool) -> Entries:
        """Add up the rows for (or against) per (identity, project), in whole round units, cut once per pair."""
        identity, project, amount = self.identity, self.project, self.values.amount
        if self.against is not None:
            side = self.against == against
            identity, project, amount = identity[side], project[side], amount[side]
        entries = aggregate(identity, project, amount, identities=identities, projects=projects)
        return entries._replace(amount=Values(entries.amount, self.values.per_unit).whole())

    def _pair_totals(self) -> Integers:
        """What the pair of each row gave in all, in fine units, shape (rows,)."""
        pair = self.identity.astype(np.int64) * (int(self.project.max(initial=0)) + 1) + self.project
        used, inverse = np.unique(pair, return_inverse=True)
        alone = aggregate(np.zeros_like(inverse), inverse, self.values.amount, identities=1, projects=len(used))
        return np.asarray(alone.amount[inverse])

    def _keep(self, kept: NDArray[np.bool_], reason: Reason) -> _Rows:
        if kept.all():
            return self
        row = np.arange(len(kept)) if self.row is None else self.row
        dropped = np.zeros(len(self.screened.reason), dtype=bool)
        dropped[row[~kept]] = True
        against = None if self.against is None else self.against[kept]
        values = Values(self.values.amount[kept], self.values.per_unit)
        screened = self.screened.excluding(dropped, reason)
        return _Rows(screened, row[kept], self.identity[kept], self.project[kept], against, values)
