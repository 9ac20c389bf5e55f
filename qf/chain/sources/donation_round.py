"""Donations to a `DonationRound`, the contract of this project: it numbers them, and hashes them in order.

So a reader can prove that it has them all: `count()` of them, numbered from 0, whose running hash is `runningHash()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from qf.chain.abi import WORD, call, decode, keccak, octets
from qf.chain.node.reader import ChainReader
from qf.chain.sources.applications import Applications
from qf.chain.sources.base import asking, events_of, sort_out
from qf.chain.sources.transfers import TRANSFER, transfers_to
from qf.chain.types import (
    NATIVE,
    Address,
    BlockStamp,
    ChainDonation,
    ChainFacts,
    ChainProject,
    Decoded,
    Fact,
    Hash,
    Log,
    LogFilter,
    Outcome,
    Status,
)
from qf.errors import InputError

NO_MEMO = Hash("0x" + "00" * 32)
"""What stands in the log of a donation without a memo, and is the running hash before the first donation."""


@dataclass(frozen=True)
class DonationRound:
    """The source.

    Attributes:
        contract: the `DonationRound`.
        tokens: what it takes, `NATIVE` for the coin of the chain: their transfers to the contract back its donations.
    """

    contract: Address
    tokens: tuple[Address, ...] = ()

    events: ClassVar = {TRANSFER.topic: TRANSFER} | events_of(
        "Donated(uint256 indexed seq, bytes32 indexed project, address indexed donor,"
        " address token, uint256 amount, bytes32 memo)",
        "ProjectAdded(bytes32 indexed project, address payee)",
        "PayeeMoved(bytes32 indexed project, address from, address to)",
        "Withdrawn(bytes32 indexed project, address indexed token, address payee, uint256 amount)",
    )
    needs_receipts: ClassVar = False
    watched: ClassVar[tuple[Address, ...]] = ()

    donated: ClassVar[Hash] = next(topic for topic, event in events.items() if event.name == "Donated")
    """The first topic of a donation."""

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contract that donations are written by."""
        return (self.contract,)

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: all events of the contract, and the transfers of its tokens to it."""
        own = (topic for topic in self.events if topic != TRANSFER.topic)
        coins = tuple(token for token in self.tokens if token != NATIVE)
        return asking(self.contract, own) + transfers_to((self.contract,), coins)

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return the donations, the projects with their present payees, and as facts withdrawals and transfers."""
        projects = Applications(1, [Status.ACCEPTED])
        found = sort_out(self, logs, partial(_understood, projects))
        return replace(found, projects=projects.projects)

    def hashed(self, donations: Iterable[ChainDonation]) -> Hash:
        """Return the running hash that the contract has after `donations`."""
        return running_hash(donations)

    def facts(self, reader: ChainReader, at: BlockStamp) -> ChainFacts:
        """Return what the contract says of itself after the block `at`, and what it holds of its tokens.

        Raises:
            InputError: there is no such contract.
            ChainError: the chain cannot be read.
        """
        return ChainFacts(
            at=at,
            count=_number(reader, self.contract, call("count()"), at),
            running_hash=Hash(_answer(reader, self.contract, call("runningHash()"), at, "(bytes32)")),
            totals={token: _number(reader, self.contract, call("total(address)", token), at) for token in self.tokens},
            held={token: _number(reader, self.contract, call("held(address)", token), at) for token in self.tokens},
            balances={token: balance(reader, token, self.contract, at) for token in self.tokens},
        )


def running_hash(donations: Iterable[ChainDonation], before: Hash = NO_MEMO) -> Hash:
    """Return the hash that the contract has after `donations`.

    h' = keccak256(abi.encode(h, seq, project, donor, token, amount, memo)), from 32 zero bytes.

    >>> running_hash([])[:6]
    '0x0000'

    Args:
        donations: in the order of their `seq`.
        before: the hash before the first of them.
    """
    digest = octets(before)
    for gift in donations:
        seq, amount = (gift.seq or 0).to_bytes(WORD, "big"), gift.amount.to_bytes(WORD, "big")
        said = f"{gift.project[2:]}{gift.donor[2:]:0>64}{gift.token[2:]:0>64}", (gift.memo or NO_MEMO)[2:]
        digest = keccak(digest + seq + bytes.fromhex(said[0]) + amount + bytes.fromhex(said[1]))
    return Hash("0x" + digest.hex())


def balance(reader: ChainReader, token: Address, account: Address, at: BlockStamp) -> int:
    """Return how much of `token`, which may be `NATIVE`, an account holds after the block `at`, base units.

    Raises:
        InputError: there is no such token.
        ChainError: the chain cannot be read.
    """
    if token == NATIVE:
        return reader.balance(account, at)
    return _number(reader, token, call("balanceOf(address)", account), at)


def _understood(projects: Applications, fact: Fact) -> ChainDonation | None:
    values = fact.values
    if fact.name == "ProjectAdded":
        projects.put(ChainProject(values["project"], payee=values["payee"]))
    elif fact.name == "PayeeMoved":
        projects.update(values["project"], payee=values["to"])
    elif fact.name == "Donated":
        memo = "" if values["memo"] == NO_MEMO else values["memo"]
        return ChainDonation(
            fact.log, values["donor"], values["project"], values["token"], values["amount"], values["seq"], memo
        )
    return None


def _number(reader: ChainReader, to: Address, data: bytes, at: BlockStamp) -> int:
    number: int = _answer(reader, to, data, at, "(uint256)")
    return number


def _answer(reader: ChainReader, to: Address, data: bytes, at: BlockStamp, types: str) -> Any:
    answer = reader.call(to, data, at)
    try:
        return decode(types, answer)[0]
    except ValueError as fault:
        told = f"{to} does not answer as it should: {fault}"
        raise InputError.at(f"block {at.number}", told, "check the address and the chain") from None
