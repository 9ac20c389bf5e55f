"""From the headers of a request to who asks: an access token, an API key, or the cookie of a page."""

from __future__ import annotations

from fastapi import Request
from sqlmodel import Session, select

from api.access.actor import Actor, Right
from api.problems import Unauthenticated
from api.secrecy import hashed
from api.services import Services
from api.tables import ApiKey

KEY_PREFIX = "qf_"
"""How an API key begins, so that one that was published by mistake is found by those who search for such."""


def identify(request: Request, services: Services, session: Session, at: int) -> Actor:
    """Return who asks; nobody, if the request does not say.

    Raises:
        Unauthenticated: it says, but not validly.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return Actor()
    if scheme.lower() != "bearer" or not token.startswith(KEY_PREFIX):
        raise Unauthenticated
    return _program(session, token, at)


def _program(session: Session, token: str, at: int) -> Actor:
    key = session.exec(select(ApiKey).where(ApiKey.key == hashed(token))).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        raise Unauthenticated("The key is not known, was revoked, or has expired.")
    rights = frozenset(Right(right) for right in key.rights)
    return Actor(key=key.id, organisation=key.organisation_id, rights=rights)
