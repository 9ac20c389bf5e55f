"""What a worker does for gifts: looks what became of transactions, until they are on the chain for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.giving import nodes, places
from api.giving.gifts import STEP, UNFINISHED, look_again
from api.giving.schema import GiftState
from api.queue import Handler
from api.services import Services
from api.sources.changes import chain_file, sources_of
from api.sources.schema import SourceKind
from api.tables import Gift
from qf.chain.chain_file import ChainEntry
from qf.chain.node import Receipt
from qf.chain.node.reader import ChainReader
from qf.chain.sources.counted import CountedSource
from qf.chain.sync import last_final
from qf.chain.types import Hash, Log, Source
from qf.errors import ChainError

AT_ONCE = 500
"""Transactions in one look."""

SOON, LATER = 120, 60
"""A transaction is new for so many seconds; if none is new, so many seconds pass between two looks."""

LATE, LOST = 1_800, 86_400
"""Seconds after which a transaction that is on no chain was probably replaced or dropped, and after which it was."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the chain says of a transaction."""

    state: GiftState
    told: str
    block: int | None = None
    ledger_ids: Sequence[str] = ()


def follow(services: Services, work: Mapping[str, Any]) -> None:
    """Look what became of the transactions of a round on a chain, and look again later if some are not final."""
    round_id, chain_id, at = work["round"], work["chain"], services.clock()
    unfinished = select(Gift).where(Gift.round_id == round_id, Gift.chain_id == chain_id)
    unfinished = unfinished.where(col(Gift.state).in_(UNFINISHED))
    with services.database.reading() as session:
        rows = session.exec(unfinished.order_by(func.random()).limit(AT_ONCE)).all()
        source = next(each for each in sources_of(session, round_id) if each.kind == SourceKind.CHAIN)
        session.expunge_all()
    entry = places.chain_in(chain_file(services, source), chain_id, [])
    found = _look(entry, rows, at) if entry is not None and entry.endpoints else {}
    with services.database.writing() as session:
        for row in _unfinished(session, round_id, chain_id):
            if row.id in found:
                _write(session, row, found[row.id], at)
        left = _unfinished(session, round_id, chain_id)
        if left:
            is_new = any(at - row.created_at < SOON for row in left)
            look_again(session, round_id, chain_id, at, STEP if is_new else LATER)


def _unfinished(session: Session, round_id: str, chain_id: int) -> list[Gift]:
    query = select(Gift).where(Gift.round_id == round_id, Gift.chain_id == chain_id)
    return list(
        session.exec(query.where(col(Gift.state).in_(UNFINISHED)).order_by(col(Gift.changed_at)).limit(AT_ONCE))
    )


def _look(entry: ChainEntry, rows: Sequence[Gift], at: int) -> dict[str, Found]:
    """Return what the chain says of each transaction; what cannot be had now is left out, and asked for again."""
    found: dict[str, Found] = {}
    with suppress(ChainError), nodes.node_of(entry) as reader:
        final = last_final(entry, reader).number
        for row in rows:
            with suppress(ChainError):
                found[row.id] = _found(entry, reader, row, final, at)
    return found


def _found(entry: ChainEntry, reader: ChainReader, row: Gift, final: int, at: int) -> Found:
    receipt = reader.receipt(Hash(row.tx_hash))
    if receipt is None:
        return _absent(row, at)
    for_good = receipt.block_number <= final
    if not receipt.succeeded:
        return _failed(receipt, "The transaction failed on the chain; nothing was given.", for_good)
    ids = ledger_ids(entry, receipt)
    if not ids:
        return _failed(receipt, "The transaction holds nothing that this round counts as a donation.", for_good)
    told = "It is on the chain for good, and is recorded when the chain is read next."
    state = GiftState.FINAL if for_good else GiftState.SEEN
    return Found(state, told if for_good else "It is on the chain, and not final yet.", receipt.block_number, ids)


def ledger_ids(entry: ChainEntry, receipt: Receipt) -> list[str]:
    """Return what the donations that may be in a transaction are called in the ledger."""
    prefix = f"eip155:{entry.id}/{receipt.tx_hash}/"
    ids = [
        f"{prefix}{log.log_index}" for log in receipt.logs if any(_may_give(each.source, log) for each in entry.sources)
    ]
    watched = {account for source in entry.sources for account in source.source.watched}
    return [*ids, f"{prefix}native"] if receipt.to in watched else ids


def _may_give(source: Source, log: Log) -> bool:
    """Return whether a log may be a donation; a contract that counts writes one event for that, and no other."""
    if isinstance(source, CountedSource) and log.topics[:1] != (source.donated,):
        return False
    return any(wanted.fits(log) for wanted in source.filters)


def _failed(receipt: Receipt, told: str, for_good: bool) -> Found:
    return Found(GiftState.FAILED if for_good else GiftState.SEEN, told, receipt.block_number)


def _absent(row: Gift, at: int) -> Found:
    waited = at - row.created_at
    if waited >= LOST:
        return Found(GiftState.FAILED, "It did not come onto the chain within a day: it was replaced or dropped.")
    if row.state == GiftState.SEEN:
        return Found(GiftState.SENT, "It was on the chain, and is no more since a reorganisation; it may come back.")
    if waited >= LATE:
        told = "It is not on the chain after half an hour; perhaps it was replaced or dropped. Look into the wallet."
        return Found(GiftState.SENT, told)
    return Found(GiftState.SENT, row.told)


def _write(session: Session, row: Gift, found: Found, at: int) -> None:
    now = (found.state, found.told, found.block, list(found.ledger_ids))
    if now != (row.state, row.told, row.block, row.ledger_ids):
        row.state, row.told, row.block, row.ledger_ids = now
        row.changed_at = at
        session.add(row)


JOBS: Mapping[str, Handler] = {"gift.follow": follow}
