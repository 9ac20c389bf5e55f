"""What is read from a chain: blocks, logs, and the donations in them. Nothing here talks to a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType, Protocol

import msgspec

ChainId = NewType("ChainId", int)
"""The number of a chain by EIP-155: 1 is Ethereum, 10 is Optimism."""

Address = NewType("Address", str)
"""An account on a chain: 0x and 40 hex digits in lower case, which is how `qf` writes every account."""

Hash = NewType("Hash", str)
"""Of a block, a transaction, or a topic: 0x and 64 hex digits in lower case."""

NATIVE = Address("0x" + "ee" * 20)
"""Stands for the coin of the chain itself where a token is named (as in Allo v2)."""

ZERO_ADDRESS = Address("0x" + "00" * 20)
"""Nobody; some contracts write it for the coin of the chain."""


@dataclass(frozen=True, slots=True)
class BlockStamp:
    """Which block something was read at: travels with every reading of a chain.

    Attributes:
        number, hash, parent: the block and the one before it.
        time: seconds since 1970 UTC.
    """

    number: int
    hash: Hash
    parent: Hash
    time: int


class Log(msgspec.Struct, frozen=True, gc=False):
    """What a contract wrote, as the chain keeps it. A struct: a round has many, and it is made ten times faster.

    Attributes:
        address: the contract that wrote it.
        topics: up to four hashes; the first says which event it is.
        data: the rest of the event, in words of 32 bytes.
        block_number, block_hash, tx_hash, tx_index, log_index: where it stands.
    """

    address: Address
    topics: tuple[Hash, ...]
    data: bytes
    block_number: int
    block_hash: Hash
    tx_hash: Hash
    tx_index: int
    log_index: int

    @property
    def place(self) -> tuple[int, int]:
        """The order of the chain: block, then log."""
        return self.block_number, self.log_index


@dataclass(frozen=True, slots=True)
class ChainDonation:
    """A donation as a source reads it out of one log (or one transaction), before the round gives it names.

    Attributes:
        log: where it stands; for a transfer of the chain's own coin `log_index` is -1 and `topics` are empty.
        donor: who gave: the signer, never the relayer, where the contract says so.
        project: what the contract calls the project: an address, a key of 32 bytes, or an application number.
        token: the token, or `NATIVE`.
        amount: base units of `token`.
        seq: number of the donation in its contract, gap-free from 0, where the contract counts.
        memo: the id the donor's program gave it, where the contract carries one.
        payee: where the contract says the money went; "" if it does not say. A donation of Allo v1 names it itself, so
            it has to be compared with the project's own payee.
    """

    log: Log
    donor: Address
    project: str
    token: Address
    amount: int
    seq: int | None = None
    memo: str = ""
    payee: Address = Address("")


class Status(StrEnum):
    """What the round said of an application."""

    NONE = "none"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    APPEALED = "appealed"
    IN_REVIEW = "in_review"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class ChainProject:
    """A project as a contract knows it.

    Attributes:
        project: what donations call it, as in `ChainDonation.project`.
        application: its number in the round, where there is one.
        payee: where it is paid; "" if the contract does not say.
        status: what the round decided last.
        pointer: where its description is (a CID); "" if nowhere.
    """

    project: str
    application: int | None = None
    payee: Address = Address("")
    status: Status = Status.ACCEPTED
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A log that was asked for and cannot be a donation, with the reason: nothing is dropped in silence.

    Attributes:
        log: which.
        why: the reason.
        idle: whether it moved no money, which anybody can have written for nothing: there is nothing to look into.
    """

    log: Log
    why: str
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """An event of the contract that is no donation: dates, the pool, a root, a payout.

    Attributes:
        name: of the event, in the contract's words.
        values: what it says, by the contract's names.
        log: where it stands.
    """

    name: str
    values: Mapping[str, Any]
    log: Log


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a source reads out of its logs. Every log given to it is a donation, refused or a fact.

    A log that changes a project is a fact as well; `projects` are what they all come to.
    """

    donations: Sequence[ChainDonation] = ()
    projects: Sequence[ChainProject] = ()
    refused: Sequence[Refused] = ()
    facts: Sequence[Fact] = ()

    @property
    def unreadable(self) -> tuple[Refused, ...]:
        """What was refused and somebody has to look into."""
        return tuple(each for each in self.refused if not each.idle)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A transaction and what came of it, for what no log says: who sent it and what coin of the chain it carried.

    Attributes:
        tx_hash, block_number, block_hash, tx_index: where it stands.
        sender: who signed it.
        to: the account it was sent to; "" if it made a contract.
        value: base units of the chain's own coin that it carried.
        succeeded: whether it did anything; one that failed moved no money.
        logs: all logs of it, in order.
    """

    tx_hash: Hash
    block_number: int
    block_hash: Hash
    tx_index: int
    sender: Address
    to: Address
    value: int
    succeeded: bool
    logs: tuple[Log, ...] = ()


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs to ask a node for, as in `eth_getLogs`.

    Attributes:
        addresses: the contracts; empty: any.
        topics: for each of the up to four places the hashes that fit; None: any.
    """

    addresses: tuple[Address, ...] = ()
    topics: tuple[tuple[Hash, ...] | None, ...] = ()

    def fits(self, log: Log) -> bool:
        """Return whether `log` is what was asked for; a node may send something else."""
        if self.addresses and log.address not in self.addresses:
            return False
        asked = [(place, hashes) for place, hashes in enumerate(self.topics) if hashes is not None]
        return all(place < len(log.topics) and log.topics[place] in hashes for place, hashes in asked)

    def overlaps(self, other: LogFilter) -> bool:
        """Return whether one log may be what both ask for."""
        if self.addresses and other.addresses and not set(self.addresses) & set(other.addresses):
            return False
        both = zip(self.topics, other.topics, strict=False)
        return all(ours is None or theirs is None or set(ours) & set(theirs) for ours, theirs in both)


class Source(Protocol):
    """One kind of contract that donations are read from. Adding one is one file in `qf/chain/sources/`."""

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contracts of the round that write its donations; none where tokens do."""

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs, all of them."""

    @property
    def needs_receipts(self) -> bool:
        """Whether it needs the `Outcome` of the transaction of each of its logs."""

    @property
    def watched(self) -> tuple[Address, ...]:
        """The accounts of whose incoming transactions it needs the `Outcome`; finding them takes whole blocks."""

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return what is in `logs` and `outcomes`.

        Args:
            logs: all its logs so far, in the order of the chain.
            outcomes: of the transactions it asks for by `needs_receipts` and `watched`, in the order of the chain.
        """


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What a contract says of itself at one block, to compare with what was read.

    Attributes:
        at: the block.
        count: how many donations it counted, or None if it does not count.
        running_hash: hash of all its donations in order, or None.
        totals: token -> everything ever credited in it, base units.
        held: token -> what it should hold now by its own books, base units.
        balances: token -> what it holds, base units.
    """

    at: BlockStamp
    count: int | None = None
    running_hash: Hash | None = None
    totals: dict[Address, int] = field(default_factory=dict)
    held: dict[Address, int] = field(default_factory=dict)
    balances: dict[Address, int] = field(default_factory=dict)
