"""What members decide about applications, and about the form."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.applications.answers import check_form
from api.applications.schema import Decision, Form, ManyReviews, NewReview
from api.applications.steps import ADMISSION, find, pass_into, require, require_going_on, say
from api.problems import ApiError, Conflict, Fault, Forbidden, NotFound
from api.states import Application as State
from api.tables import Application, Credential

DECIDES: Mapping[Decision, frozenset[State]] = {
    Decision.IN_REVIEW: frozenset({State.SUBMITTED, State.APPEALED}),
    Decision.APPROVED: frozenset({State.SUBMITTED, State.IN_REVIEW, State.APPEALED, State.REJECTED}),
    Decision.REJECTED: frozenset({State.SUBMITTED, State.IN_REVIEW, State.APPEALED, State.APPROVED}),
}
"""From which states each decision leads on."""


def set_form(asking: RoundAsking, form: Form) -> None:
    """Replace the application form of a round.

    Raises:
        Conflict: somebody has applied already, or the round is over.
        Invalid: the fields do not go together; names all.
    """
    check_form(form)
    round = asking.lock()
    require_going_on(asking)
    if asking.session.exec(select(Application).where(Application.round_id == round.id)).first() is not None:
        raise Conflict("Somebody has applied already; the form stands.", "applied")
    round.form = [field.model_dump(mode="json") for field in form.fields]
    asking.session.add(round)
    asking.record("round.form", fields=[field.id for field in form.fields])


def review(asking: RoundAsking, names: list[str], wanted: NewReview | ManyReviews) -> list[Application]:
    """Return the applications that were decided about: all of them, or none.

    Raises:
        NotFound: one of them does not exist, or was not submitted.
        Forbidden: one of them is the reviewer's own.
        Conflict: one of them cannot be decided about so. Whichever it is, all that is wrong is named.
    """
    round = asking.lock()
    require_going_on(asking)
    wanted_rows = select(Application).where(Application.round_id == round.id, col(Application.id).in_(names))
    found = {row.id: row for row in asking.session.exec(wanted_rows) if row.state != State.DRAFT}
    _refuse([doubt for name in names if (doubt := _doubt(asking, found.get(name), name, wanted.decision))])
    return [_decide(asking, found[name], wanted) for name in dict.fromkeys(names)]


def admit(asking: RoundAsking, name: str, reason: str) -> None:
    """Let an application that is not submitted yet be submitted after the time for it.

    Raises:
        NotFound: there is none.
        Conflict: it was submitted in time.
    """
    asking.lock()
    require_going_on(asking)
    row = find(asking, name)
    require(row, State.DRAFT, State.WITHDRAWN)
    say(asking, row, ADMISSION, reason)
    asking.record("application.admitted", reason, subject=f"application/{row.id}")


def donors_of(session: Session, account: str) -> list[str]:
    """Return what an account is called in ledgers."""
    query = select(Credential.donor).where(Credential.account_id == account, col(Credential.donor) != "")
    return sorted(session.exec(query))


def _doubt(asking: RoundAsking, row: Application | None, name: str, decision: Decision) -> ApiError | None:
    if row is None:
        told = Fault(where=name, what="there is no such application in this round")
        return NotFound(told.what, problems=[told])
    if row.account_id and row.account_id == asking.actor.account:
        own = Fault(where=row.project, what="nobody reviews an application of their own")
        return Forbidden(own.what, "own_application", [own])
    if row.state not in DECIDES[decision]:
        wrong = Fault(where=row.project, what=f"is {row.state}; that cannot become {decision}")
        return Conflict(wrong.what, "wrong_state", [wrong])
    return None


def _refuse(doubts: list[ApiError]) -> None:
    """Raise the first of the doubts, with what all of them name."""
    if doubts:
        first = doubts[0]
        faults = [fault for doubt in doubts for fault in doubt.problems]
        raise type(first)(f"{faults[0].where}: {first.detail}.", first.code, faults)


def _decide(asking: RoundAsking, row: Application, wanted: NewReview) -> Application:
    was = row.state
    say(asking, row, "review", wanted.reason, wanted.decision)
    if wanted.decision == Decision.APPROVED and row.account_id:
        row.owners = donors_of(asking.session, row.account_id)
    asking.record(f"application.{wanted.decision}", wanted.reason, subject=f"application/{row.id}", was=was)
    return pass_into(asking, row, State(wanted.decision))
