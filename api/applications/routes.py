"""Applications and projects over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session, col, or_, select

from api.access import AnyoneOfRound, Operating, ReadingRound, Reviewing, SignedIn, SignedInToRound
from api.applications import answers, changes, files, payees, tables
from api.applications.schema import (
    Appeal,
    ApplicationChange,
    ApplicationOut,
    Form,
    FormField,
    ManyReviews,
    NewApplication,
    NewReview,
    PayoutAddress,
    PayoutMessage,
    ProjectOut,
    ReviewOut,
)
from api.bodies import BINARY, FILE, Octets
from api.etags import fresh
from api.pages import LIMIT, After, Limit, cursor, place_of
from api.problems import NotFound
from api.schema import Address, Answer, IdPath, Line, Page, SlugPath
from api.states import Application as State
from api.tables import Application, Review

router = APIRouter(tags=["projects"])


class FileKept(Answer):
    """A file that was kept; what it is was told by its content."""

    name: str
    media_type: str
    sha256: str


class Imported(Answer):
    """How many projects a file brought."""

    projects: int


class MineOut(Answer):
    """One of my applications."""

    round: str
    id: str
    project: str
    title: str
    state: State


@router.get("/rounds/{round}/projects")
def list_projects(
    asking: AnyoneOfRound,
    request: Request,
    response: Response,
    search: Annotated[Line | None, Query(description="text in title or summary")] = None,
    after: After = None,
    limit: Limit = LIMIT,
) -> Page[ProjectOut]:
    """The projects of a round, by name."""
    query = select(Application).where(Application.round_id == asking.round.id, Application.state == State.APPROVED)
    if search:
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = col(Application.title), col(Application.summary)
        query = query.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))
    if after is not None:
        query = query.where(col(Application.project) > place_of(after, str)[0])
    rows = list(asking.session.exec(query.order_by(col(Application.project)).limit(limit + 1)))
    newest = max((row.changed_at for row in rows), default=0)
    fresh(request, response, asking.round.id, asking.round.events, newest, search or "", after or "", limit)
    last = cursor(rows[limit - 1].project) if len(rows) > limit else None
    return Page(items=[_project(asking, row) for row in rows[:limit]], next=last)


@router.get("/rounds/{round}/projects/{project}")
def read_project(asking: AnyoneOfRound, project: SlugPath) -> ProjectOut:
    """One project of a round."""
    query = select(Application).where(Application.round_id == asking.round.id, Application.project == project)
    row = asking.session.exec(query).first()
    if row is None or row.state != State.APPROVED:
        raise NotFound(f"The round has no project {project}.")
    return _project(asking, row)


@router.post("/rounds/{round}/projects", status_code=201, openapi_extra=FILE)
def import_projects(asking: Operating, body: Octets) -> Imported:
    """Approved projects from a file, as `qf settle --projects` reads it."""
    return Imported(projects=len(tables.take(asking, body)))


@router.get("/rounds/{round}/form")
def read_form(asking: AnyoneOfRound) -> list[FormField]:
    """The application form of a round."""
    return answers.fields_of(asking.round)


@router.put("/rounds/{round}/form", status_code=204)
def set_form(asking: Operating, form: Form) -> None:
    """Replace the application form, as long as nobody has applied."""
    changes.set_form(asking, form)


@router.get("/me/applications")
def my_applications(asking: SignedIn) -> list[MineOut]:
    """My applications, newest first."""
    query = select(Application).where(Application.account_id == asking.account)
    rows = asking.session.exec(query.order_by(col(Application.created_at).desc(), col(Application.id)))
    return [
        MineOut(round=row.round_id, id=row.id, project=row.project, title=row.title, state=State(row.state))
        for row in rows
    ]


@router.post("/rounds/{round}/applications", status_code=201)
def apply(asking: SignedInToRound, new: NewApplication) -> ApplicationOut:
    """Begin an application; it is submitted by itself."""
    return _shown(asking.session, changes.apply(asking, new))


@router.get("/rounds/{round}/applications")
def list_applications(
    asking: ReadingRound,
    state: Annotated[State | None, Query()] = None,
    after: After = None,
    limit: Limit = LIMIT,
) -> Page[ApplicationOut]:
    """All applications with all answers, for members; drafts are their owners' own."""
    rows = _listed(asking.session, asking.round.id, state, after, limit)
    last = cursor(rows[limit - 1].project) if len(rows) > limit else None
    return Page(items=[_shown(asking.session, row) for row in rows[:limit]], next=last)


@router.get("/rounds/{round}/applications.csv")
def export_applications(asking: ReadingRound) -> Response:
    """All applications as CSV, for members."""
    rows = _listed(asking.session, asking.round.id, None, None, 100_000)
    return Response(tables.exported(asking, rows), media_type="text/csv; charset=utf-8")


@router.post("/rounds/{round}/applications/reviews", status_code=201)
def review_many(asking: Reviewing, wanted: ManyReviews) -> list[ApplicationOut]:
    """One decision on many applications: on all of them, or on none."""
    return [_shown(asking.session, row) for row in changes.review(asking, wanted.applications, wanted)]


@router.get("/rounds/{round}/applications/{application}")
def read_application(asking: SignedInToRound, application: IdPath) -> ApplicationOut:
    """An application, for its owner and members."""
    return _shown(asking.session, changes.seen(asking, application))


@router.patch("/rounds/{round}/applications/{application}")
def change_application(asking: SignedInToRound, application: IdPath, wanted: ApplicationChange) -> ApplicationOut:
    """Change my application until it is reviewed."""
    return _shown(asking.session, changes.change(asking, application, wanted))


@router.post("/rounds/{round}/applications/{application}/submit")
def submit_application(asking: SignedInToRound, application: IdPath) -> ApplicationOut:
    """Submit my application; everything that is missing is named."""
    return _shown(asking.session, changes.submit(asking, application))


@router.post("/rounds/{round}/applications/{application}/withdraw")
def withdraw_application(asking: SignedInToRound, application: IdPath) -> ApplicationOut:
    """Take my application back."""
    return _shown(asking.session, changes.withdraw(asking, application))


@router.post("/rounds/{round}/applications/{application}/appeal")
def appeal_decision(asking: SignedInToRound, application: IdPath, wanted: Appeal) -> ApplicationOut:
    """Ask for a rejection to be looked at again."""
    return _shown(asking.session, changes.appeal(asking, application, wanted.text))


@router.post("/rounds/{round}/applications/{application}/reviews", status_code=201)
def review_application(asking: Reviewing, application: IdPath, wanted: NewReview) -> ApplicationOut:
    """Decide about an application, with a reason that its owner is told."""
    return _shown(asking.session, changes.review(asking, [application], wanted)[0])


@router.get("/rounds/{round}/applications/{application}/payout-message")
def read_payout_message(
    asking: SignedInToRound, application: IdPath, address: Annotated[Address, Query()]
) -> PayoutMessage:
    """What a payout address signs, so that nobody is paid at an address they do not hold."""
    return PayoutMessage(message=payees.message_of(asking, changes.owned(asking, application), address))


@router.put("/rounds/{round}/applications/{application}/payout")
def confirm_payout(asking: SignedInToRound, application: IdPath, wanted: PayoutAddress) -> ApplicationOut:
    """Set where my project is paid, with the signature of that address."""
    return _shown(asking.session, payees.confirm(asking, application, wanted))


@router.put("/rounds/{round}/applications/{application}/files/{field}", openapi_extra=BINARY)
def keep_file(asking: SignedInToRound, application: IdPath, field: SlugPath, body: Octets) -> FileKept:
    """Keep a file for a field of my application: png, jpeg, webp, pdf or plain text, up to 5 MiB."""
    kept = files.keep(asking, application, field, body)
    return FileKept(name=kept.name, media_type=kept.media_type, sha256=kept.sha256)


@router.get("/rounds/{round}/applications/{application}/files/{field}")
def read_file(asking: SignedInToRound, application: IdPath, field: SlugPath) -> Response:
    """A file of an application, for its owner and members."""
    found = files.file_of(asking, changes.seen(asking, application), field)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"', "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _listed(
    session: Session, round_id: str, state: State | None, after: str | None, limit: int
) -> Sequence[Application]:
    query = select(Application).where(Application.round_id == round_id, Application.state != State.DRAFT)
    if state is not None:
        query = query.where(Application.state == state)
    if after is not None:
        query = query.where(col(Application.project) > place_of(after, str)[0])
    return session.exec(query.order_by(col(Application.project)).limit(limit + 1)).all()


def _project(asking: AnyoneOfRound, row: Application) -> ProjectOut:
    shown = row.model_dump(include={"project", "title", "summary", "payout_address"})
    return ProjectOut(**shown, answers=answers.public(asking.round, row.answers))


def _shown(session: Session, row: Application) -> ApplicationOut:
    query = select(Review).where(Review.application_id == row.id).order_by(col(Review.at), col(Review.id))
    words = [ReviewOut(**each.model_dump(include={"at", "kind", "decision", "reason"})) for each in session.exec(query)]
    shown = row.model_dump(exclude={"round_id", "account_id", "payout_confirmed"})
    return ApplicationOut(
        **{**shown, "state": State(row.state)},
        payout_confirmed=bool(row.payout_confirmed),
        files=changes.file_names(session, row),
        reviews=words,
    )
