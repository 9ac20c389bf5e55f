"""Donations to a pool of Allo v2.1 as it was developed: the events of its strategies keep their details in `bytes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from qf.chain.abi import decode, octets
from qf.chain.sources.allo_v2 import CODES, register, review
from qf.chain.sources.applications import Applications
from qf.chain.sources.base import asking, events_of, sort_out
from qf.chain.types import (
    Address,
    ChainDonation,
    Decoded,
    Fact,
    Log,
    LogFilter,
    Outcome,
)

REGISTRATION = "(address project, (uint256 protocol, string pointer), bytes extra)"
"""What a project sends to register. Strategies that pay to an address find it in `extra`, others leave that empty."""


@dataclass(frozen=True)
class AlloV21:
    """The source.

    Attributes:
        strategy: the strategy of the pool.
    """

    strategy: Address

    events: ClassVar = events_of(
        "Allocated(address indexed _recipient, address indexed _sender, uint256 _amount, bytes _data)",
        "Registered(address indexed _recipient, bytes _data)",
        "UpdatedRegistration(address indexed recipientId, bytes data, address sender, uint8 status)",
        "RecipientStatusUpdated(uint256 indexed rowIndex, uint256 fullRow, address sender)",
        "AllocationTimestampsUpdated(uint64 allocationStartTime, uint64 allocationEndTime, address sender)",
        "RegistrationTimestampsUpdated(uint64 registrationStartTime, uint64 registrationEndTime, address sender)",
        "Distributed(address indexed _recipient, bytes _data)",
        "DistributionUpdated(bytes32 merkleRoot, (uint256 protocol, string pointer) metadata)",
        "PayoutSet(address indexed recipientId, uint256 amount)",
    )
    needs_receipts: ClassVar = False
    watched: ClassVar[tuple[Address, ...]] = ()

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contract that donations are written by."""
        return (self.strategy,)

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: all events of the strategy."""
        return asking(self.strategy, self.events)

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return the donations, the projects as the pool sees them now, and all else it said."""
        applications = Applications(4, CODES)
        found = sort_out(self, logs, partial(_understood, applications))
        return replace(found, projects=applications.projects)


def _understood(applications: Applications, fact: Fact) -> ChainDonation | None:
    values = fact.values
    if fact.name == "Allocated":
        (token,) = decode("(address)", octets(values["_data"]))
        return ChainDonation(fact.log, values["_sender"], values["_recipient"], token, values["_amount"])
    if fact.name == "Registered":
        register(applications, values["_recipient"], values["_data"], _registration)
    else:
        review(applications, fact, _registration)
    return None


def _registration(data: str) -> tuple[Address, str]:
    _, (_, pointer), extra = decode(REGISTRATION, octets(data))
    payee = decode("(address)", octets(extra))[0] if extra != "0x" else ""
    return Address(payee), pointer
