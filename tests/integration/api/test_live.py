"""Events of a round, as they happen: nothing twice, nothing missed, no donor in them."""

from __future__ import annotations

import asyncio
import json

import pytest

from api.events import EventKind, emit
from api.live import feed as feeds
from api.live.feed import Feed
from api.live.routes import _stream
from api.tables import Round


def tell(service, count=1, round="spring"):
    with service.services.database.writing() as session:
        for _ in range(count):
            emit(session, session.get_one(Round, round), EventKind.DONATIONS, {"recorded": 1}, 1)


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(feeds, "PATIENCE", 0.02)


def heard(service, after, count, meanwhile=lambda: None):
    """Return what a listener hears, number by number."""

    async def listen() -> list[bytes]:
        feed = Feed(service.services.database)
        stream = _stream(feed, "spring", after)
        parts = [await anext(stream)]
        while len(parts) < count + 1:
            if len(parts) == 2:
                await asyncio.to_thread(meanwhile)
            parts.append(await asyncio.wait_for(anext(stream), 5))
        await stream.aclose()
        assert feed.listeners == 0
        await feed.close()
        return parts[1:]

    return [part.decode() for part in asyncio.run(listen())]


def number(part: str) -> int:
    return int(next(line for line in part.splitlines() if line.startswith("id:")).partition(":")[2])


def test_a_listener_hears_what_was_and_what_happens(service, fast):
    service.round()
    tell(service, 2)
    parts = heard(service, 0, 5, lambda: tell(service, 3))
    assert [number(part) for part in parts] == [1, 2, 3, 4, 5]
    assert "event: donations" in parts[0]
    data = next(line for line in parts[0].splitlines() if line.startswith("data:")).partition(":")[2]
    assert json.loads(data) == {"recorded": 1, "at": "1970-01-01T00:00:01Z"}


def test_a_listener_resumes_where_it_was(service, fast):
    service.round()
    tell(service, 5)
    assert [number(part) for part in heard(service, 3, 2)] == [4, 5]


def test_a_listener_hears_only_its_round(service, fast):
    service.round()
    service.round("autumn")
    tell(service, 3, "autumn")
    tell(service, 1)
    assert [number(part) for part in heard(service, 0, 1)] == [1]


def test_a_slow_listener_misses_nothing(service, fast, monkeypatch):
    monkeypatch.setattr(feeds, "BEHIND", 3)
    service.round()
    tell(service, 10)

    async def listen() -> list[int]:
        feed, numbers = Feed(service.services.database), []
        async for event in feed.listen("spring", 0):
            numbers.append(event.number)
            await asyncio.sleep(0.03)
            if event.number == 10:
                break
        await feed.close()
        return numbers

    assert asyncio.run(asyncio.wait_for(listen(), 10)) == list(range(1, 11))


def test_events_are_listed_for_those_without_a_stream(service, answered):
    service.round()
    tell(service, 3)
    found = answered(service.client().get("/v1/rounds/spring/events/list", params={"after": 1}))
    assert [event["number"] for event in found] == [2, 3]


def test_too_many_listeners_are_refused(service, fast, monkeypatch):
    monkeypatch.setattr(feeds, "MOST", 0)
    service.round()
    assert service.client().get("/v1/rounds/spring/events").status_code == 429
