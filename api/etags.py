"""Answers that need not be sent again: an ETag names what an answer is made of."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response

from api.problems import NotModified


def fresh(request: Request, response: Response, *parts: str | int) -> None:
    """Name the state an answer is made of; if the asker has that already, nothing is made or sent.

    Raises:
        NotModified: it is what `If-None-Match` names.
    """
    tag = tag_of(*parts)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-cache"
    known = request.headers.get("if-none-match", "")
    if tag in (part.strip().removeprefix("W/") for part in known.split(",")) or known.strip() == "*":
        raise NotModified(tag)


def tag_of(*parts: str | int) -> str:
    """Return the ETag of a state.

    >>> tag_of("round", 7)
    '"99aaecf71bc2182b05b0"'
    """
    named = "\n".join(map(str, parts))
    return f'"{hashlib.sha256(named.encode()).hexdigest()[:20]}"'
