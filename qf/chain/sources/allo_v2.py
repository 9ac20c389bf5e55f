"""Donations to a pool of Allo v2 with a donation voting strategy, and the projects registered there.

The money went to the project's payee at that block: the log does not name it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from qf.chain.abi import decode, octets
from qf.chain.sources.applications import Applications
from qf.chain.sources.base import NOBODY, asking, events_of, sort_out, word
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

CODES = (
    Status.NONE,
    Status.PENDING,
    Status.ACCEPTED,
    Status.REJECTED,
    Status.APPEALED,
    Status.IN_REVIEW,
    Status.CANCELED,
)
"""What the four bits of an application in `RecipientStatusUpdated` stand for."""

REGISTRATION = "(address anchor, address payee, (uint256 protocol, string pointer))"
"""What a project sends to register; the contract checked it."""

DONORS = ("origin", "sender")
"""Whom a donation can be credited to, as `AlloV2.donor` says."""


@dataclass(frozen=True)
class AlloV2:
    """The source.

    Attributes:
        strategy: the strategy of the pool.
        donor: "origin", who sent the transaction, or "sender", who called: most people give through a checkout
            contract, so that only the origin is a person. A Safe or an account of ERC-4337 has its relayer as
            origin: the contract does not say who gave.
        allo: the Allo contract, if the events of the pool are wanted.
        pool: the number of the pool.
    """

    strategy: Address
    donor: str = "origin"
    allo: Address = NOBODY
    pool: int = 0

    of_strategy: ClassVar = events_of(
        "Allocated(address indexed recipientId, uint256 amount, address token, address sender, address origin)",
        "Allocated(address indexed recipientId, uint256 amount, address token, address sender)",
        "Registered(address indexed recipientId, bytes data, address sender)",
        "UpdatedRegistration(address indexed recipientId, bytes data, address sender, uint8 status)",
        "RecipientStatusUpdated(uint256 indexed rowIndex, uint256 fullRow, address sender)",
        "TimestampsUpdated(uint64 registrationStartTime, uint64 registrationEndTime,"
        " uint64 allocationStartTime, uint64 allocationEndTime, address sender)",
        "DistributionUpdated(bytes32 merkleRoot, (uint256 protocol, string pointer) metadata)",
        "FundsDistributed(uint256 amount, address grantee, address indexed token, address indexed recipientId)",
        "BatchPayoutSuccessful(address indexed sender)",
        "Distributed(address indexed recipientId, address recipientAddress, uint256 amount, address sender)",
        "DirectAllocated(bytes32 indexed profileId, address profileOwner, uint256 amount, address token,"
        " address sender)",
        "Claimed(address indexed recipientId, address recipientAddress, uint256 amount, address token)",
    )
    of_allo: ClassVar = events_of(
        "PoolCreated(uint256 indexed poolId, bytes32 indexed profileId, address strategy, address token,"
        " uint256 amount, (uint256 protocol, string pointer) metadata)",
        "PoolFunded(uint256 indexed poolId, uint256 amount, uint256 fee)",
        "PoolMetadataUpdated(uint256 indexed poolId, (uint256 protocol, string pointer) metadata)",
    )
    events: ClassVar = {**of_strategy, **of_allo}
    needs_receipts: ClassVar = False
    watched: ClassVar[tuple[Address, ...]] = ()

    def __post_init__(self) -> None:
        """Check whom donations are credited to."""
        if self.donor not in DONORS:
            raise ValueError(f"donor {self.donor!r} is none of {', '.join(DONORS)}")

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contract that donations are written by."""
        return (self.strategy,)

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: the events of the strategy, and those of the Allo contract about the pool."""
        return (*asking(self.strategy, self.of_strategy), *asking(self.allo, self.of_allo, (word(self.pool),)))

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return the donations, the projects as the pool sees them now, and all else it said."""
        applications = Applications(4, CODES)
        found = sort_out(self, logs, partial(self._understood, applications))
        return replace(found, projects=applications.projects)

    def _understood(self, applications: Applications, fact: Fact) -> ChainDonation | None:
        values = fact.values
        if fact.name == "Allocated":
            donor = values.get(self.donor, values["sender"])
            return ChainDonation(fact.log, donor, values["recipientId"], values["token"], values["amount"])
        if fact.name == "Registered":
            register(applications, values["recipientId"], values["data"], _registration)
        else:
            review(applications, fact, _registration)
        return None


Registration = Callable[[str], tuple[Address, str]]
"""Reads what a project sent to register: where it is paid, and where its description is."""


def register(applications: Applications, project: str, data: str, registration: Registration) -> None:
    """Remember a new application, which is pending.

    The contract counts applications from 1; everybody else, from 0.

    Raises:
        ValueError: what the project sent is malformed; says how.
    """
    sent, counter = decode("(bytes,uint256)", octets(data))
    if counter < 1:
        raise ValueError("the contract counts applications from 1, and this one is 0")
    payee, pointer = registration(sent)
    applications.put(ChainProject(project, counter - 1, payee, Status.PENDING, pointer))


def review(applications: Applications, fact: Fact, registration: Registration) -> None:
    """Change the applications as an event says that v2 and v2.1 share; others change none.

    Raises:
        ValueError: what the project sent is malformed, or there is no such status; says how.
    """
    values = fact.values
    if fact.name == "UpdatedRegistration":
        payee, pointer = registration(values["data"])
        status = applications.status(values["status"])
        applications.update(values["recipientId"], payee=payee, pointer=pointer, status=status)
    elif fact.name == "RecipientStatusUpdated":
        applications.row(values["rowIndex"], values["fullRow"])


def _registration(data: str) -> tuple[Address, str]:
    _, payee, (_, pointer) = decode(REGISTRATION, octets(data))
    return payee, pointer
