"""Jobs that failed, over HTTP: for the administrators of the installation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.access import Installation
from api.pages import LIMIT, After, Limit
from api.schema import Answer, Page, Shown
from api.tables import Job
from api.worker import failed

router = APIRouter(tags=["jobs"])

Number = Annotated[int, Path(ge=1, le=2**53 - 1)]


class FailedOut(Answer):
    """A job that was begun as often as is tried, and not done.

    Attributes:
        kind, work: what it was to do, and with what.
        problem: why the last attempt failed; of errors that are not ours, the kind alone.
    """

    job: int
    kind: str
    work: dict[str, Any]
    attempts: int
    problem: str
    created_at: Shown
    ended_at: Shown | None


class BegunAgain(Answer):
    """A job that is queued again."""

    job: int
    kind: str
    due_at: Shown


@router.get("/jobs/failed")
def list_failed(asking: Installation, after: After = None, limit: Limit = LIMIT) -> Page[FailedOut]:
    """The jobs that failed for good, the newest first; they are kept for 90 days."""
    rows, next_page = failed.page_of(asking.session, after, limit)
    return Page(items=[_shown(row) for row in rows], next=next_page)


@router.post("/jobs/{job}/again", status_code=202)
def begin_again(asking: Installation, job: Number) -> BegunAgain:
    """Queue a failed job once more, once its reason is gone; it stands in the audit log of its organisation."""
    row = failed.begin_again(asking, job)
    return BegunAgain(job=job, kind=row.kind, due_at=row.due_at)


def _shown(row: Job) -> FailedOut:
    assert row.id is not None
    return FailedOut(job=row.id, **row.model_dump(include=set(FailedOut.model_fields)))
