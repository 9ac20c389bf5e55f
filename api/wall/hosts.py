"""The service answers under its own name only: what another name means to a cache or a browser is not ours to know."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from api.problems import NotFound
from api.settings import Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""What a developer calls the service."""

ASKED_BY_ADDRESS = frozenset({"/healthz", "/readyz", "/metrics"})
"""What machines ask that watch the service and know its address alone."""


class OurHost:
    """Stops a request that was meant for another host."""

    def __init__(self, settings: Settings) -> None:
        self._names = {urlsplit(settings.public_url).hostname, *(LOOPBACK if settings.development else ())}

    def __call__(self, request: Request) -> None:
        """Look at the name.

        Raises:
            NotFound: it is none of ours.
        """
        if request.scope["path"] in ASKED_BY_ADDRESS:
            return
        if {_name(host) for host in request.headers.getlist("host") or [""]} - self._names:
            raise NotFound("There is nothing under this host name; QF_PUBLIC_URL says what the service is called.")


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
