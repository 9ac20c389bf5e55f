"""Donations to a round of Allo v1: `Voted`, in the three shapes it had, and the applications of the round.

The money goes straight to an address that the donor's call names, so a donation carries its `payee`; compare it with
the payee in the metadata of the application.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from qf.chain.sources.applications import Applications
from qf.chain.sources.base import NOBODY, asking, coin, events_of, sort_out, word
from qf.chain.types import (
    Address,
    ChainDonation,
    ChainProject,
    Decoded,
    Fact,
    Log,
    LogFilter,
    Outcome,
    Status,
)

CODES = (Status.PENDING, Status.ACCEPTED, Status.REJECTED, Status.CANCELED)
"""What the two bits of an application in `ApplicationStatusesUpdated` stand for."""


@dataclass(frozen=True)
class AlloV1:
    """The source.

    Attributes:
        round: the round.
        voting: its voting strategy, which writes `Voted`.
        payout: its payout strategy, if its events are wanted.
        factory: the factory of the round, if `RoundCreated` is wanted.
    """

    round: Address
    voting: Address
    payout: Address = NOBODY
    factory: Address = NOBODY

    donated: ClassVar = events_of(
        "Voted(address token, uint256 amount, address indexed voter, address grantAddress,"
        " bytes32 indexed projectId, address indexed roundAddress)",
        "Voted(address token, uint256 amount, address indexed voter, address grantAddress,"
        " bytes32 indexed projectId, uint256 applicationIndex, address indexed roundAddress)",
        "Voted(address token, uint256 amount, address origin, address indexed voter, address grantAddress,"
        " bytes32 indexed projectId, uint256 applicationIndex, address indexed roundAddress)",
    )
    of_round: ClassVar = events_of(
        "NewProjectApplication(bytes32 indexed project, (uint256 protocol, string pointer) applicationMetaPtr)",
        "NewProjectApplication(bytes32 indexed projectID, uint256 applicationIndex,"
        " (uint256 protocol, string pointer) applicationMetaPtr)",
        "ApplicationStatusesUpdated(uint256 indexed index, uint256 indexed status)",
        "MatchAmountUpdated(uint256 newAmount)",
    )
    of_payout: ClassVar = events_of(
        "DistributionUpdated(bytes32 merkleRoot, (uint256 protocol, string pointer) distributionMetaPtr)",
        "FundsDistributed(uint256 amount, address grantee, address indexed token, bytes32 indexed projectId)",
        "BatchPayoutSuccessful(address indexed sender)",
        "FundsWithdrawn(address indexed tokenAddress, uint256 amount, address withdrawAddress)",
        "ReadyForPayout()",
    )
    of_factory: ClassVar = events_of(
        "RoundCreated(address indexed roundAddress, address indexed ownedBy, address indexed roundImplementation)"
    )
    events: ClassVar = {**donated, **of_round, **of_payout, **of_factory}
    needs_receipts: ClassVar = False
    watched: ClassVar[tuple[Address, ...]] = ()

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contract that donations are written by."""
        return (self.voting,)

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: of each contract its events, of the voting strategy and the factory those of the round."""
        of_this = (word(self.round),)
        return (
            *asking(self.voting, self.donated, None, None, of_this),
            *asking(self.round, self.of_round),
            *asking(self.payout, self.of_payout),
            *asking(self.factory, self.of_factory, of_this),
        )

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return the donations, the applications as the round sees them now, and all else it said."""
        applications = Applications(2, CODES)
        found = sort_out(self, logs, partial(_understood, applications))
        return replace(found, projects=applications.projects)


def _understood(applications: Applications, fact: Fact) -> ChainDonation | None:
    values = fact.values
    if fact.name == "Voted":
        return ChainDonation(
            log=fact.log,
            donor=values.get("origin", values["voter"]),
            project=str(values.get("applicationIndex", values["projectId"])),
            token=coin(values["token"]),
            amount=values["amount"],
            payee=values["grantAddress"],
        )
    if fact.name == "NewProjectApplication":
        number = values.get("applicationIndex")
        project = values["project"] if number is None else str(number)
        pointer = values["applicationMetaPtr"][1]
        applications.put(ChainProject(project, number, status=Status.PENDING, pointer=pointer))
    elif fact.name == "ApplicationStatusesUpdated":
        applications.row(values["index"], values["status"])
    return None
