"""Doing jobs: one after the other, each under a lease that is kept while it lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.problems import ApiError
from api.queue import LEASE, Handler, claim, finish, is_due, keep
from api.services import Services
from api.tables import Job
from qf.errors import QfError

_log = structlog.get_logger()


def work_once(services: Services, handlers: Mapping[str, Handler], worker: str) -> bool:
    """Return whether there was a job to do; it is done then, or noted to be tried again."""
    kinds, at = tuple(handlers), services.clock()
    with services.database.reading() as session:
        if not is_due(session, kinds, at):
            return False
    with services.database.writing() as session:
        job = claim(session, worker, kinds, at)
        if job is None:
            return False
        session.expunge(job)
    assert job.id is not None
    with _kept(services, job.id, worker):
        problem = _problem(services, handlers[job.kind], job)
    with services.database.writing() as session:
        finished = finish(session, job, worker, services.clock(), problem)
    _log.info("job", kind=job.kind, number=job.id, attempt=job.attempts, done=not problem, lost=not finished)
    return True


def _problem(services: Services, handler: Handler, job: Job) -> str:
    """Do a job, and return why it could not be done, "" if it was.

    What our own errors say is kept with the job, for those who read the database. What others say may hold an address
    with a key in it, or values of a row: of theirs, only the kind is kept.
    """
    try:
        handler(services, job.work)
    except Exception as error:
        _log.warning("job_failed", kind=job.kind, number=job.id, **logs.told(error))
        kind = type(error).__name__
        return f"{kind}: {error}"[:500] if isinstance(error, QfError | ApiError) else kind
    return ""


@contextmanager
def _kept(services: Services, job: int, worker: str) -> Iterator[None]:
    """Keep the lease of a job while the block runs, from a thread of its own."""
    done = threading.Event()

    def prolong() -> None:
        while not done.wait(LEASE / 6):
            try:
                with services.database.writing() as session:
                    kept = keep(session, job, worker, services.clock())
            except SQLAlchemyError as error:  # a busy or restarting database; there are five more tries
                _log.warning("lease_not_kept", number=job, **logs.told(error))
                continue
            if not kept:
                return

    thread = threading.Thread(target=prolong, name=f"lease of job {job}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
