"""Problems as pages, for who asked for a page: the same words as problem+json, in the language of the reader."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.problems import ApiError
from api.web.view import View

ENDED = frozenset({"session_ended", "bad_token"})
"""What somebody is told whose session is no longer good."""


def error_page(error: ApiError, request: Request) -> HTMLResponse:
    """Return the page of a problem."""
    view = View.of(request)
    told: dict[str, Any] = error.body(getattr(request.state, "name", ""))
    kind = str(error.status) if view.words.has("error", str(error.status)) else "other"
    page = view.page("error.html", "", error.status, problem=told, kind=kind, ended=error.code in ENDED)
    page.headers.update(error.headers)
    page.headers["Cache-Control"] = "no-store"
    return page
