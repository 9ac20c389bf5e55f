"""Donations on their way in, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import StringConstraints
from sqlmodel import col, select

from api.access import AnyoneOfRound, Operating, ReadingRound
from api.bodies import FILE, Octets, body_of
from api.intake import corrections, desks, files, webhooks
from api.intake.schema import BatchOut, Correction, Delivery, EntryOut, NewBatch, RecordedOut
from api.pages import LIMIT, After, Limit, cursor, place_of
from api.schema import Name, Page, SlugPath
from api.sources.changes import require
from api.sources.schema import SourceKind
from api.tables import Batch, Entry

router = APIRouter(tags=["donations"])


Sent = Annotated[str, Header(max_length=200)]
Key = Annotated[str, Header(min_length=1, max_length=200), StringConstraints(pattern=r"^[\x21-\x7e]+$")]

DELIVERY = body_of("application/json", Delivery.model_json_schema())


@router.post("/rounds/{round}/intake/{source}", openapi_extra=DELIVERY)
def take_delivery(
    asking: AnyoneOfRound, source: SlugPath, body: Octets, qf_delivery: Key, qf_signature: Sent = ""
) -> RecordedOut:
    """Donations and refunds from a payment provider, signed; each delivery counts once."""
    found = require(asking.session, asking.round.id, source, SourceKind.WEBHOOK)
    return webhooks.take(asking, found, body, qf_signature, qf_delivery)


@router.post("/rounds/{round}/sources/{source}/donations.csv", openapi_extra=FILE)
def take_file(asking: Operating, source: SlugPath, body: Octets) -> RecordedOut:
    """Donations from a file, as `qf settle` reads it; every one has an id and a time."""
    found = require(asking.session, asking.round.id, source, SourceKind.CSV, SourceKind.WEBHOOK)
    return files.take_file(asking, found, body)


@router.post("/rounds/{round}/sources/{source}/batches", status_code=201)
def enter_batch(asking: Operating, source: SlugPath, new: NewBatch) -> BatchOut:
    """What a desk took in: it adds up to its total, or nothing is recorded."""
    return _batch(desks.enter(asking, require(asking.session, asking.round.id, source, SourceKind.DESK), new))


@router.get("/rounds/{round}/sources/{source}/batches")
def list_batches(asking: ReadingRound, source: SlugPath, after: After = None, limit: Limit = LIMIT) -> Page[BatchOut]:
    """What a desk took in, oldest first."""
    found = require(asking.session, asking.round.id, source, SourceKind.DESK)
    rows, next_page = desks.batches(asking.session, found, after, limit)
    return Page(items=[_batch(row) for row in rows], next=next_page)


@router.get("/rounds/{round}/entries")
def list_entries(asking: ReadingRound, after: After = None, limit: Limit = LIMIT) -> Page[EntryOut]:
    """Everything that was recorded, corrections included, in the order it came."""
    query = select(Entry).where(Entry.round_id == asking.round.id).order_by(col(Entry.position))
    if after is not None:
        query = query.where(col(Entry.position) > place_of(after, int)[0])
    rows = list(asking.session.exec(query.limit(limit + 1)))
    last = cursor(rows[limit - 1].position) if len(rows) > limit else None
    return Page(items=[_entry(row) for row in rows[:limit]], next=last)


@router.get("/rounds/{round}/entries/history")
def read_history(asking: ReadingRound, id: Annotated[Name, Query()]) -> list[EntryOut]:
    """All revisions of one donation, by what the ledger calls it."""
    return [_entry(row) for row in corrections.history(asking.session, asking.round.id, id)]


@router.post("/rounds/{round}/entries/corrections", status_code=201)
def correct_donation(asking: Operating, id: Annotated[Name, Query()], wanted: Correction) -> EntryOut:
    """Correct a donation, with a reason; what was recorded before stays to be seen."""
    return _entry(corrections.correct(asking, id, wanted))


def _batch(row: Batch) -> BatchOut:
    return BatchOut(**row.model_dump(include={"id", "label", "donations", "at"}), total_base=row.total)


def _entry(row: Entry) -> EntryOut:
    shown = row.model_dump(include={"position", "revision", "donor", "project", "token", "time", "reason"})
    return EntryOut(**shown, id=row.ledger_id, amount_base=row.amount, recorded_at=row.at)
