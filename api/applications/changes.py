"""What owners do with their applications, and what reviewers decide about them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from api.access import Right, RoundAsking
from api.applications.answers import check
from api.applications.schema import ApplicationChange, Decision, Form, ManyReviews, NewApplication, NewReview
from api.clock import new_id
from api.events import EventKind
from api.problems import Conflict, Fault, Forbidden, Invalid, NotFound
from api.states import Application as State
from api.states import State as RoundState
from api.tables import Application, ApplicationFile, Credential, Review

CHANGEABLE = frozenset({State.DRAFT, State.SUBMITTED})
"""While it is one of these, its owner can change it."""

DECIDES: Mapping[Decision, frozenset[State]] = {
    Decision.IN_REVIEW: frozenset({State.SUBMITTED, State.APPEALED}),
    Decision.APPROVED: frozenset({State.SUBMITTED, State.IN_REVIEW, State.APPEALED, State.REJECTED}),
    Decision.REJECTED: frozenset({State.SUBMITTED, State.IN_REVIEW, State.APPEALED, State.APPROVED}),
}
"""From which states each decision leads on."""


def set_form(asking: RoundAsking, form: Form) -> None:
    """Replace the application form of a round.

    Raises:
        Conflict: somebody has applied already.
        Invalid: a field is there twice, or has no options to choose from; names all.
    """
    faults = []
    names = [field.id for field in form.fields]
    for number, field in enumerate(form.fields):
        if names.index(field.id) != number:
            faults.append(Fault(where=f"fields.{number}.id", what=f"{field.id} is there twice"))
        if (field.kind == "choice") != bool(field.options):
            faults.append(Fault(where=f"fields.{number}.options", what="belong to a choice, and a choice needs them"))
    if faults:
        raise Invalid.of(faults)
    round = asking.lock()
    if asking.session.exec(select(Application).where(Application.round_id == round.id)).first() is not None:
        raise Conflict("Somebody has applied already; the form stands.", "applied")
    round.form = [field.model_dump(mode="json") for field in form.fields]
    asking.session.add(round)
    asking.record("round.form", fields=names)


def apply(asking: RoundAsking, new: NewApplication) -> Application:
    """Return a new application, which its owner still has to submit.

    Raises:
        Conflict: the round takes none now, or the name is taken.
        Invalid: an answer does not fit the form; names all.
    """
    require_window(asking)
    check(asking.round, new.answers, (), complete=False)
    row = Application(
        id=new_id(),
        round_id=asking.round.id,
        project=new.project,
        account_id=asking.account,
        state=State.DRAFT,
        title=new.title,
        summary=new.summary,
        answers=dict(new.answers),
        created_at=asking.at,
        changed_at=asking.at,
    )
    taken = select(Application).where(Application.round_id == asking.round.id, Application.project == new.project)
    asking.lock()
    if asking.session.exec(taken).first() is not None:
        raise Conflict(f"A project {new.project} has applied already; choose another name.", "name_taken")
    asking.session.add(row)
    asking.session.flush()
    return row


def change(asking: RoundAsking, name: str, wanted: ApplicationChange) -> Application:
    """Return the application as its owner wants it.

    Raises:
        Conflict: it is being reviewed, or was.
    """
    row = owned(asking, name)
    if row.state not in CHANGEABLE:
        raise Conflict(f"The application is {row.state}; it is not changed any more.", "wrong_state")
    given = wanted.model_dump(exclude_unset=True, exclude_none=True)
    files = file_names(asking.session, row)
    check(asking.round, given.get("answers", row.answers), files, complete=row.state == State.SUBMITTED)
    for key, value in given.items():
        setattr(row, key, value)
    row.changed_at = asking.at
    asking.session.add(row)
    return row


def submit(asking: RoundAsking, name: str) -> Application:
    """Return the application, which waits for a review from now on.

    Raises:
        Conflict: it was submitted before, or the round takes none now.
        Invalid: something is missing; names all.
    """
    require_window(asking)
    row = owned(asking, name)
    _require(row, State.DRAFT, State.WITHDRAWN)
    check(asking.round, row.answers, file_names(asking.session, row), complete=True)
    return _pass(asking, row, State.SUBMITTED)


def withdraw(asking: RoundAsking, name: str) -> Application:
    """Return the application that its owner took back.

    Raises:
        Conflict: the round has opened, and donors may have given to it.
    """
    row = owned(asking, name)
    _require(row, State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.APPROVED)
    if row.state == State.APPROVED and asking.round.state not in {RoundState.DRAFT, RoundState.FROZEN}:
        raise Conflict("The round has opened; write to its operators instead.", "round_open")
    return _pass(asking, row, State.WITHDRAWN)


def appeal(asking: RoundAsking, name: str, text: str) -> Application:
    """Return the application that is to be looked at again."""
    row = owned(asking, name)
    _require(row, State.REJECTED)
    _word(asking, row, "appeal", "", text)
    return _pass(asking, row, State.APPEALED)


def review(asking: RoundAsking, names: list[str], wanted: NewReview | ManyReviews) -> list[Application]:
    """Return the applications that were decided about: all of them, or none.

    Raises:
        Forbidden: one of them is the reviewer's own.
        Conflict: one of them cannot be decided about so; names all.
    """
    if asking.lock().state in {RoundState.PUBLISHED, RoundState.CANCELLED}:
        raise Conflict(f"The round is {asking.round.state}.", "round_over")
    rows = [find(asking, name) for name in dict.fromkeys(names)]
    if any(row.account_id and row.account_id == asking.actor.account for row in rows):
        raise Forbidden("Nobody reviews an application of their own.", "own_application")
    faults = [
        Fault(where=row.project, what=f"is {row.state}; that cannot become {wanted.decision}")
        for row in rows
        if row.state not in DECIDES[wanted.decision]
    ]
    if faults:
        raise Conflict("Not all of these can be decided about so.", "wrong_state", faults)
    for row in rows:
        _decide(asking, row, wanted)
    return rows


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


def seen(asking: RoundAsking, name: str) -> Application:
    """Return an application of the round that whoever asks may see: its owner, or a member.

    Raises:
        NotFound: there is none.
    """
    row = find(asking, name)
    if row.account_id != asking.account and Right.READ not in asking.rights:
        raise NotFound(f"There is no application {name} of yours in this round.")
    return row


def file_names(session: Session, row: Application) -> list[str]:
    """Return the fields for which there is a file."""
    query = select(ApplicationFile.field).where(ApplicationFile.application_id == row.id)
    return sorted(session.exec(query))


def require_window(asking: RoundAsking) -> None:
    """Raise unless projects may apply now.

    Raises:
        Conflict: not yet, or not any more.
    """
    round = asking.round
    if round.state not in {RoundState.FROZEN, RoundState.OPEN}:
        raise Conflict(f"The round is {round.state}; it takes no applications.", "round_over")
    if round.applications_open_at is not None and asking.at < round.applications_open_at:
        raise Conflict("Applications are not open yet.", "too_early")
    if round.applications_close_at is not None and asking.at >= round.applications_close_at:
        raise Conflict("Applications are closed; write to the operators of the round.", "too_late")


def donors_of(session: Session, account: str) -> list[str]:
    """Return what an account is called in ledgers."""
    query = select(Credential.donor).where(Credential.account_id == account, col(Credential.donor) != "")
    return sorted(session.exec(query))


def _decide(asking: RoundAsking, row: Application, wanted: NewReview) -> None:
    was = row.state
    _word(asking, row, "review", wanted.decision, wanted.reason)
    if wanted.decision == Decision.APPROVED and row.account_id:
        row.owners = donors_of(asking.session, row.account_id)
    _pass(asking, row, State(wanted.decision))
    asking.record(f"application.{wanted.decision}", wanted.reason, subject=f"application/{row.id}", was=was)
    if State.APPROVED in {was, row.state}:
        asking.tell(EventKind.PROJECT, {"project": row.project, "title": row.title, "state": row.state})


def _word(asking: RoundAsking, row: Application, kind: str, decision: str, reason: str) -> None:
    asking.session.add(
        Review(
            id=new_id(),
            application_id=row.id,
            account_id=asking.actor.name,
            at=asking.at,
            kind=kind,
            decision=decision,
            reason=reason,
        )
    )


def _pass(asking: RoundAsking, row: Application, state: State) -> Application:
    row.state, row.changed_at = state, asking.at
    asking.session.add(row)
    asking.session.flush()
    return row


def _require(row: Application, *states: State) -> None:
    if row.state not in states:
        raise Conflict(f"The application is {row.state}, not {' or '.join(states)}.", "wrong_state")
