"""What happens in rounds, told to all who listen: one look at the database per second, however many they are.

A listener first reads what it missed, page by page, and from then on hears what the one poller of the process finds.
Nothing falls between: it is known to the poller before it reads, and the poller tells it what comes after that.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import structlog
from anyio import CapacityLimiter, to_thread

from api import logs
from api.books.books import Books
from api.database import Database
from api.feed.happenings import AT_ONCE, Heard, events_after, events_since
from api.feed.matches import MatchChanges
from api.problems import TooMany

MOST = 2_000
"""Listeners of one process."""

BEHIND = 100
"""Events that wait for a slow listener; then its connection ends, and it resumes where it was."""

PATIENCE = 1.0
"""Seconds between two looks."""

THREADS = 2
"""Threads that read for listeners; those of requests are left to requests."""

_log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who listens to a round: what waits for them; None ends it."""

    waiting: asyncio.Queue[Heard | None]

    def hear(self, heard: Heard) -> None:
        """Let one more wait, or end it."""
        if self.waiting.full():
            self.end()
        else:
            self.waiting.put_nowait(heard)

    def end(self) -> None:
        """Let nothing wait but the end."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Feed:
    """The events of all rounds that somebody listens to. It lives in the event loop of the application."""

    def __init__(self, database: Database, books: Books) -> None:
        self._database, self._matches = database, MatchChanges(books)
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._told: dict[str, int] = {}
        self._threads = CapacityLimiter(THREADS)
        self._poller: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    def admit(self) -> None:
        """Raise unless one more may listen.

        Raises:
            TooMany: there are too many listeners.
        """
        if self.listeners >= MOST:
            raise TooMany("Too many listen already; ask for the list of events instead.", "too_many_listeners")

    async def listen(self, round_id: str, after: int) -> AsyncGenerator[Heard, None]:
        """Yield the events of a round that follow number `after`, as they happen, until the feed is closed."""
        listener = Listener(asyncio.Queue(BEHIND))
        self._listeners[round_id].add(listener)
        self._poller = self._poller or asyncio.create_task(self._poll())
        try:
            page = None
            while page is None or len(page) == AT_ONCE:
                page = await self._read(round_id, after)
                for heard in page:
                    yield heard
                    after = heard.number
            self._told.setdefault(round_id, after)
            while (happened := await listener.waiting.get()) is not None:
                if not happened.number or happened.number > after:
                    yield happened
                after = max(after, happened.number)
        finally:
            self._leave(round_id, listener)

    async def close(self) -> None:
        """End all connections."""
        if self._poller is not None:
            self._poller.cancel()
        for listener in [each for many in self._listeners.values() for each in many]:
            listener.end()

    def _leave(self, round_id: str, listener: Listener) -> None:
        self._listeners[round_id].discard(listener)
        if not self._listeners[round_id]:
            del self._listeners[round_id]
            self._told.pop(round_id, None)
            self._matches.forget(round_id)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(PATIENCE)
            try:
                await self._look()
            except Exception as error:  # such as a database that restarts: the next look may succeed
                _log.warning("events_not_read", **logs.told(error))

    async def _look(self) -> None:
        """Look once at what is new, and tell it."""
        if not self._told:
            return
        happened = await to_thread.run_sync(events_since, self._database, dict(self._told), limiter=self._threads)
        changed = await to_thread.run_sync(self._matches.since, list(self._told), limiter=self._threads)
        for round_id, heard in [*happened, *changed]:
            for listener in self._listeners.get(round_id, ()):
                listener.hear(heard)
            if heard.number and round_id in self._told:
                self._told[round_id] = heard.number

    async def _read(self, round_id: str, after: int) -> list[Heard]:
        return await to_thread.run_sync(events_after, self._database, round_id, after, limiter=self._threads)
