"""Times every request, for the log and for the numbers: the outermost layer of the application."""

from __future__ import annotations

import time

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.health.metrics import Metrics
from api.logs import template

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that are asked all the time, and are logged only if they fail."""

_log = structlog.get_logger()


def build(app: FastAPI, metrics: Metrics) -> None:
    """Watch all of `app`, its wall included."""
    inside = app.build_middleware_stack
    app.build_middleware_stack = lambda: Watching(inside(), metrics)  # type: ignore[method-assign]


class Watching:
    """Logs and counts what the application inside answers. An answer takes as long as it takes to begin."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, seconds = time.perf_counter(), 500, 0.0

        async def watched(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route, method = template(scope), scope["method"]
            self._metrics.observe(method, route, status, seconds or time.perf_counter() - began)
            if route not in QUIET or status >= 500:
                name, ms = scope.get("state", {}).get("name", ""), round(seconds * 1_000, 1)
                _log.info("request", request=name, method=method, route=route, status=status, ms=ms)
