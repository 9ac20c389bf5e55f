"""Health over HTTP. These paths are for machines near by, and stand outside /v1 and the OpenAPI document."""

from __future__ import annotations

import hmac
import ipaddress

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.health.checks import Ready, ready
from api.problems import Forbidden
from api.services import Services

router = APIRouter(include_in_schema=False)

FROM_ELSEWHERE = ("forwarded", "x-forwarded-for", "x-real-ip", "via", "origin", "sec-fetch-site")
"""Headers of proxies and of pages in a browser: who is behind them is not this machine, whatever the address says."""


@router.get("/healthz")
def alive() -> dict[str, bool]:
    """The process answers."""
    return {"alive": True}


@router.get("/readyz")
def is_ready(request: Request, response: Response) -> Ready:
    """The process can do its work: the database answers and is up to date, and chains are read in time."""
    found = ready(request.app.state.services)
    response.status_code = 200 if found.ready else 503
    response.headers["Cache-Control"] = "no-store"
    return found


@router.get("/metrics")
def numbers(request: Request) -> Response:
    """Numbers for Prometheus: for this machine, and for who has the token."""
    services: Services = request.app.state.services
    if not _may_look(request, services.settings.metrics_token.get_secret_value()):
        raise Forbidden("Numbers are for this machine, or for who sends the token QF_METRICS_TOKEN.")
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _may_look(request: Request, token: str) -> bool:
    if token:
        sent = request.headers.get("authorization", "").partition(" ")
        return sent[0].lower() == "bearer" and hmac.compare_digest(sent[2].encode(), token.encode())
    return not any(name in request.headers for name in FROM_ELSEWHERE) and _is_loopback(request)


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
