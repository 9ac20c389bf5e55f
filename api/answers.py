"""From exceptions to answers: whatever goes wrong, the body is one `Problem`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api import logs
from api.problems import ApiError, Fault, Invalid, NotModified, Problem, of_qf
from qf.errors import QfError

MEDIA_TYPE = "application/problem+json"

PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Anything but a success",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "model": Problem,
    }
}
"""What the OpenAPI document says of every endpoint."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Methods that an endpoint may have; HEAD is answered wherever GET is."""


class JsonFile(Response):
    """JSON whose very bytes matter, such as those that a digest is of."""

    media_type = "application/json"


_log = structlog.get_logger()


def install(app: FastAPI) -> None:
    """Make every exception of `app` a problem."""
    app.add_exception_handler(ApiError, _of_api)
    app.add_exception_handler(QfError, _of_qf)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_bug)


def problem(error: ApiError, request: Request) -> Response:
    """Return the answer for an error: a page for who asks for one, if the application has pages."""
    page: Callable[[ApiError, Request], Response] | None = getattr(request.app.state, "error_page", None)
    if page is not None and "text/html" in request.headers.get("accept", ""):
        return page(error, request)
    name = getattr(request.state, "name", "")
    return JSONResponse(error.body(name), error.status, error.headers, media_type=MEDIA_TYPE)


def _of_api(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return problem(error, request)


def _not_modified(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers={"ETag": error.tag, "Cache-Control": "no-cache"})


def _of_qf(request: Request, error: Exception) -> Response:
    assert isinstance(error, QfError)
    known = of_qf(error)
    return problem(known, request) if known else _of_bug(request, error)


def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [Fault(where=_place(each["loc"]), what=_told(each)) for each in error.errors()]
    return problem(Invalid.of(faults), request)


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    told = ApiError(f"{error.detail}.", codes.get(error.status_code, "refused"), headers=dict(error.headers or {}))
    told.status, told.title = error.status_code, str(error.detail)
    if error.status_code == 405:
        told.headers["Allow"] = ", ".join(_methods_at(request))
    return problem(told, request)


def _methods_at(request: Request) -> list[str]:
    """Return the methods of all endpoints at the path of a request; a route by itself knows only its own."""
    routes = request.app.router.routes
    scopes = {method: {**request.scope, "fastapi": {}, "method": method} for method in METHODS}
    return [name for name, scope in scopes.items() if any(each.matches(scope)[0] == Match.FULL for each in routes)]


def _of_bug(request: Request, error: Exception) -> Response:
    _log.error("request_failed", method=request.method, route=logs.template(request.scope), **logs.told(error))
    return problem(ApiError("This is a mistake in the program. It was written to the log.", "broken"), request)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _told(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")
