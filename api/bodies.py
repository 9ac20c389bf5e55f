"""Bodies whose very bytes matter: signed deliveries, and files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request


async def whole_body(request: Request) -> bytes:
    """The bytes that were sent."""
    return await request.body()


Octets = Annotated[bytes, Depends(whole_body)]
"""The body of a request as it is."""


def body_of(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what the OpenAPI document says of a body that is read as it is."""
    return {"requestBody": {"content": {media_type: {"schema": schema}}, "required": True}}


FILE = body_of("text/csv", {"type": "string"})
BINARY = body_of("application/octet-stream", {"type": "string", "format": "binary"})
