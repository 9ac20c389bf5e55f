"""What a worker does for hooks: every event is told at least once, and for a day if nobody answers."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from api import queue, signing
from api.hooks.changes import SEALED, address_of
from api.hooks.schema import Delivered
from api.hooks.sending import Outcome, post
from api.hooks.words import TEST, sentence
from api.queue import Failure, Handler
from api.schema import moment_text
from api.services import Services
from api.tables import Hook, HookDelivery, Job, Round, RoundEvent

DAY = 86_400
"""Seconds after which a delivery that nobody takes has failed."""

LONGEST_WAIT = 6 * 3_600
"""Seconds between two attempts, at most."""


def deliver(services: Services, work: Mapping[str, Any]) -> None:
    """Tell one event to one hook; if it is not taken, try again after a while that gets longer."""
    with services.database.reading() as session:
        row = session.get_one(HookDelivery, work["delivery"])
        hook = session.get_one(Hook, row.hook_id)
        if row.state != Delivered.WAITING or hook.stopped_at is not None:
            return
        silent = _is_silent(session, row)
        body = json.dumps(_body(session, row), ensure_ascii=False).encode()
    if silent:
        _write(services, work, None)
        return
    at = services.clock()
    secret, *former = signing.secrets_of(services.secrecy, SEALED, hook, at)
    headers = {signing.SIGNATURE: signing.sign(secret, body, at, *former), signing.DELIVERY: row.id}
    private = services.settings.allow_private_addresses
    _write(services, work, post(address_of(services.secrecy, hook), body, headers, private=private))


def wait_after(attempts: int) -> int:
    """Return how many seconds to wait after so many attempts: 10, 30, 90, ..., each up to a half longer by chance.

    >>> 30 <= wait_after(2) <= 45
    True
    """
    wait: int = min(10 * 3 ** min(attempts - 1, 20), LONGEST_WAIT)
    return wait + random.randint(0, wait // 2)


def _write(services: Services, work: Mapping[str, Any], outcome: Outcome | None) -> None:
    """Write down what came of an attempt, None if there was none, and queue the next one if there is to be one."""
    at = services.clock()
    with services.database.writing() as session:
        query = select(HookDelivery).where(HookDelivery.id == work["delivery"]).with_for_update()
        row = session.exec(query).one()
        if row.state != Delivered.WAITING:
            return
        was_silent = row.attempts > 0 and row.status == 0
        if outcome is not None:
            row.attempts, row.status, row.told = row.attempts + 1, outcome.status, outcome.told
        session.add(row)
        if outcome is not None and outcome.delivered:
            row.state, row.ended_at = Delivered.DELIVERED, at
            if was_silent:
                _wake(session, row, at)
        elif at - work.get("since", row.created_at) >= DAY:
            row.state, row.ended_at = Delivered.FAILED, at
            row.told = row.told or "not tried, as nothing answered there"
        else:
            tried = work.get("tried", 0) + 1
            key = f"{row.id}/{work.get('series', '')}/{tried}"
            queue.enqueue(session, "hook.deliver", key, {**work, "tried": tried}, at + wait_after(tried))


def _wake(session: Session, row: HookDelivery, at: int) -> None:
    """Send what waited because nothing answered."""
    query = select(HookDelivery).where(HookDelivery.hook_id == row.hook_id, HookDelivery.state == Delivered.WAITING)
    for other in session.exec(query.where(HookDelivery.id != row.id)).all():
        work = {"delivery": other.id, "series": row.id}
        queue.enqueue(session, "hook.deliver", f"{other.id}/{row.id}", work, at)


def _given_up(session: Session, job: Job) -> None:
    row = session.get_one(HookDelivery, job.work["delivery"])
    if row.state == Delivered.WAITING:
        row.state, row.ended_at, row.told = Delivered.FAILED, job.ended_at, "could not be sent; see the job"
        session.add(row)


def _is_silent(session: Session, row: HookDelivery) -> bool:
    """Return whether another delivery waits because nothing answers there: one at a time finds out when that ends."""
    others = select(HookDelivery.id).where(HookDelivery.hook_id == row.hook_id, HookDelivery.id != row.id)
    waiting = others.where(HookDelivery.state == Delivered.WAITING, HookDelivery.status == 0)
    tried = waiting.where(col(HookDelivery.attempts) > row.attempts)
    return session.exec(tried.limit(1)).first() is not None


def _body(session: Session, row: HookDelivery) -> dict[str, Any]:
    """Return what is sent: words for people, and the event for programs, which know by its number if they have it."""
    if not row.round_id:
        return {"text": TEST, "event": "test", "round": None, "number": row.number, "data": {}}
    round = session.get_one(Round, row.round_id)
    event = session.get_one(RoundEvent, (row.round_id, row.number))
    told = {"event": event.kind, "round": round.id, "number": event.number, "data": event.data}
    return {"text": sentence(round.title, event.kind, event.data), **told, "at": moment_text(event.at)}


JOBS: Mapping[str, Handler] = {"hook.deliver": deliver}

FAILURES: Mapping[str, Failure] = {"hook.deliver": _given_up}
