"""Events over HTTP: as they happen, or as a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

from api.access import AnyoneOfRound
from api.feed.feed import Feed
from api.feed.happenings import Heard, rows_after
from api.schema import Answer, Shown

router = APIRouter(tags=["live"])

HEARTBEAT = 15.0
"""Seconds after which a comment is sent, so that nothing on the way takes the connection for dead."""

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Nothing on the way may keep a part of the stream."""

Number = Annotated[int, Query(ge=0, le=2**53)]


class EventOut(Answer):
    """Something that happened in a round."""

    number: int
    kind: str
    data: dict[str, Any]
    at: Shown


STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
"""What the OpenAPI document says of the stream."""


@router.get("/rounds/{round}/events", response_class=StreamingResponse, responses=STREAM)
def listen(
    asking: AnyoneOfRound,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> EventSourceResponse:
    """What happens in the round from now on, or after Last-Event-ID, as it happens (text/event-stream).

    Besides the events of the list there are some of the kind `estimates`, without a number: what projects would be
    matched with now, as it changes. If one is not `complete`, more has changed than it lists: ask for the matches.
    """
    feed = asking.services.feed
    feed.admit()
    place = last_event_id if last_event_id is not None else after
    known = asking.round.events
    stream = _stream(feed, asking.round.id, known if place is None else min(place, known))
    return EventSourceResponse(stream, headers=HEADERS)


@router.get("/rounds/{round}/events/list")
def list_events(asking: AnyoneOfRound, after: Number = 0) -> list[EventOut]:
    """What happened in the round after a number, the first 500 of it."""
    rows = rows_after(asking.session, asking.round.id, after)
    return [EventOut(**row.model_dump(exclude={"round_id"})) for row in rows]


async def _stream(feed: Feed, round_id: str, after: int) -> AsyncIterator[bytes]:
    yield b": this stream tells what happens in the round\n\n"
    events = feed.listen(round_id, after)
    waiting: asyncio.Task[Heard] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT)
            if not done:
                yield b": still here\n\n"
                continue
            heard = waiting.result()
            waiting = None
            yield heard.message
    except StopAsyncIteration:
        return
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait({waiting})
        await events.aclose()
