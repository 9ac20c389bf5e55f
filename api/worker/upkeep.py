"""What recurs. Each turn of it has a name made of the time, so that however many workers queue it, it is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlmodel import Session, col, select

from api.queue import enqueue, give_up
from api.services import Services
from api.sources.schema import SourceKind
from api.states import State
from api.tables import Job, Round, Source
from api.worker.registry import FAILURES

_log = structlog.get_logger()

Works = Callable[[Session], Iterable[tuple[str, dict[str, Any]]]]
"""Returns what is to be done, as (name, work)."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """A kind of job that is queued every so many seconds, unless the last one is not done yet."""

    kind: str
    seconds: int
    works: Works

    def queue(self, session: Session, at: int) -> None:
        """Queue what is to be done in this turn, with the transaction of `session`."""
        for name, work in self.works(session):
            mine = col(Job.key).startswith(f"{name}/", autoescape=True)
            unfinished = select(Job.id).where(Job.kind == self.kind, mine, col(Job.state).in_(["queued", "running"]))
            if session.exec(unfinished.limit(1)).first() is None:
                enqueue(session, self.kind, f"{name}/{at // self.seconds}", work, at)


def upkeep(services: Services) -> None:
    """Queue what recurs, and write down which jobs have failed."""
    at = services.clock()
    with services.database.writing() as session:
        failed = [(job.kind, job.id) for job in give_up(session, FAILURES, at)]
        for recurring in RECURRING:
            recurring.queue(session, at)
    for kind, number in failed:
        _log.error("job_given_up", kind=kind, number=number)


def _once(session: Session) -> Iterable[tuple[str, dict[str, Any]]]:
    return [("all", {})]


def watched_chains(session: Session) -> list[Source]:
    """Return the sources that are read from chains now, of rounds that are neither drafts nor over."""
    query = select(Source).join(Round, col(Round.id) == col(Source.round_id))
    alive = col(Round.state).in_([State.FROZEN, State.OPEN, State.CLOSED])
    active = query.where(Source.kind == SourceKind.CHAIN, Source.state == "active", alive)
    return list(session.exec(active.order_by(col(Source.id))))


def _syncs(session: Session) -> Iterable[tuple[str, dict[str, Any]]]:
    return [(source.id, {"source": source.id}) for source in watched_chains(session)]


RECURRING = (Recurring("source.sync", 60, _syncs), Recurring("jobs.tidy", 3_600, _once))
"""All that recurs, and how often, in seconds."""
