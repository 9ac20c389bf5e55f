"""What an explanation says, as plain values. Words and tables are made of them by `qf.cli` and `qf.report`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from qf.eligibility import Reason
from qf.result import ProjectResult
from qf.units import BaseUnits, Bps, RoundUnits


@dataclass(frozen=True, slots=True)
class DonationExplanation:
    """How one donation was counted.

    Attributes:
        id: its unique name.
        account: who gave; the identity behind it may have other accounts.
        project: what it was given to.
        amount: base units of `token`, or round units where `token` is "".
        token: what was given.
        decimals: base units per whole token (or whole unit of the round), as a power of ten.
        time: seconds since 1970 UTC, or None.
        against: whether credits were spent against the project.
        value: what it is worth in round units, or None where the token has no price.
        weight: of the identity, bps.
        reason: why it does not count, or None if it counts.
        sentence: the same in words, with what the donor could do.
    """

    id: str
    account: str
    project: str
    amount: int
    token: str
    decimals: int
    time: int | None
    against: bool
    value: Fraction | None
    weight: Bps
    reason: Reason | None
    sentence: str


@dataclass(frozen=True, slots=True)
class DonorEffect:
    """What one identity did for one project.

    Attributes:
        project, identity: which.
        given: what counted of it in all, round units.
        donations: how many donations that is.
        weight: of the identity, bps.
        match, match_without: capped match of the project with and without everything the identity gave, base units.
        payout, payout_without: the same in whole base units; None where it was not settled again.
        leverage: (payout - payout_without) / given in one currency; None where there is no price, or none was given.
    """

    project: str
    identity: str
    given: RoundUnits
    donations: int
    weight: Bps
    match: Fraction
    match_without: Fraction
    payout: BaseUnits | None = None
    payout_without: BaseUnits | None = None
    leverage: Fraction | None = None


@dataclass(frozen=True, slots=True)
class DonorExplanation:
    """How everything one donor gave was counted.

    Attributes:
        donor: the account asked for.
        identity: who is behind it.
        accounts: all accounts of that identity that gave.
        weight: of the identity, bps.
        donations: one by one, by project and time.
        projects: what they did, for each project with a donation that counts.
        notes: what else has to be known to read this.
    """

    donor: str
    identity: str
    accounts: tuple[str, ...]
    weight: Bps
    donations: tuple[DonationExplanation, ...]
    projects: tuple[DonorEffect, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectExplanation:
    """How everything given to one project was counted.

    Attributes:
        project, title: its id and name.
        result: what it gets and every number on the way; None where the mechanism is undefined on these donations.
        counted: how many donations count.
        excluded: how many do not, by reason.
        donors: the effect of those who gave most, the largest first.
        notes: what else has to be known to read this.
    """

    project: str
    title: str
    result: ProjectResult | None
    counted: int
    excluded: Mapping[Reason, int]
    donors: tuple[DonorEffect, ...]
    notes: tuple[str, ...]
