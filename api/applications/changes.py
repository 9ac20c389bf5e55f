"""What owners do with their applications."""

from __future__ import annotations

from sqlmodel import func, select

from api.access import RoundAsking
from api.applications.answers import check
from api.applications.schema import ApplicationChange, NewApplication
from api.applications.steps import (
    ADMISSION,
    CHANGEABLE,
    file_names,
    locked,
    pass_into,
    require,
    require_going_on,
    say,
    words,
)
from api.clock import new_id
from api.problems import Conflict
from api.states import Application as State
from api.states import State as RoundState
from api.tables import Application

MOST = 20
"""Applications of one account in a round, so that nobody takes all the names."""


def apply(asking: RoundAsking, new: NewApplication) -> Application:
    """Return a new application, which its owner still has to submit.

    Raises:
        Conflict: the round takes none yet, or none any more; the name is taken; the account has too many.
        Invalid: an answer does not fit the form; names all.
    """
    round = asking.lock()
    _require_begun(asking)
    check(round, new.answers, (), complete=False)
    mine = select(func.count()).select_from(Application)
    mine = mine.where(Application.round_id == round.id, Application.account_id == asking.account)
    if asking.session.exec(mine).one() >= MOST:
        raise Conflict(f"You have {MOST} applications in this round already; change one of them.", "too_many")
    taken = select(Application).where(Application.round_id == round.id, Application.project == new.project)
    if asking.session.exec(taken).first() is not None:
        raise Conflict(f"A project {new.project} has applied already; choose another name.", "name_taken")
    row = Application(
        id=new_id(),
        round_id=round.id,
        project=new.project,
        account_id=asking.account,
        state=State.DRAFT,
        title=new.title,
        summary=new.summary,
        answers=dict(new.answers),
        created_at=asking.at,
        changed_at=asking.at,
    )
    asking.session.add(row)
    asking.session.flush()
    return row


def change(asking: RoundAsking, name: str, wanted: ApplicationChange) -> Application:
    """Return the application as its owner wants it.

    Raises:
        Conflict: it is being reviewed, or was.
        Invalid: an answer does not fit the form; names all.
    """
    row = locked(asking, name)
    require(row, *sorted(CHANGEABLE))
    given = wanted.model_dump(exclude_unset=True, exclude_none=True)
    files = file_names(asking.session, row)[row.id]
    check(asking.round, given.get("answers", row.answers), files, complete=row.state == State.SUBMITTED)
    for key, value in given.items():
        setattr(row, key, value)
    row.changed_at = asking.at
    asking.session.add(row)
    return row


def submit(asking: RoundAsking, name: str) -> Application:
    """Return the application, which waits for a review from now on.

    Raises:
        Conflict: it was submitted before, or the time is over and no operator has admitted it.
        Invalid: something is missing; names all.
    """
    row = locked(asking, name)
    require(row, State.DRAFT, State.WITHDRAWN)
    _require_begun(asking)
    over = asking.round.applications_close_at is not None and asking.at >= asking.round.applications_close_at
    if over and all(word.kind != ADMISSION for word in words(asking.session, row)[row.id]):
        told = f"Applications are closed; an operator of the round can admit this one: {row.id}."
        raise Conflict(told, "too_late")
    check(asking.round, row.answers, file_names(asking.session, row)[row.id], complete=True)
    return pass_into(asking, row, State.SUBMITTED)


def withdraw(asking: RoundAsking, name: str) -> Application:
    """Return the application that its owner took back.

    Raises:
        Conflict: the round has opened, and donors may have given to it.
    """
    row = locked(asking, name)
    require(row, State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.APPROVED)
    if row.state == State.APPROVED and asking.round.state not in {RoundState.DRAFT, RoundState.FROZEN}:
        raise Conflict("The round has opened; write to its operators instead.", "round_open")
    return pass_into(asking, row, State.WITHDRAWN)


def appeal(asking: RoundAsking, name: str, text: str) -> Application:
    """Return the application that is to be looked at again.

    Raises:
        Conflict: it was not rejected, or the round is over.
    """
    row = locked(asking, name)
    require(row, State.REJECTED)
    require_going_on(asking)
    say(asking, row, "appeal", text)
    return pass_into(asking, row, State.APPEALED)


def _require_begun(asking: RoundAsking) -> None:
    """Raise unless the round takes applications, late ones included."""
    round = asking.round
    if round.state not in {RoundState.FROZEN, RoundState.OPEN}:
        raise Conflict(f"The round is {round.state}; it takes no applications.", "round_over")
    if round.applications_open_at is not None and asking.at < round.applications_open_at:
        raise Conflict("Applications are not open yet.", "too_early")
