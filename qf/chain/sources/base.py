"""What every source does with its logs: ask for them by event, read them, and say what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from qf.chain.abi import Event
from qf.chain.types import (
    NATIVE,
    ZERO_ADDRESS,
    Address,
    ChainDonation,
    Decoded,
    Fact,
    Hash,
    Log,
    LogFilter,
    Outcome,
    Refused,
)

NOBODY = Address("")
"""No contract."""

NO_OUTCOME = "its transaction was not read; read again with receipts"
"""Why a log is refused whose transaction has to be known and is not."""


class NothingMovedError(ValueError):
    """A log says that money moved, and none did: anybody can have it written, in anybody's name."""


class Readable(Protocol):
    """What `sort_out` has to know of a source."""

    @property
    def filters(self) -> tuple[LogFilter, ...]:
        """The logs it needs."""

    @property
    def events(self) -> dict[Hash, Event]:
        """The events it reads, by their first topic."""


def events_of(*declarations: str) -> dict[Hash, Event]:
    """Return the declared events by their first topic."""
    events = [Event.of(text) for text in declarations]
    return {event.topic: event for event in events}


def asking(contract: Address, events: Iterable[Hash], *topics: tuple[Hash, ...] | None) -> tuple[LogFilter, ...]:
    """Return the filter for some events of one contract; none if there is no contract.

    Args:
        contract: who writes them; "" for none.
        events: their first topics.
        topics: what the next topics have to be.
    """
    return (LogFilter((contract,), (tuple(events), *topics)),) if contract else ()


def word(value: str | int) -> Hash:
    """Return an address or a number as a topic.

    >>> word(608)[-4:]
    '0260'
    """
    digits = f"{value:x}" if isinstance(value, int) else value.removeprefix("0x")
    return Hash("0x" + digits.rjust(64, "0"))


def coin(token: str) -> Address:
    """Return the token, or `NATIVE` where a contract writes the zero address for the coin of the chain."""
    return NATIVE if token == ZERO_ADDRESS else Address(token)


def sort_out(source: Readable, logs: Iterable[Log], donation: Callable[[Fact], ChainDonation | None]) -> Decoded:
    """Return the donations in `logs`, the facts, and what is refused, in the order of the chain.

    Args:
        source: whose logs they are.
        logs: in the order of the chain.
        donation: makes a donation of what a log says; returns None if it is none, and raises `ValueError` if it cannot
            be. It may take notice of what it sees.
    """
    donations: list[ChainDonation] = []
    facts: list[Fact] = []
    refused: list[Refused] = []
    filters, events = source.filters, source.events
    for log in logs:
        if not any(wanted.fits(log) for wanted in filters):
            refused.append(Refused(log, f"{log.address} was not asked for such a log; another contract may imitate it"))
            continue
        event = events[log.topics[0]]
        try:
            fact = Fact(event.name, event.decode(log.topics, log.data), log)
            gift = donation(fact)
        except ValueError as fault:
            refused.append(Refused(log, f"{event.name}: {fault}", isinstance(fault, NothingMovedError)))
            continue
        if gift is None:
            facts.append(fact)
        else:
            donations.append(gift)
    return Decoded(donations, (), refused, facts)


def standing(log: Log) -> tuple[int, int, int]:
    """Return the order of the chain, which also holds for transfers of its own coin: block, transaction, log."""
    return log.block_number, log.tx_index, log.log_index


def outcomes_by_hash(outcomes: Sequence[Outcome]) -> dict[Hash, Outcome]:
    """Return the outcomes by the hash of their transaction."""
    return {outcome.tx_hash: outcome for outcome in outcomes}
