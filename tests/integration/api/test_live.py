"""Events of a round, as they happen: nothing twice, nothing missed, no donor in them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from math import floor

import httpx2
import pytest

import qf
from api.events import EventKind, emit
from api.feed import feed as feeds
from api.feed import matches
from api.feed.feed import Feed
from api.feed.happenings import events_after, events_since
from api.live import routes
from api.live.routes import _stream
from api.serving import Server, bind
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
        feed = Feed(service.services.database, service.services.books)
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


def data_of(part: str) -> str:
    return next(line for line in part.splitlines() if line.startswith("data:")).partition(":")[2]


def test_a_listener_hears_what_was_and_what_happens(service, fast):
    service.round()
    tell(service, 2)
    parts = heard(service, 0, 5, lambda: tell(service, 3))
    assert [number(part) for part in parts] == [1, 2, 3, 4, 5]
    assert "event: donations" in parts[0]
    assert json.loads(data_of(parts[0])) == {"recorded": 1, "at": "1970-01-01T00:00:01Z"}


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
        feed, numbers = Feed(service.services.database, service.services.books), []
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


@contextmanager
def running(service):
    """Serve over a real connection while the block runs, as `qf serve` does; return the address."""
    with bind("127.0.0.1", 0) as listening:
        server = Server(service.app, threading.Event())
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{listening.getsockname()[1]}/v1/rounds/spring/events"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def _connected() -> httpx2.Client:
    return httpx2.Client(trust_env=False, timeout=5, headers={"host": "qf.test"})


def next_event(lines) -> dict[str, str]:
    """Return the fields of the next event of a stream; comments stand alone."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line:
            fields[name] = value.strip()
        elif fields:
            return fields
    raise EOFError


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_over_a_connection_it_begins_now_or_where_it_was_beats_and_ends_with_the_server(service, fast, monkeypatch):
    monkeypatch.setattr(routes, "HEARTBEAT", 0.05)
    service.round()
    tell(service, 3)
    with running(service) as (server, address), _connected() as client:
        with client.stream("GET", address, headers={"Last-Event-ID": "1"}) as resumed:
            assert resumed.headers["content-type"].startswith("text/event-stream"), resumed.read()
            assert resumed.headers["x-accel-buffering"] == "no"
            lines = resumed.iter_lines()
            found = [next_event(lines) for _ in range(3)]
            assert "" in found[0] and [event["id"] for event in found[1:]] == ["2", "3"]
            while next_event(lines) != {"": "still here"}:
                pass
        with client.stream("GET", address) as fresh:
            lines = fresh.iter_lines()
            next_event(lines)
            tell(service, 1)
            while "id" not in (event := next_event(lines)):
                pass
            assert event["id"] == "4"
            began = time.monotonic()
            server.should_exit = True
            assert list(lines) is not None
        assert time.monotonic() - began < 5


def test_one_look_serves_all_listeners_and_outlives_a_database_that_fails(service, fast, monkeypatch):
    service.round()
    looks = []

    def failing(database, told):
        looks.append(told)
        if len(looks) == 1:
            raise RuntimeError("the database restarts")
        return events_since(database, told)

    monkeypatch.setattr(feeds, "events_since", failing)

    async def listen() -> list[int]:
        feed = Feed(service.services.database, service.services.books)
        streams = [feed.listen("spring", 0) for _ in range(50)]
        hearing = [asyncio.ensure_future(anext(stream)) for stream in streams]
        while not looks:
            await asyncio.sleep(0.01)
        assert feed.listeners == 50
        await asyncio.to_thread(tell, service, 1)
        numbers = [(await asyncio.wait_for(each, 5)).number for each in hearing]
        for stream in streams:
            await stream.aclose()
        await feed.close()
        return numbers

    assert asyncio.run(listen()) == [1] * 50
    assert len(looks) < 20


def test_a_listener_misses_nothing_of_what_happens_while_it_reads_what_was(service, fast, monkeypatch):
    monkeypatch.setattr(feeds, "AT_ONCE", 2)
    service.round()
    tell(service, 6)
    read = events_after

    def while_more_happens(database, round_id, after):
        found = read(database, round_id, after)[:2]
        tell(service, 1)
        return found

    monkeypatch.setattr(feeds, "events_after", while_more_happens)
    parts = heard(service, 0, 12, lambda: None)
    assert [number(part) for part in parts] == list(range(1, 13))


def test_matches_are_told_as_they_change_and_not_to_the_last_digit(service, fast, monkeypatch):
    monkeypatch.setattr(matches, "APART", 0.0)
    service.round()
    gifts = [("ann", "well", 400), ("bob", "well", 400), ("cy", "bus", 400), ("di", "bus", 400), ("eve", "bus", 400)]
    for gift in gifts[:2]:
        service.give(*gift)
    books = service.services.books
    books.of("spring")
    told = []

    async def listen() -> None:
        feed = Feed(service.services.database, books)
        stream = feed.listen("spring", 0)
        for more in (gifts[2:4], gifts[4:], []):
            told.append(json.loads(data_of((await asyncio.wait_for(anext(stream), 5)).message.decode())))
            for gift in more:
                await asyncio.to_thread(service.give, *gift)
            await asyncio.to_thread(books.update)
        await stream.aclose()
        await feed.close()

    asyncio.run(listen())
    shown: dict[str, str] = {}
    for entries, event in zip((2, 4, 5), told, strict=True):
        settled = qf.settle(qf.preset("yen", pool=100_000), gifts[:entries], projects=["bus", "well"])
        shown |= event["match_base"]
        assert (event["entries"], event["complete"]) == (entries, True)
        assert shown == {each.project: str(floor(each.capped_match)) for each in settled.projects}


def test_no_more_matches_are_listed_than_fit(service, monkeypatch):
    monkeypatch.setattr(matches, "LISTED", 1)
    service.round()
    for donor in ("ann", "bob"):
        service.give(donor, "well", 400)
    service.services.books.of("spring")
    changes = matches.MatchChanges(service.services.books)
    ((_, heard),) = changes.since(["spring", "unknown"])
    event = json.loads(data_of(heard.message.decode()))
    assert list(event["match_base"]) == ["well"] and not event["complete"]
    assert changes.since(["spring"]) == []


@pytest.mark.parametrize("number", ["-1", "x", str(2**60)])
def test_a_number_that_is_none_is_refused(service, answered, number):
    service.round()
    answered(service.client().get("/v1/rounds/spring/events", headers={"Last-Event-ID": number}), 422)
    answered(service.client().get("/v1/rounds/spring/events/list", params={"after": number}), 422)
