"""What every step of an application has in common: it is found, locked, and passes into another state."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from api.access import RoundAsking
from api.events import EventKind
from api.problems import Conflict, NotFound
from api.states import Application as State
from api.states import State as RoundState
from api.tables import Application, ApplicationFile, Review

CHANGEABLE = frozenset({State.DRAFT, State.SUBMITTED})
"""While it is one of these, its owner can change it."""

ADMISSION = "admission"
"""The kind of word with which an operator takes an application after the time for it."""


def find(asking: RoundAsking, name: str) -> Application:
    """Return an application of the round.

    Raises:
        NotFound: there is none.
    """
    row = asking.session.get(Application, name)
    if row is None or row.round_id != asking.round.id:
        raise NotFound(f"There is no application {name} in this round.")
    return row


def owned(asking: RoundAsking, name: str) -> Application:
    """Return an application of the round that belongs to whoever asks.

    Raises:
        NotFound: there is none.
    """
    row = find(asking, name)
    if row.account_id != asking.account:
        raise NotFound(f"There is no application {name} of yours in this round.")
    return row


def locked(asking: RoundAsking, name: str) -> Application:
    """Return an application of whoever asks, which nobody else changes before this transaction ends.

    Raises:
        NotFound: there is none.
    """
    asking.lock()
    return owned(asking, name)


def file_names(session: Session, *rows: Application) -> dict[str, list[str]]:
    """Return application -> the fields for which it has a file."""
    mine = col(ApplicationFile.application_id).in_([row.id for row in rows])
    query = select(ApplicationFile.application_id, ApplicationFile.field).where(mine)
    found: dict[str, list[str]] = {row.id: [] for row in rows}
    for application, field in session.exec(query.order_by(col(ApplicationFile.field))):
        found[application].append(field)
    return found


def words(session: Session, *rows: Application) -> dict[str, list[Review]]:
    """Return application -> what was said of it, oldest first."""
    mine = col(Review.application_id).in_([row.id for row in rows])
    found: dict[str, list[Review]] = {row.id: [] for row in rows}
    for word in session.exec(select(Review).where(mine).order_by(col(Review.id))):
        found[word.application_id].append(word)
    return found


def say(asking: RoundAsking, row: Application, kind: str, reason: str, decision: str = "") -> None:
    """Write down a word on a locked application; its name has its number in it, which is their order."""
    before = select(func.count()).select_from(Review).where(Review.application_id == row.id)
    asking.session.add(
        Review(
            id=f"{row.id}/{asking.session.exec(before).one():06}",
            application_id=row.id,
            account_id=asking.actor.name,
            at=asking.at,
            kind=kind,
            decision=decision,
            reason=reason,
        )
    )


def pass_into(asking: RoundAsking, row: Application, state: State) -> Application:
    """Return the application in another state; the world is told where it becomes a project, or is one no more."""
    was, row.state, row.changed_at = row.state, state, asking.at
    asking.session.add(row)
    asking.session.flush()
    if State.APPROVED in {was, state}:
        asking.tell(EventKind.PROJECT, {"project": row.project, "title": row.title, "state": state})
    return row


def require(row: Application, *states: State) -> None:
    """Raise unless an application is in one of `states`.

    Raises:
        Conflict: it is not.
    """
    if row.state not in states:
        raise Conflict(f"The application is {row.state}, not {' or '.join(states)}.", "wrong_state")


def require_going_on(asking: RoundAsking) -> None:
    """Raise where the round is over.

    Raises:
        Conflict: its result is public, or it is cancelled.
    """
    if asking.round.state in {RoundState.PUBLISHED, RoundState.CANCELLED}:
        raise Conflict(f"The round is {asking.round.state}.", "round_over")
