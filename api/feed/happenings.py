"""Events as they are stored, read for those who listen and those who ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.sse import format_sse_event
from sqlmodel import Session, col, select

from api.database import Database
from api.schema import moment_text
from api.tables import Round, RoundEvent

AT_ONCE = 500
"""Events that are read at once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event on its way to listeners: its number, 0 for one that is not kept, and how it is sent."""

    number: int
    message: bytes

    @classmethod
    def of(cls, kind: str, data: Mapping[str, Any], number: int = 0) -> Heard:
        """Return an event of a kind, as server-sent events are written."""
        named = str(number) if number else None
        return cls(number, format_sse_event(id=named, event=kind, data_str=json.dumps(data)))


def rows_after(session: Session, round_id: str, after: int, limit: int = AT_ONCE) -> Sequence[RoundEvent]:
    """Return the events of a round that follow a number."""
    query = select(RoundEvent).where(RoundEvent.round_id == round_id, col(RoundEvent.number) > after)
    return session.exec(query.order_by(col(RoundEvent.number)).limit(limit)).all()


def events_after(database: Database, round_id: str, after: int) -> list[Heard]:
    """Return the events of a round that follow a number, as they are sent."""
    with database.reading() as session:
        return [_heard(row) for row in rows_after(session, round_id, after)]


def events_since(database: Database, told: Mapping[str, int]) -> list[tuple[str, Heard]]:
    """Return what follows a number in each of some rounds: one look finds the rounds in which there is something."""
    found, rounds = [], sorted(told)
    with database.reading() as session:
        for first in range(0, len(rounds), AT_ONCE):
            query = select(Round.id, Round.events).where(col(Round.id).in_(rounds[first : first + AT_ONCE]))
            news = [name for name, events in session.exec(query) if events > told[name]]
            found += [(name, _heard(row)) for name in news for row in rows_after(session, name, told[name])]
    return found


def _heard(row: RoundEvent) -> Heard:
    return Heard.of(row.kind, {**row.data, "at": moment_text(row.at)}, row.number)
