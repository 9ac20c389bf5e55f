"""Jobs that failed for good: what there is of them, and beginning one again."""

from __future__ import annotations

import structlog
from sqlmodel import Session, col, select

from api import audit
from api.access import Asking
from api.pages import cursor, place_of
from api.problems import Conflict, NotFound
from api.tables import Job, Round, Source
from api.worker.registry import FAILURES

_log = structlog.get_logger()


def page_of(session: Session, after: str | None, limit: int) -> tuple[list[Job], str | None]:
    """Return a page of the jobs that failed, the newest first, and the cursor of the next one."""
    query = select(Job).where(Job.state == "failed").order_by(col(Job.id).desc())
    if after is not None:
        query = query.where(col(Job.id) < place_of(after, int)[0])
    rows = list(session.exec(query.limit(limit + 1)))
    last = rows[limit - 1].id if len(rows) > limit else None
    return rows[:limit], None if last is None else cursor(last)


def begin_again(asking: Asking, number: int) -> Job:
    """Return a failed job that is queued as if it had never been begun.

    Raises:
        NotFound: no such job has failed.
        Conflict: what it was for has been told that it failed, and is asked for anew.
    """
    session = asking.session
    job = session.exec(select(Job).where(Job.id == number, Job.state == "failed").with_for_update()).first()
    if job is None:
        raise NotFound(f"No job {number} has failed.")
    if job.kind in FAILURES:
        told = f"Whoever asked for {job.kind} was told that it failed, and asks for it anew."
        raise Conflict(told, "told_already")
    job.state, job.attempts, job.due_at, job.ended_at, job.problem = "queued", 0, asking.at, None, ""
    session.add(job)
    organisation = _organisation_of(session, job)
    if organisation is not None:
        deed = audit.Deed(asking.actor.name, "job.begun_again", f"job/{number}", "", {"kind": job.kind})
        audit.record(session, organisation, deed, asking.at)
    _log.info("job_begun_again", kind=job.kind, number=number)
    return job


def _organisation_of(session: Session, job: Job) -> str | None:
    """Return the organisation whose round or source a job works for; None if it works for the installation."""
    source = session.get(Source, job.work["source"]) if "source" in job.work else None
    round_id = source.round_id if source else job.work.get("round")
    round = session.get(Round, round_id) if round_id is not None else None
    return round.organisation_id if round else None
