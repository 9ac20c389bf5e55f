"""Answers that need not be sent again: an ETag names what an answer is made of."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import NotModified

COMPRESSED = "-gzip"
"""How the ETag of an answer ends that is sent compressed: its bytes are others than those of the same answer plain."""


def fresh(request: Request, response: Response, *parts: str | int) -> None:
    """Name the state an answer is made of; if the asker has that already, nothing is made or sent.

    Raises:
        NotModified: it is what `If-None-Match` names.
    """
    tag = tag_of(*parts)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-cache"
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    for same in (tag, _compressed(tag)):
        if same in known:
            raise NotModified(same)
    if known == ["*"]:
        raise NotModified(tag)


def tag_of(*parts: str | int) -> str:
    """Return the ETag of a state.

    >>> tag_of("round", 7)
    '"99aaecf71bc2182b05b0"'
    """
    named = "\n".join(map(str, parts))
    return f'"{hashlib.sha256(named.encode()).hexdigest()[:20]}"'


def tell_apart(headers: MutableHeaders) -> None:
    """Give an answer that is sent compressed an ETag of its own, and have caches keep the two apart."""
    tag = headers.get("ETag", "")
    if tag and "Accept-Encoding" not in headers.get("Vary", ""):
        headers.add_vary_header("Accept-Encoding")
    if tag.startswith('"') and headers.get("Content-Encoding") == "gzip":
        headers["ETag"] = _compressed(tag)


def _compressed(tag: str) -> str:
    return f'{tag[:-1]}{COMPRESSED}"'


class Heads:
    """Answers HEAD as GET, without the body: whatever is served can be asked about, and only as much of it is made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] != "http.response.start":
                raise _EnoughError
            await send(message)
            await send({"type": "http.response.body", "body": b""})

        scope["method"] = "GET"
        try:
            with suppress(_EnoughError, ClientDisconnect):
                await self._app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"


class _EnoughError(OSError):
    """Nobody wants to know more; what streams an answer takes it for a connection that has ended."""
