"""No body is read that is longer than the settings say, whatever its sender says of its length."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive


def counted(receive: Receive, longest: int) -> Receive:
    """Return how a body is read: until it is too long."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > longest:  # FastAPI lets no other exception through here
            raise HTTPException(413, f"A body has {longest} bytes at most; send what is longer in parts")
        return message

    return receiving
