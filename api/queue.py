"""Work that outlives a request: kept in the database, done by a worker, begun again if the worker dies.

enqueue     in the transaction that needs the work done
claim       one job, leased to a worker for a while
keep        the worker still lives
finish      done, or to be tried again later; only by the worker that has the lease
give_up     failed for good: begun as often as is tried, and not done

What the jobs do is in the features; `api.worker` knows all kinds of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from api.services import Services
from api.tables import Job

Handler = Callable[[Services, Mapping[str, Any]], None]
"""Does the work of a job. It opens its own transactions; it may die anywhere, and is then begun anew."""

Failure = Callable[[Session, Job], None]
"""Writes down, in the transaction in which a job fails for good, what that means."""

LEASE = 60
"""Seconds after which a job is another worker's, unless its worker says that it lives."""

ATTEMPTS = 8
"""How often a job is begun before it has failed."""

LONGEST_WAIT = 3_600
"""Seconds between two attempts, at most."""

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def enqueue(session: Session, kind: str, key: str, work: dict[str, Any], at: int) -> int:
    """Return the number of a job, queued with the transaction of `session`; a job of this kind and key is not doubled.

    Args:
        session: the transaction.
        kind: a key of the registry of jobs.
        key: the same key is the same job: if there is one already, that one is returned, done or not.
        work: what it is told.
        at: not before this, seconds.
    """
    insert = _INSERTS[session.get_bind().dialect.name](Job)
    job = {"kind": kind, "key": key, "work": work, "due_at": at, "created_at": at}
    new = insert.values(**job).on_conflict_do_nothing(index_elements=["kind", "key"]).returning(col(Job.id))
    made = session.execute(new).scalar_one_or_none()
    if made is None:
        made = session.exec(select(Job.id).where(Job.kind == kind, Job.key == key)).one()
    assert made is not None
    return made


def is_due(session: Session, kinds: Collection[str], at: int) -> bool:
    """Return whether there is a job to claim: a look that keeps nobody from writing."""
    return session.exec(select(Job.id).where(_due(kinds, at)).limit(1)).first() is not None


def claim(session: Session, worker: str, kinds: Collection[str], at: int) -> Job | None:
    """Return the job that is due longest, leased to `worker`, or None: one that waits, or one whose worker fell silent.

    The lease is committed with the transaction of `session`.
    """
    first = select(Job.id).where(_due(kinds, at)).order_by(col(Job.due_at), col(Job.id)).limit(1)
    found = session.execute(
        update(Job)
        .where(col(Job.id) == first.with_for_update(skip_locked=True).scalar_subquery())
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
    due = at + wait_after(job.attempts)
    return _while_leased(session, job.id, worker, state="queued", due_at=due, lease="", problem=problem)


def abandon(session: Session, worker: str, at: int, problem: str) -> None:
    """Put back the jobs of a worker that is known to be dead, without waiting for its leases to end."""
    for job in session.exec(select(Job).where(Job.lease == worker, Job.state == "running")).all():
        finish(session, job, worker, at, problem)


def give_up(session: Session, failures: Mapping[str, Failure], at: int) -> Sequence[Job]:
    """Return the jobs that have failed now: begun as often as is tried, and not done."""
    silent = and_(col(Job.state) == "running", col(Job.leased_until) < at)
    ended = select(Job).where(or_(col(Job.state) == "queued", silent), Job.attempts >= ATTEMPTS)
    jobs = session.exec(ended.with_for_update(skip_locked=True)).all()
    for job in jobs:
        job.state, job.ended_at, job.lease = "failed", at, ""
        job.problem = job.problem or "its worker fell silent"
        session.add(job)
        if job.kind in failures:
            failures[job.kind](session, job)
    return jobs


def wait_after(attempts: int) -> int:
    """Return how many seconds to wait after so many attempts: 2, 4, 8, ..., each up to a half longer by chance.

    >>> 4 <= wait_after(2) <= 6
    True
    """
    wait: int = min(2**attempts, LONGEST_WAIT)
    return wait + random.randint(0, wait // 2)


def _due(kinds: Collection[str], at: int) -> ColumnElement[bool]:
    waits = and_(col(Job.state) == "queued", col(Job.due_at) <= at)
    silent = and_(col(Job.state) == "running", col(Job.leased_until) < at)
    return and_(or_(waits, silent), col(Job.kind).in_(kinds), col(Job.attempts) < ATTEMPTS)


def _while_leased(session: Session, job: int, worker: str, **values: Any) -> bool:
    mine = [col(Job.id) == job, col(Job.lease) == worker, col(Job.state) == "running"]
    return session.execute(update(Job).where(*mine).values(**values)).rowcount == 1  # type: ignore[attr-defined,no-any-return]
