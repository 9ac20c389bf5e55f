"""Transactions that donors sent: kept, and shown with what became of them."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import Session, col, select

from api import queue
from api.access import RoundAsking
from api.clock import new_id
from api.giving import nodes, places
from api.giving.offering import chain_source
from api.giving.schema import GiftOut, GiftState, NewGift
from api.pages import cursor, place_of
from api.problems import Conflict, Fault, Invalid
from api.reconciliation.reports import newest
from api.schema import Page
from api.sources.changes import chain_file
from api.sources.schema import SourceKind
from api.states import State
from api.tables import Entry, Gift, Round, Source

MOST = 100
"""Transactions of one account in a round that are followed at a time."""

UNFINISHED = (GiftState.SENT, GiftState.SEEN)
"""What still changes by what the chain says."""

STEP = 5
"""Seconds between two looks at a chain, at least; all gifts of a round on a chain are looked at together."""


def follow(asking: RoundAsking, new: NewGift) -> Gift:
    """Return a transaction that is followed from now on; told again, it is the same.

    Raises:
        Invalid: the round reads no such chain.
        Conflict: the round is over, there is no node, or too many are followed.
    """
    faults: list[Fault] = []
    chain = places.chain_in(chain_file(asking.services, chain_source(asking)), new.chain_id, faults)
    if chain is None:
        raise Invalid.of(faults)
    nodes.require_node(chain)
    if asking.round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        raise Conflict(f"The round is {asking.round.state}; nothing is given to it.", "round_over")
    asking.lock()
    mine = select(Gift).where(Gift.round_id == asking.round.id, Gift.account_id == asking.account)
    tx_hash = new.tx_hash.lower()
    known = asking.session.exec(mine.where(Gift.chain_id == new.chain_id, Gift.tx_hash == tx_hash)).first()
    if known is not None:
        return known
    open_ones = mine.where(col(Gift.state).in_(UNFINISHED)).subquery()
    if asking.session.exec(select(func.count()).select_from(open_ones)).one() >= MOST:
        raise Conflict(f"{MOST} transactions are followed already; wait until some are final.", "too_many_gifts")
    row = Gift(
        id=new_id(),
        round_id=asking.round.id,
        account_id=asking.account,
        chain_id=new.chain_id,
        tx_hash=tx_hash,
        state=GiftState.SENT,
        told="It was sent, and is not on the chain yet.",
        created_at=asking.at,
        changed_at=asking.at,
    )
    asking.session.add(row)
    look_again(asking.session, asking.round.id, new.chain_id, asking.at, STEP)
    return row


def look_again(session: Session, round_id: str, chain_id: int, at: int, step: int) -> None:
    """Queue the next look at a chain, one for all who ask for it within a step of some seconds."""
    due = (at // step + 1) * step
    work = {"round": round_id, "chain": chain_id}
    queue.enqueue(session, "gift.follow", f"{round_id}/{chain_id}/{due}", work, due)


def mine(asking: RoundAsking, after: str | None, limit: int) -> Page[GiftOut]:
    """Return the transactions of whoever is signed in, newest first."""
    query = select(Gift).where(Gift.round_id == asking.round.id, Gift.account_id == asking.account)
    if after is not None:
        at, name = place_of(after, int, str)
        older = (col(Gift.created_at) == at) & (col(Gift.id) < name)
        query = query.where((col(Gift.created_at) < at) | older)
    newest_first = query.order_by(col(Gift.created_at).desc(), col(Gift.id).desc())
    rows = list(asking.session.exec(newest_first.limit(limit + 1)))
    last = rows[limit - 1] if len(rows) > limit else None
    next_page = cursor(last.created_at, last.id) if last else None
    return Page(items=[shown(asking.session, asking.round, row) for row in rows[:limit]], next=next_page)


def shown(session: Session, round: Round, row: Gift) -> GiftOut:
    """Return a transaction as its sender sees it; whether it is reconciled the tables say by themselves."""
    state, told = GiftState(row.state), row.told
    if state is GiftState.FINAL:
        state, told = _recorded(session, round, row)
    known = row.model_dump(include={"id", "chain_id", "tx_hash", "block", "created_at", "changed_at"})
    return GiftOut(state=state, told=told, **known)


def _recorded(session: Session, round: Round, row: Gift) -> tuple[GiftState, str]:
    chains = select(Source.id).where(Source.round_id == round.id, Source.kind == SourceKind.CHAIN)
    query = select(Entry).where(col(Entry.source_id).in_(chains), col(Entry.external_id).in_(row.ledger_ids))
    standing = {entry.ledger_id: entry for entry in session.exec(query.order_by(col(Entry.revision)))}
    counted = [entry for entry in standing.values() if entry.amount]
    if not counted:
        return GiftState.FINAL, row.told
    reconciled = newest(session, round.id)
    if reconciled is None or reconciled.entries < max(entry.position for entry in counted):
        return GiftState.FINAL, "It is recorded in the round, and compared with the chain before the round is settled."
    return GiftState.RECONCILED, "It is recorded in the round, and was compared with the chain since."
