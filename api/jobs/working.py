"""Doing jobs: one after the other, each under a lease that is kept while it lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog

from api.jobs.queue import LEASE, Handler, claim, finish, keep
from api.services import Services
from api.tables import Job

_log = structlog.get_logger()


def work_once(services: Services, handlers: Mapping[str, Handler], worker: str) -> bool:
    """Return whether there was a job to do; it is done then, or noted to be tried again."""
    with services.database.writing() as session:
        job = claim(session, worker, tuple(handlers), services.clock())
        if job is None:
            return False
        session.expunge(job)
    assert job.id is not None
    with _kept(services, job.id, worker):
        problem = _problem(services, handlers[job.kind], job)
    with services.database.writing() as session:
        finished = finish(session, job, worker, services.clock(), problem)
    _log.info("job", kind=job.kind, number=job.id, attempt=job.attempts, problem=problem, lost=not finished)
    return True


def _problem(services: Services, handler: Handler, job: Job) -> str:
    """Do a job, and return why it could not be done, "" if it was: a sentence for operators, without data in it."""
    try:
        handler(services, job.work)
    except Exception as error:
        _log.warning("job_failed", kind=job.kind, number=job.id, error=type(error).__name__)
        return f"{type(error).__name__}: {str(error)[:500]}"
    return ""


@contextmanager
def _kept(services: Services, job: int, worker: str) -> Iterator[None]:
    """Keep the lease of a job while the block runs, from a thread of its own."""
    done = threading.Event()

    def prolong() -> None:
        while not done.wait(LEASE / 3):
            with services.database.writing() as session:
                if not keep(session, job, worker, services.clock()):
                    return

    thread = threading.Thread(target=prolong, name=f"lease of job {job}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
