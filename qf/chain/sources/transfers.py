"""Donations sent straight to the addresses of projects: ERC-20 transfers, and the coin of the chain.

Coin that a contract passes on (from a Safe, or through a checkout) is an internal transfer: it is in no log and in no
transaction to the project, and cannot be seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from qf.chain.abi import Event
from qf.chain.sources.base import NothingMovedError, sort_out, standing, word
from qf.chain.types import (
    NATIVE,
    ZERO_ADDRESS,
    Address,
    ChainDonation,
    ChainProject,
    Decoded,
    Fact,
    Log,
    LogFilter,
    Outcome,
    Refused,
)

TRANSFER = Event.of("Transfer(address indexed from, address indexed to, uint256 value)")
"""What an ERC-20 token writes. An ERC-721 token writes the same first topic, with four topics."""


@dataclass(frozen=True)
class Transfers:
    """The source.

    Attributes:
        payees: the addresses of the projects; donations call the project by it.
        tokens: the ERC-20 tokens that count. Anyone can write a token that says it was transferred: only these.
        native: whether the coin of the chain counts.
    """

    payees: tuple[Address, ...]
    tokens: tuple[Address, ...] = ()
    native: bool = True

    events: ClassVar = {TRANSFER.topic: TRANSFER}
    needs_receipts: ClassVar = False

    @property
    def contracts(self) -> tuple[Address, ...]:
        """None: tokens write the transfers."""
        return ()

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: transfers of the tokens to the projects."""
        return transfers_to(self.payees, self.tokens)

    @property
    def watched(self) -> tuple[Address, ...]:
        """The projects, if the coin of the chain counts."""
        return self.payees if self.native else ()

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return what was given in tokens and in the coin of the chain, in the order of the chain."""
        found = sort_out(self, logs, given)
        donations, refused = list(found.donations), list(found.refused)
        for outcome in outcomes:
            if outcome.to in self.watched and outcome.value:
                gift = _native(outcome)
                if outcome.succeeded:
                    donations.append(gift)
                else:
                    refused.append(Refused(gift.log, "the transaction failed, so no money moved", idle=True))
        donations.sort(key=lambda gift: standing(gift.log))
        return Decoded(donations, tuple(ChainProject(payee, payee=payee) for payee in self.payees), refused)


def transfers_to(payees: Sequence[Address], tokens: Sequence[Address]) -> tuple[LogFilter, ...]:
    """Return the filter for transfers of `tokens` to `payees`; none if there are none of either."""
    topics = ((TRANSFER.topic,), None, tuple(word(payee) for payee in payees))
    return (LogFilter(tuple(tokens), topics),) if payees and tokens else ()


def given(fact: Fact) -> ChainDonation:
    """Return the donation that a transfer is.

    Raises:
        ValueError: it is none; says why.
    """
    values, log = fact.values, fact.log
    if values["value"] == 0:
        raise NothingMovedError("it transfers nothing, which anyone can write in the name of anyone")
    if values["from"] == ZERO_ADDRESS:
        raise ValueError("the token was made for the project; nobody gave it")
    if values["from"] == values["to"]:
        raise NothingMovedError("the project sent it to itself")
    return ChainDonation(log, values["from"], values["to"], log.address, values["value"], payee=values["to"])


def _native(outcome: Outcome) -> ChainDonation:
    log = Log(
        address=outcome.to,
        topics=(),
        data=b"",
        block_number=outcome.block_number,
        block_hash=outcome.block_hash,
        tx_hash=outcome.tx_hash,
        tx_index=outcome.tx_index,
        log_index=-1,
    )
    return ChainDonation(log, outcome.sender, outcome.to, NATIVE, outcome.value, payee=outcome.to)
