"""What has to be in order for the service to do its work."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.database import missing_revisions
from api.schema import Answer
from api.services import Services
from api.tables import Source
from api.worker.upkeep import watched_chains
from qf.errors import InputError


class Check(Answer):
    """One thing, whether it is in order, and what there is to say of it."""

    name: str
    good: bool
    told: str


class Ready(Answer):
    """Whether all is in order."""

    ready: bool
    checks: list[Check]


def ready(services: Services) -> Ready:
    """Return what is in order and what is not: the database, its tables, and how far behind the chains are."""
    try:
        checks = [_database(services), _migrations(services)]
        if all(check.good for check in checks):
            checks += _chains(services)
    except SQLAlchemyError:
        checks = [Check(name="database", good=False, told="does not answer")]
    return Ready(ready=all(check.good for check in checks), checks=checks)


def lag(source: Source, at: int) -> int:
    """Return how old the newest block is that was read of a chain source, or how old an unread source, seconds."""
    return at - (source.created_at if source.read_until is None else source.read_until)


def lags(session: Session, at: int) -> list[tuple[Source, int]]:
    """Return how far behind each source is that is read from chains."""
    return [(source, lag(source, at)) for source in watched_chains(session)]


def _database(services: Services) -> Check:
    with services.database.reading() as session:
        session.connection()
    return Check(name="database", good=True, told="answers")


def _migrations(services: Services) -> Check:
    try:
        missing = missing_revisions(services.database)
    except InputError as error:
        return Check(name="migrations", good=False, told=str(error))
    told = f"{', '.join(missing)} missing: qf migrate up" if missing else "none is missing"
    return Check(name="migrations", good=not missing, told=told)


def _chains(services: Services) -> list[Check]:
    longest = services.settings.chain_lag_seconds
    with services.database.reading() as session:
        return [
            Check(name=f"chain {source.round_id}/{source.name}", good=behind <= longest, told=f"{behind} s behind")
            for source, behind in lags(session, services.clock())
        ]
