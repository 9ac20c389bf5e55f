"""Every request gets a name and is checked; every answer gets the headers that tell browsers to be careful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api.answers import problem
from api.clock import new_id
from api.etags import tell_apart
from api.problems import ApiError
from api.settings import Settings
from api.wall.bodies import counted

NAME = "X-Request-ID"
"""The header that tells an asker what their request is called in the logs; what they send in it is not read."""

CAREFUL: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer that does not set its own."""

HTTPS_ALONE = "max-age=31536000"
"""Browsers that came by https once do so for a year."""

READABLE: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": f"ETag, Retry-After, {NAME}",
}
"""Pages of anybody may read what is public; without `Allow-Credentials` they read nothing in a visitor's name."""

READING_ALONE: Mapping[str, str] = {
    **READABLE,
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
}
"""What a browser is told that asks what pages of others may do here."""


class Check(Protocol):
    """Something that is looked at before a request comes in."""

    def __call__(self, request: Request) -> None:
        """Raise an `ApiError` if the request stays outside."""


class Wall:
    """An application with a wall around it."""

    def __init__(self, inside: ASGIApp, checks: Sequence[Check], settings: Settings) -> None:
        self._inside, self._checks, self._longest = inside, checks, settings.max_body_bytes
        self._headers = {**CAREFUL, **({"Strict-Transport-Security": HTTPS_ALONE} if settings.secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return
        request = Request(scope)
        request.state.name = new_id()
        with bound_contextvars(request=request.state.name):
            app = self._stopped(request) or self._inside
            await app(scope, counted(receive, self._longest), self._careful(request, send))

    def _stopped(self, request: Request) -> Response | None:
        """Return the answer to a request that does not come in."""
        try:
            for check in self._checks:
                check(request)
        except ApiError as error:
            return problem(error, request)
        asks = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        return Response(status_code=204, headers=READING_ALONE) if asks else None

    def _careful(self, request: Request, send: Send) -> Send:
        headers = {**self._headers, **(READABLE if request.method in {"GET", "HEAD"} else {})}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                given[NAME] = request.state.name
                for cookie in getattr(request.state, "set_cookies", ()):
                    given.append("Set-Cookie", cookie)
                    given["Cache-Control"] = "no-store"
                for name, value in headers.items():
                    given.setdefault(name, value)
                tell_apart(given)
            await send(message)

        return sending
