"""What a browser keeps of a session, and how it shows that a request is meant by the page it comes from."""

from __future__ import annotations

import hmac
import secrets

from fastapi import Request, Response

from api.problems import Forbidden
from api.services import Services
from api.sessions.sessions import Opened
from api.settings import Settings

CSRF_HEADER = "X-CSRF-Token"
"""Repeats the cookie `csrf` in every request that changes something."""

BEFORE_LIFE = 900
"""Seconds for which a browser that begins to sign in is recognised."""


def name_of(settings: Settings, name: str) -> str:
    """Return what a cookie is called: over https only this host can have set it."""
    return f"__Host-qf-{name}" if settings.secure else f"qf-{name}"


def browser_of(services: Services, request: Request, response: Response) -> str:
    """Return the mark of a browser that begins to sign in, which is given one if it has none."""
    name = name_of(services.settings, "before")
    mark = request.cookies.get(name, "")
    if len(mark) < 32:
        mark = secrets.token_urlsafe(32)
    _set(services.settings, response, "before", mark, BEFORE_LIFE)
    return mark


def known_browser(services: Services, request: Request) -> str:
    """Return the mark of the browser, "" if it has none."""
    return request.cookies.get(name_of(services.settings, "before"), "")


def keep(services: Services, response: Response, opened: Opened, at: int) -> str:
    """Return the CSRF token of a session, whose tokens the browser keeps from now on."""
    settings, csrf = services.settings, csrf_of(services, opened.sign_in)
    _set(settings, response, "access", opened.access_token, opened.access_ends_at - at)
    _set(settings, response, "refresh", opened.refresh_token, opened.ends_at - at, strict=True)
    _set(settings, response, "csrf", csrf, opened.ends_at - at, readable=True)
    return csrf


def forget(services: Services, response: Response) -> None:
    """Make the browser forget its session."""
    for name in ("access", "refresh", "csrf", "before"):
        _set(services.settings, response, name, "", 0)


def forgotten(settings: Settings, name: str) -> str:
    """Return the header `Set-Cookie` that makes a browser forget one cookie."""
    response = Response()
    _set(settings, response, name, "", 0)
    return response.headers["set-cookie"]


def csrf_of(services: Services, sign_in: str) -> str:
    """Return the CSRF token of a session; it needs no table, and fits no other session."""
    return services.secrecy.mark("csrf", sign_in)


def require_own_page(services: Services, request: Request, sign_in: str) -> None:
    """Raise unless a request that comes with cookies was made by a page of ours.

    Raises:
        Forbidden: another page made it, or nothing shows that ours did.
    """
    require_origin(services, request)
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), csrf_of(services, sign_in).encode()):
        raise Forbidden(f"Repeat the cookie csrf in the header {CSRF_HEADER}.", "csrf")


def require_origin(services: Services, request: Request) -> None:
    """Raise unless the browser says that a page of ours makes the request.

    Raises:
        Forbidden: it says another, or nothing.
    """
    origin = request.headers.get("origin", "")
    if origin != services.settings.public_url:
        raise Forbidden(f"The request comes from {origin or 'nowhere'}, not from this service.", "wrong_origin")


def _set(
    settings: Settings,
    response: Response,
    name: str,
    value: str,
    life: int,
    *,
    strict: bool = False,
    readable: bool = False,
) -> None:
    response.set_cookie(
        name_of(settings, name),
        value,
        max_age=life,
        path="/",
        secure=settings.secure,
        httponly=not readable,
        samesite="strict" if strict else "lax",
    )
