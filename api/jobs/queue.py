"""The queue of jobs: a table, so that a job is queued in the transaction that needs it."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, select

from api.tables import Job


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
