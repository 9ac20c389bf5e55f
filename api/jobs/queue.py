"""The queue of jobs: a table, so that a job is queued in the transaction that needs it."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import and_, or_, update
from sqlmodel import Session, col, select

from api.services import Services
from api.tables import Job

Handler = Callable[[Services, Mapping[str, Any]], None]
"""Does the work of a job. It opens its own transactions; it may die anywhere, and is then begun anew."""

LEASE = 30
"""Seconds after which a job is another worker's, unless its worker says that it lives."""

ATTEMPTS = 8
"""How often a job is begun before it has failed."""

LONGEST_WAIT = 3_600
"""Seconds between two attempts, at most."""


def enqueue(session: Session, kind: str, key: str, work: dict[str, Any], at: int) -> int:
    """Return the number of a job, queued with the transaction of `session`; a job of this kind and key is not doubled.

    Args:
        session: the transaction.
        kind: a key of the registry of jobs.
        key: the same key is the same job: if there is one already, that one is returned, done or not.
        work: what it is told.
        at: not before this, seconds.
    """
    known = session.exec(select(Job).where(Job.kind == kind, Job.key == key)).first()
    if known is None:
        known = Job(kind=kind, key=key, work=work, due_at=at, created_at=at)
        session.add(known)
        session.flush()
    assert known.id is not None
    return known.id


def claim(session: Session, worker: str, kinds: Collection[str], at: int) -> Job | None:
    """Return the job that is due longest, leased to `worker`, or None: one that waits, or one whose worker fell silent.

    The lease is committed with the transaction of `session`.
    """
    due = or_(
        and_(col(Job.state) == "queued", col(Job.due_at) <= at),
        and_(col(Job.state) == "running", col(Job.leased_until) < at),
    )
    first = (
        select(Job.id).where(due, col(Job.kind).in_(kinds)).order_by(col(Job.due_at), col(Job.id)).limit(1)
    ).with_for_update(skip_locked=True)
    found = session.execute(
        update(Job)
        .where(col(Job.id) == first.scalar_subquery())
        .values(state="running", attempts=Job.attempts + 1, lease=worker, leased_until=at + LEASE)
        .returning(col(Job.id))
    ).scalar_one_or_none()
    return None if found is None else session.get(Job, found, populate_existing=True)


def keep(session: Session, job: int, worker: str, at: int) -> bool:
    """Return whether `worker` still has the lease of a job, which is then prolonged."""
    return _while_leased(session, job, worker, leased_until=at + LEASE)


def finish(session: Session, job: Job, worker: str, at: int, problem: str = "") -> bool:
    """Return whether what became of a job was written down: False if `worker` has lost the lease meanwhile.

    Args:
        session: the transaction.
        job: as it was claimed.
        worker: who did it.
        at: now.
        problem: why it was not done; it is then tried again after a while that doubles each time.
    """
    assert job.id is not None
    if not problem:
        return _while_leased(session, job.id, worker, state="done", ended_at=at, lease="", problem="")
    if job.attempts >= ATTEMPTS:
        return _while_leased(session, job.id, worker, state="failed", ended_at=at, lease="", problem=problem)
    due = at + wait_after(job.attempts)
    return _while_leased(session, job.id, worker, state="queued", due_at=due, lease="", problem=problem)


def wait_after(attempts: int) -> int:
    """Return how many seconds to wait after so many attempts: 2, 4, 8, ..., each up to a half longer by chance.

    >>> 4 <= wait_after(2) <= 6
    True
    """
    wait: int = min(2**attempts, LONGEST_WAIT)
    return wait + random.randint(0, wait // 2)


def _while_leased(session: Session, job: int, worker: str, **values: Any) -> bool:
    mine = [col(Job.id) == job, col(Job.lease) == worker, col(Job.state) == "running"]
    return session.execute(update(Job).where(*mine).values(**values)).rowcount == 1  # type: ignore[attr-defined,no-any-return]
