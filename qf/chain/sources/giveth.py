"""Donations through Giveth's donation handler, and straight to the addresses of projects.

`DonationMade` does not say who gave. A token is moved by the handler from whoever called it, which the token's own
`Transfer` before it in the same transaction says. Of the coin of the chain only the sender of the transaction is known:
that of a Safe or an ERC-4337 account is its relayer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from qf.chain.abi import Event
from qf.chain.sources.base import NO_OUTCOME, asking, coin, outcomes_by_hash, sort_out, standing, word
from qf.chain.sources.transfers import TRANSFER, Transfers, given
from qf.chain.types import NATIVE, Address, ChainDonation, Decoded, Fact, Log, LogFilter, Outcome

MADE = Event.of("DonationMade(address indexed recipientAddress, uint256 amount, address indexed tokenAddress)")
"""What the handler writes; the zero address is the coin of the chain."""

Place = tuple[str, int]
"""A transaction and the index of a log in its block."""


@dataclass(frozen=True)
class Giveth:
    """The source.

    Attributes:
        handler: the donation handler.
        payees: the addresses of the projects; donations call the project by it.
        tokens: the ERC-20 tokens that count.
        native: whether the coin of the chain counts.
    """

    handler: Address
    payees: tuple[Address, ...]
    tokens: tuple[Address, ...] = ()
    native: bool = True

    events: ClassVar = {MADE.topic: MADE, TRANSFER.topic: TRANSFER}
    needs_receipts: ClassVar = True

    @property
    def plain(self) -> Transfers:
        """The source of what is sent to the projects without the handler."""
        return Transfers(self.payees, self.tokens, self.native)

    @property
    def contracts(self) -> tuple[Address, ...]:
        """The contract that donations are written by."""
        return (self.handler,)

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs: of the handler and of the tokens, about the projects."""
        payees = tuple(word(payee) for payee in self.payees)
        return (*asking(self.handler, (MADE.topic,), payees), *self.plain.filters)

    @property
    def watched(self) -> tuple[Address, ...]:
        """The projects, if the coin of the chain counts."""
        return self.plain.watched

    def decode(self, logs: Sequence[Log], outcomes: Sequence[Outcome] = ()) -> Decoded:
        """Return what came through the handler, and what came straight; nothing twice."""
        known = outcomes_by_hash(outcomes)
        moved: set[Place] = set()

        def made(fact: Fact) -> ChainDonation | None:
            return self._made(fact, known.get(fact.log.tx_hash), moved) if fact.name == MADE.name else None

        found = sort_out(self, logs, made)
        passed = [fact for fact in found.facts if _place(fact.log) in moved]
        plain = self.plain.decode([fact.log for fact in found.facts if _place(fact.log) not in moved], outcomes)
        donations = sorted([*found.donations, *plain.donations], key=lambda gift: standing(gift.log))
        return Decoded(donations, plain.projects, [*found.refused, *plain.refused], passed)

    def _made(self, fact: Fact, outcome: Outcome | None, moved: set[Place]) -> ChainDonation:
        token, amount, project = (
            coin(fact.values["tokenAddress"]),
            fact.values["amount"],
            fact.values["recipientAddress"],
        )
        if token not in ((*self.tokens, NATIVE) if self.native else self.tokens):
            raise ValueError(f"{token} is none of the tokens that count")
        if outcome is None:
            raise ValueError(NO_OUTCOME)
        if token == NATIVE:
            donor = self._sender(outcome)
        else:
            backing = _backing(fact, token, outcome, moved)
            moved.add(_place(backing.log))
            donor = backing.donor
        return ChainDonation(fact.log, donor, project, token, amount, payee=project)

    def _sender(self, outcome: Outcome) -> Address:
        """Return who gave coin, if the transaction carried as much to the handler as it says was given in it.

        The handler does not look at what it is sent: it writes whatever amount its caller names.
        """
        said = sum(
            int.from_bytes(log.data, "big")
            for log in outcome.logs
            if log.address == self.handler and log.topics[:1] == (MADE.topic,) and log.topics[2:] == (word(0),)
        )
        if outcome.to != self.handler:
            raise ValueError("the handler was called by another contract, so that nothing shows what coin it was sent")
        if said > outcome.value:
            raise ValueError(f"the handler says {said} was given, and the transaction carried {outcome.value}")
        return outcome.sender


def _place(log: Log) -> Place:
    return log.tx_hash, log.log_index


def _backing(fact: Fact, token: Address, outcome: Outcome, moved: set[Place]) -> ChainDonation:
    """Return the transfer that moved a donation: the last one before it that fits and backs no other."""
    for log in sorted(outcome.logs, key=lambda log: -log.log_index):
        if log.log_index > fact.log.log_index or log.address != token or _place(log) in moved:
            continue
        try:
            gift = given(Fact(TRANSFER.name, TRANSFER.decode(log.topics, log.data), log))
        except ValueError:
            continue
        if (gift.project, gift.amount) == (fact.values["recipientAddress"], fact.values["amount"]):
            return gift
    raise ValueError(f"no transfer of {fact.values['amount']} of {token} to the project backs it")
