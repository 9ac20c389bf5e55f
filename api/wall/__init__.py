"""The outer wall: what every request passes before anything is read of it, and what every answer carries."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp

from api.settings import Settings
from api.wall.hosts import OurHost
from api.wall.rates import NotTooOften, Rates
from api.wall.wall import Wall

GZIP_BYTES = 1_024
"""Smallest answer that is compressed."""

_COMPRESSED = ("application/vnd.apache.parquet", *DEFAULT_EXCLUDED_CONTENT_TYPES)


def build(app: FastAPI, settings: Settings) -> None:
    """Put the wall around all of `app`, also around what answers where the program fails."""
    app.state.rates = rates = Rates(settings.requests_per_minute)
    checks = (OurHost(settings), NotTooOften(rates, settings.proxies))
    inside = app.build_middleware_stack

    def walled() -> ASGIApp:
        small = GZipMiddleware(inside(), GZIP_BYTES, compresslevel=6, exclude_content_types=_COMPRESSED)
        return Wall(small, checks, settings)

    app.build_middleware_stack = walled  # type: ignore[method-assign]
