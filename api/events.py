"""Telling the world what happens in a round: to open pages, and to the addresses that asked for it.

An event is written in the transaction that causes it, so that none is told that did not happen, and none forgotten.
There is never a donor in it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, or_, select, update

from api import queue
from api.clock import new_id
from api.tables import Hook, HookDelivery, Round, RoundEvent


class EventKind(StrEnum):
    """What can happen in a round."""

    STATE = "state"
    """The round froze, opened, closed, was extended, cancelled, settled, published."""
    DONATIONS = "donations"
    """Donations were recorded, or corrected."""
    PROJECT = "project"
    """A project was approved, or taken out."""
    NOTICE = "notice"
    """The operator said something in public."""
    RECONCILIATION = "reconciliation"
    """The donations were compared with where they came from."""


def emit(session: Session, round: Round, kind: EventKind, data: dict[str, Any], at: int) -> int:
    """Return the number of a new event of a round, written with the transaction of `session`."""
    number = session.execute(
        update(Round).where(col(Round.id) == round.id).values(events=Round.events + 1).returning(col(Round.events))
    ).scalar_one()
    session.add(RoundEvent(round_id=round.id, number=number, kind=kind, data=data, at=at))
    for hook in _listening(session, round, kind):
        delivery = HookDelivery(id=new_id(), hook_id=hook.id, round_id=round.id, number=number, created_at=at)
        session.add(delivery)
        queue.enqueue(session, "hook.deliver", delivery.id, {"delivery": delivery.id}, at)
    session.flush()
    return int(number)


def _listening(session: Session, round: Round, kind: EventKind) -> list[Hook]:
    hooks = session.exec(
        select(Hook).where(
            Hook.organisation_id == round.organisation_id,
            or_(col(Hook.round_id).is_(None), Hook.round_id == round.id),
            col(Hook.stopped_at).is_(None),
        )
    )
    return [hook for hook in hooks if not hook.kinds or kind in hook.kinds]
