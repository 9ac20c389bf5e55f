"""Events over HTTP: as they happen, or as a list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, format_sse_event

from api.access import AnyoneOfRound
from api.live.feed import Feed
from api.schema import Answer, Shown, moment_text
from api.tables import RoundEvent

router = APIRouter(tags=["live"])

HEARTBEAT = 15.0
"""Seconds after which a comment is sent, so that nothing on the way takes the connection for dead."""

Number = Annotated[int, Query(ge=0, le=2**53)]


class EventOut(Answer):
    """Something that happened in a round."""

    number: int
    kind: str
    data: dict[str, Any]
    at: Shown


@router.get("/rounds/{round}/events", response_class=EventSourceResponse)
def listen(
    asking: AnyoneOfRound,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53)] = None,
    after: Number = 0,
) -> EventSourceResponse:
    """What happens in the round, as it happens (text/event-stream); resumes after Last-Event-ID."""
    asking.services.feed.require_room()
    place = last_event_id if last_event_id is not None else after
    return EventSourceResponse(_stream(asking.services.feed, asking.round.id, place))


@router.get("/rounds/{round}/events/list")
def list_events(asking: AnyoneOfRound, after: Number = 0) -> list[EventOut]:
    """What happened in the round after a number, the first 500 of it."""
    rows = asking.services.feed.after({asking.round.id: after})
    return [EventOut(**row.model_dump(exclude={"round_id"})) for row in rows]


async def _stream(feed: Feed, round_id: str, after: int) -> AsyncIterator[bytes]:
    yield b": this stream tells what happens in the round\n\n"
    events = feed.listen(round_id, after)
    waiting: asyncio.Task[RoundEvent] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT)
            if not done:
                yield b": still here\n\n"
                continue
            event = waiting.result()
            waiting = None
            data = json.dumps({**event.data, "at": moment_text(event.at)})
            yield format_sse_event(id=str(event.number), event=event.kind, data_str=data)
    except StopAsyncIteration:
        return
    finally:
        if waiting is not None:
            waiting.cancel()
        await events.aclose()
