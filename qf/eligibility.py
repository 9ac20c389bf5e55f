"""Stage 4: every donation counts, or is excluded for a reason that is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.columns import Codes, Column, canonical_name
from qf.errors import Problem, ProjectError
from qf.ledger import NO_TIME, DonationLedger
from qf.round import Round, WeightConvention
from qf.units import WEIGHT_ONE
from qf.weights import DonorWeights, Identities


class Reason(StrEnum):
    """Why a donation does not count. When several hold, the first in this order is given."""

    UNKNOWN_PROJECT = "unknown_project"
    """The project is not in the list of projects of the round."""
    BEFORE_OPENING = "before_opening"
    """It was made before the round opened."""
    AFTER_CLOSING = "after_closing"
    """It was made when the round had closed."""
    TIME_UNKNOWN = "time_unknown"
    """The round has dates and the donation has none."""
    DONOR_EXCLUDED = "donor_excluded"
    """The rules exclude the account, or one that is linked to it."""
    SELF_DONATION = "self_donation"
    """The donor is an owner or the payee of the project, or is linked to one."""
    AGAINST = "against"
    """It was spent against a project, which the mechanism does not know."""
    NO_WEIGHT = "no_weight"
    """The weight of the donor is 0, or below 1 where the rule is a gate."""
    NOTHING_GIVEN = "nothing_given"
    """Its amount is 0."""
    BELOW_MINIMUM = "below_minimum"
    """It is smaller than the minimum of the round."""


REASONS = tuple(Reason)
"""Code k > 0 in `Screened.reason` stands for REASONS[k - 1]; 0 for a donation that counts."""


REASON_WORDS: Mapping[Reason, str] = {
    Reason.UNKNOWN_PROJECT: "The project is not in the list of this round.",
    Reason.BEFORE_OPENING: "Made before the round opened.",
    Reason.AFTER_CLOSING: "Made when the round had closed.",
    Reason.TIME_UNKNOWN: "The round has dates, and the time of the donation is not known.",
    Reason.DONOR_EXCLUDED: "The rules of the round exclude the account.",
    Reason.SELF_DONATION: "Given by an owner or payee of the project, or an account linked to one.",
    Reason.AGAINST: "Spent against a project, which this formula does not know.",
    Reason.NO_WEIGHT: "The donor's weight is 0, or below 1 where full weight is required.",
    Reason.NOTHING_GIVEN: "The amount is 0.",
    Reason.BELOW_MINIMUM: "Smaller than the minimum of the round.",
}
"""Each reason in a sentence a donor understands."""


@dataclass(frozen=True, slots=True)
class Project:
    """What can be funded: id, title, where it is paid, and the accounts of its owners."""

    id: str
    title: str = ""
    payout_address: str = ""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Screened:
    """Which rows count. `reason` has shape (rows,), 0 or 1 + the place in `REASONS`."""

    reason: NDArray[np.uint8]

    @property
    def counts(self) -> NDArray[np.bool_]:
        """True for the rows that count, shape (rows,)."""
        return np.asarray(self.reason == 0)

    @property
    def excluded(self) -> dict[Reason, int]:
        """How many rows each reason excluded."""
        tally = np.bincount(self.reason, minlength=len(REASONS) + 1).tolist()
        return {reason: count for reason, count in zip(REASONS, tally[1:], strict=True) if count}

    def excluding(self, rows: NDArray[Any], reason: Reason) -> Screened:
        """Return this, with the counted ones among `rows` (a mask) excluded for `reason`."""
        code = np.uint8(REASONS.index(reason) + 1)
        return Screened(np.where(rows & (self.reason == 0), code, self.reason))


def project_list(projects: Any) -> tuple[Project, ...] | None:
    """Return the projects given in plain form: ids, mappings or `Project`s; None means all that occur.

    >>> project_list(["well", {"id": "bus", "owners": ["0xAB"]}])[0]
    Project(id='bus', title='', payout_address='', owners=('0xAB',))

    Raises:
        ProjectError: naming every malformed or repeated project.
    """
    if projects is None:
        return None
    problems: list[Problem] = []
    read: dict[str, Project] = {}
    for number, given in enumerate(projects, start=1):
        try:
            project = _project(given)
            if project.id in read:
                raise ValueError(f"{project.id!r} occurs more than once")
            read[project.id] = project
        except (TypeError, ValueError) as error:
            problems.append(Problem(f"projects row {number}", str(error), "give every project a plain id of its own"))
    if problems:
        raise ProjectError(problems)
    return tuple(read[name] for name in sorted(read))


def screen(
    ledger: DonationLedger,
    round: Round,
    identities: Identities,
    weights: DonorWeights,
    projects: Iterable[Project] | None,
    *,
    takes_against: bool = False,
) -> Screened:
    """Return which rows of `ledger` count, by every rule that needs no price."""
    screened = Screened(np.zeros(len(ledger), dtype=np.uint8))
    if projects is not None:
        listed = {project.id: project for project in projects}
        known = _codes_in(ledger.project, listed)
        screened = screened.excluding(~known[ledger.project.codes], Reason.UNKNOWN_PROJECT)
    screened = _screen_times(screened, ledger, round)
    if round.eligibility.excluded_donors:
        barred = {weights.identity.get(donor, donor) for donor in round.eligibility.excluded_donors}
        known = np.fromiter((name in barred for name in identities.names), np.bool_, len(identities.names))
        screened = screened.excluding(known[identities.codes(ledger.donor)], Reason.DONOR_EXCLUDED)
    identity = identities.codes(ledger.donor)
    if projects is not None and not round.eligibility.allow_self_donation:
        screened = _screen_owners(screened, ledger.project, identity, identities, weights, listed)
    if ledger.against is not None and not takes_against:
        screened = screened.excluding(ledger.against, Reason.AGAINST)
    screened = _screen_weights(screened, identity, identities, round.weights.convention)
    return screened.excluding(np.asarray(ledger.amount == 0, dtype=bool), Reason.NOTHING_GIVEN)


def _project(given: Any) -> Project:
    if isinstance(given, Project):
        project = given
    elif isinstance(given, Mapping):
        project = Project(**given)
    else:
        project = Project(str(given))
    owners: Any = project.owners
    if isinstance(owners, str):
        raise ValueError(f"owners is the text {owners!r}, not a list of accounts")
    payee = canonical_name(project.payout_address) if project.payout_address else ""
    accounts = tuple(canonical_name(owner) for owner in owners)
    return Project(canonical_name(project.id), project.title, payee, accounts)


def _codes_in(column: Column, names: Iterable[str]) -> NDArray[np.bool_]:
    """Mask over the codes of `column`: whether the name is one of `names`."""
    wanted = frozenset(names)
    return np.fromiter((name in wanted for name in column.names), np.bool_, len(column.names))


def _screen_times(screened: Screened, ledger: DonationLedger, round: Round) -> Screened:
    if round.opens is None and round.closes is None:
        return screened
    time = ledger.time if ledger.time is not None else np.full(len(ledger), NO_TIME, dtype=np.int64)
    unknown = time == NO_TIME
    if round.opens is not None:
        screened = screened.excluding((time < round.opens) & ~unknown, Reason.BEFORE_OPENING)
    if round.closes is not None:
        screened = screened.excluding((time >= round.closes) & ~unknown, Reason.AFTER_CLOSING)
    return screened.excluding(unknown, Reason.TIME_UNKNOWN)


def _screen_owners(
    screened: Screened,
    project: Column,
    identity: Codes,
    identities: Identities,
    weights: DonorWeights,
    listed: Mapping[str, Project],
) -> Screened:
    code = {name: position for position, name in enumerate(identities.names)}
    projects = len(project.names)
    own = [
        code[behind] * projects + number
        for number, name in enumerate(project.names)
        for owner in (_owners(listed[name]) if name in listed else ())
        if (behind := weights.identity.get(owner, owner)) in code
    ]
    if not own:
        return screened
    pairs = identity.astype(np.int64) * projects + project.codes
    return screened.excluding(np.isin(pairs, own), Reason.SELF_DONATION)


def _owners(project: Project) -> tuple[str, ...]:
    accounts = (*project.owners, project.payout_address)
    return tuple(account for account in accounts if account)


def _screen_weights(
    screened: Screened, identity: Codes, identities: Identities, convention: WeightConvention
) -> Screened:
    if identities.weight is None or convention is WeightConvention.TRUST:
        return screened
    least = WEIGHT_ONE if convention is WeightConvention.GATE else 1
    return screened.excluding((identities.weight < least)[identity], Reason.NO_WEIGHT)
