"""Stage 11: what a round decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from qf.eligibility import Reason
from qf.errors import InvariantError
from qf.mechanisms import Arithmetic
from qf.round import Round
from qf.units import BaseUnits, RoundUnits


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """What a project gets, and every number on the way.

    Attributes:
        project: its id.
        contributed: what counted donors gave it, in round units.
        donors: how many identities gave.
        ideal_match: what the formula gives, in round units.
        scaled_match: after the pool, in base units of the payout token.
        capped_match: after the cap, in base units.
        payout: what is paid, in base units.
        capped: whether it is at the cap.
    """

    project: str
    contributed: RoundUnits
    donors: int
    ideal_match: Fraction
    scaled_match: Fraction
    capped_match: Fraction
    payout: BaseUnits
    capped: bool


@dataclass(frozen=True, slots=True)
class RoundResult:
    """The result of a round: payouts + unspent = pool, always.

    Attributes:
        round: the rules it was settled by.
        projects: one result per project, in the order of their ids.
        unspent: what is left of the pool, in base units.
        saturated: whether the round asks for at least the pool; None where ideal matches are not money.
        arithmetic: how ideal matches were computed.
        excluded: how many donations each reason excluded.
        donations: how many donations there are in all.
        donors: how many identities are counted.
        notes: what the mechanism has to tell about how it came to its matches.
    """

    round: Round
    projects: tuple[ProjectResult, ...]
    unspent: BaseUnits
    saturated: bool | None
    arithmetic: Arithmetic
    excluded: Mapping[Reason, int]
    donations: int
    donors: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        paid = sum(project.payout for project in self.projects)
        if paid + self.unspent != self.round.pool.amount or self.unspent < 0:
            raise InvariantError(f"paid {paid} and left {self.unspent} of a pool of {self.round.pool.amount}")

    @property
    def payouts(self) -> dict[str, BaseUnits]:
        """Payout of each project, in base units."""
        return {project.project: project.payout for project in self.projects}

    def __getitem__(self, project: str) -> ProjectResult:
        """Return the result of the project with this id."""
        for result in self.projects:
            if result.project == project:
                return result
        raise KeyError(project)
