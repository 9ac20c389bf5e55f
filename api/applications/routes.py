"""Applications and projects over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.access import (
    AnyoneOfRound,
    Operating,
    ReadingRound,
    Reviewing,
    RoundAsking,
    SignedIn,
    SignedInReadingRound,
    SignedInToRound,
)
from api.applications import answers, changes, files, payees, reading, reviewing, steps, tables
from api.applications.schema import (
    Appeal,
    ApplicationChange,
    ApplicationOut,
    FileKept,
    Form,
    FormField,
    Imported,
    ManyReviews,
    MineOut,
    NewApplication,
    NewReview,
    Order,
    PayoutAddress,
    PayoutMessage,
    ProjectOut,
)
from api.bodies import BINARY, FILE, Octets
from api.etags import fresh
from api.pages import LIMIT, After, Limit
from api.rounds.schema import Because
from api.schema import Address, IdPath, Line, Name, Page, SlugPath
from api.states import Application as State
from api.tables import Application

router = APIRouter(tags=["projects"])

TEXT = {"schema": {"type": "string"}}
"""What the OpenAPI document says of an answer that is no JSON."""


@router.get("/rounds/{round}/projects")
def list_projects(
    asking: AnyoneOfRound,
    request: Request,
    response: Response,
    search: Annotated[Line, Query(description="text in title or summary")] = "",
    choice: Annotated[Line, Query(description="field:option, an answer to a public choice of the form")] = "",
    order: Annotated[Order, Query(description="by name, by title, newest first, or mixed")] = Order.PROJECT,
    seed: Annotated[Line, Query(description="what the order `mixed` is made of; the same seed, the same order")] = "",
    after: After = None,
    limit: Limit = LIMIT,
) -> Page[ProjectOut]:
    """The projects of a round, by name.

    The page that follows is of the same search, choice, order and seed.
    """
    if order == Order.MIXED:
        return reading.mixed(asking, search=search, choice=choice, seed=seed, after=after, limit=limit)
    rows = reading.projects(asking, search=search, choice=choice, order=order, after=after, limit=limit)
    newest = max((row.changed_at for row in rows), default=0)
    asked = (search, choice, order, after or "", limit)
    fresh(request, response, asking.round.id, asking.round.events, newest, *asked)
    return reading.page_of_projects(asking, rows, order, limit)


@router.get("/rounds/{round}/projects/{project}")
def read_project(asking: AnyoneOfRound, project: Annotated[Name, Path()]) -> ProjectOut:
    """One project of a round."""
    return reading.project(asking, project)


@router.post("/rounds/{round}/projects", status_code=201, openapi_extra=FILE)
def import_projects(asking: Operating, body: Octets) -> Imported:
    """Approved projects from a file, as `qf settle --projects` reads it.

    There can be a further column `summary`. All lines are taken, or none.
    """
    return Imported(projects=tables.take(asking, body))


@router.get("/rounds/{round}/form")
def read_form(asking: AnyoneOfRound) -> list[FormField]:
    """The application form of a round."""
    return answers.fields_of(asking.round)


@router.put("/rounds/{round}/form", status_code=204)
def set_form(asking: Operating, form: Form) -> None:
    """Replace the application form, as long as nobody has applied."""
    reviewing.set_form(asking, form)


@router.get("/me/applications")
def my_applications(asking: SignedIn) -> list[MineOut]:
    """My applications, newest first."""
    return reading.mine(asking)


@router.post("/rounds/{round}/applications", status_code=201)
def apply(asking: SignedInToRound, new: NewApplication) -> ApplicationOut:
    """Begin an application; it is submitted by itself."""
    return _shown(asking, changes.apply(asking, new))


@router.get("/rounds/{round}/applications")
def list_applications(
    asking: ReadingRound,
    state: Annotated[State | None, Query()] = None,
    after: After = None,
    limit: Limit = LIMIT,
) -> Page[ApplicationOut]:
    """All applications with all answers, for members; drafts are their owners' own."""
    return reading.page_of_applications(asking, state, after, limit)


@router.get(
    "/rounds/{round}/applications.csv", response_class=Response, responses={200: {"content": {"text/csv": TEXT}}}
)
def export_applications(asking: ReadingRound) -> Response:
    """All applications as CSV, for members."""
    headers = {"Content-Disposition": f'attachment; filename="{asking.round.id}-applications.csv"'}
    return Response(tables.exported(asking), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/rounds/{round}/applications/reviews", status_code=201)
def review_many(asking: Reviewing, wanted: ManyReviews) -> list[ApplicationOut]:
    """One decision on many applications: on all of them, or on none."""
    return reading.shown(asking.session, *reviewing.review(asking, wanted.applications, wanted))


@router.get("/rounds/{round}/applications/{application}")
def read_application(asking: SignedInToRound, application: IdPath) -> ApplicationOut:
    """An application, for its owner and members."""
    return _shown(asking, reading.seen(asking, application))


@router.patch("/rounds/{round}/applications/{application}")
def change_application(asking: SignedInToRound, application: IdPath, wanted: ApplicationChange) -> ApplicationOut:
    """Change my application until it is reviewed."""
    return _shown(asking, changes.change(asking, application, wanted))


@router.post("/rounds/{round}/applications/{application}/submit")
def submit_application(asking: SignedInToRound, application: IdPath) -> ApplicationOut:
    """Submit my application; everything that is missing is named."""
    return _shown(asking, changes.submit(asking, application))


@router.post("/rounds/{round}/applications/{application}/withdraw")
def withdraw_application(asking: SignedInToRound, application: IdPath) -> ApplicationOut:
    """Take my application back."""
    return _shown(asking, changes.withdraw(asking, application))


@router.post("/rounds/{round}/applications/{application}/appeal")
def appeal_decision(asking: SignedInToRound, application: IdPath, wanted: Appeal) -> ApplicationOut:
    """Ask for a rejection to be looked at again."""
    return _shown(asking, changes.appeal(asking, application, wanted.text))


@router.post("/rounds/{round}/applications/{application}/admit", status_code=204)
def admit_late_application(asking: Operating, application: IdPath, wanted: Because) -> None:
    """Let an application be submitted after the time for it, with a reason that its owner is told."""
    reviewing.admit(asking, application, wanted.reason)


@router.post("/rounds/{round}/applications/{application}/reviews", status_code=201)
def review_application(asking: Reviewing, application: IdPath, wanted: NewReview) -> ApplicationOut:
    """Decide about an application, with a reason that its owner is told."""
    return _shown(asking, reviewing.review(asking, [application], wanted)[0])


@router.get("/rounds/{round}/applications/{application}/payout-message")
def read_payout_message(
    asking: SignedInToRound, application: IdPath, address: Annotated[Address, Query()]
) -> PayoutMessage:
    """What a payout address signs, so that nobody is paid at an address they do not hold."""
    return PayoutMessage(message=payees.message_of(asking, steps.owned(asking, application), address))


@router.put("/rounds/{round}/applications/{application}/payout")
def confirm_payout(asking: SignedInReadingRound, application: IdPath, wanted: PayoutAddress) -> ApplicationOut:
    """Set where my project is paid, with the signature of that address."""
    return payees.confirm(asking, application, wanted)


@router.put("/rounds/{round}/applications/{application}/files/{field}", openapi_extra=BINARY)
def keep_file(asking: SignedInToRound, application: IdPath, field: SlugPath, body: Octets) -> FileKept:
    """Keep a file for a field of my application: png, jpeg, webp, pdf or plain text, up to 5 MiB."""
    kept = files.keep(asking, application, field, body)
    return FileKept(name=kept.name, media_type=kept.media_type, sha256=kept.sha256)


@router.get(
    "/rounds/{round}/applications/{application}/files/{field}",
    response_class=Response,
    responses={200: {"content": {media_type: TEXT for media_type, _, _ in files.KINDS}}},
)
def read_file(asking: SignedInToRound, application: IdPath, field: SlugPath) -> Response:
    """A file of an application, for its owner and members."""
    found = files.file_of(asking, reading.seen(asking, application), field)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"', "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _shown(asking: RoundAsking, row: Application) -> ApplicationOut:
    return reading.shown(asking.session, row)[0]
