"""From the headers of a request to who asks: an access token, an API key, or the cookie of a page."""

from __future__ import annotations

from fastapi import Request
from sqlmodel import Session, select

from api.actor import Actor, Right
from api.problems import Unauthenticated
from api.secrecy import hashed
from api.services import Services
from api.sessions.cookies import name_of, require_own_page
from api.sessions.sessions import actor_of
from api.tables import ApiKey

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""

KEY_PREFIX = "qf_"
"""How an API key begins, so that one that was published by mistake is found by those who search for such."""


def identify(request: Request, services: Services, session: Session, at: int) -> Actor:
    """Return who asks; nobody, if the request does not say.

    Raises:
        Unauthenticated: it says, but not validly.
        Forbidden: a page of somebody else asks with the cookies of its visitor.
        TooMany: they ask too often.
    """
    actor = _shown(request, services, session, at)
    if actor.known:
        request.app.state.rates.charge(actor.name, request)
    return actor


def _shown(request: Request, services: Services, session: Session, at: int) -> Actor:
    if "authorization" in request.headers:
        scheme, _, token = request.headers["authorization"].partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        return _program(session, token, at) if token.startswith(KEY_PREFIX) else actor_of(services, session, token, at)
    cookie = request.cookies.get(name_of(services.settings, "access"))
    if cookie is None:
        return Actor()
    actor = actor_of(services, session, cookie, at)
    if request.method not in SAFE:
        require_own_page(services, request, actor.sign_in)
    return actor


def _program(session: Session, token: str, at: int) -> Actor:
    key = session.exec(select(ApiKey).where(ApiKey.key == hashed(token))).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        raise Unauthenticated("The key is not known, was revoked, or has expired.")
    rights = frozenset(Right(right) for right in key.rights)
    return Actor(key=key.id, organisation=key.organisation_id, rights=rights)
