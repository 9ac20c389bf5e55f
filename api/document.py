"""What the OpenAPI document says beyond what FastAPI knows: who has to sign in where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from api.access import Guard
from api.answers import MEDIA_TYPE

TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "An access token from signing in, or a key of an organisation, which begins with qf_.",
}
"""How a program says who it is; pages do it with cookies."""


def describe(app: FastAPI, routers: tuple[APIRouter, ...], prefix: str) -> None:
    """Make the document of `app` say of every endpoint of `routers` whether one signs in."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            document["components"]["securitySchemes"] = {"token": TOKEN}
            for router in routers:
                for path, method, guard in _doors(router):
                    operation = document["paths"][prefix + path][method]
                    operation["security"] = _security(guard)
            for operations in document["paths"].values():
                for operation in operations.values():
                    _problems_alone(operation)
        return plain()

    app.openapi = openapi  # type: ignore[method-assign]


def _doors(router: APIRouter) -> Iterator[tuple[str, str, Guard]]:
    """Yield path, method and guard of every endpoint that has one."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for found in route.dependant.dependencies:
                if isinstance(found.call, Guard):
                    yield from ((route.path_format, method.lower(), found.call) for method in route.methods or ())


def _security(guard: Guard) -> list[dict[str, list[str]]]:
    """Return what the document says: a token; a token or nothing; nothing."""
    if not guard.identifies:
        return []
    return [{"token": []}] if guard.signed_in or guard.right is not None else [{}, {"token": []}]


def _problems_alone(operation: dict[str, Any]) -> None:
    """Take out the other media type that FastAPI writes for the model of a problem."""
    content = operation["responses"]["default"]["content"]
    operation["responses"]["default"]["content"] = {MEDIA_TYPE: content[MEDIA_TYPE]}
