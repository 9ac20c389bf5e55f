"""One look at the database per second for all who listen, however many there are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from anyio import to_thread
from sqlmodel import col, or_, select

from api.database import Database
from api.problems import TooMany
from api.tables import RoundEvent

MOST = 2_000
"""Listeners of one process."""

BEHIND = 500
"""Events that wait for a slow listener; what follows is read again once it has caught up."""

PATIENCE = 1.0
"""Seconds between two looks."""

AT_ONCE = 500
"""Events that are read at once."""


@dataclass(slots=True)
class Listener:
    """Somebody who listens to a round: what waits for them, and the last event they have."""

    waiting: asyncio.Queue[RoundEvent | None]
    last: int


class Feed:
    """The events of all rounds that somebody listens to. It lives in the event loop of the application."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._poller: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    def require_room(self) -> None:
        """Raise unless somebody more can listen.

        Raises:
            TooMany: there are too many listeners.
        """
        if self.listeners >= MOST:
            raise TooMany("Too many listen already; ask for the list of events instead.", "too_many_listeners")

    async def listen(self, round_id: str, after: int) -> AsyncGenerator[RoundEvent, None]:
        """Yield the events of a round that follow number `after`, as they happen, until the feed is closed."""
        listener = Listener(asyncio.Queue(BEHIND), after)
        self._listeners[round_id].append(listener)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll())
        try:
            while (event := await listener.waiting.get()) is not None:
                yield event
        finally:
            self._listeners[round_id].remove(listener)
            if not self._listeners[round_id]:
                del self._listeners[round_id]

    async def close(self) -> None:
        """End all connections."""
        if self._poller is not None:
            self._poller.cancel()
        for listener in [each for many in self._listeners.values() for each in many]:
            _end(listener)

    async def _poll(self) -> None:
        while True:
            places = {name: min(each.last for each in many) for name, many in self._listeners.items() if many}
            if places:
                for event in await to_thread.run_sync(self.after, places):
                    self._tell(event)
            await asyncio.sleep(PATIENCE)

    def after(self, places: dict[str, int], limit: int = AT_ONCE) -> Sequence[RoundEvent]:
        """Return the events that follow a number in each of some rounds."""
        wanted = [(col(RoundEvent.round_id) == name) & (col(RoundEvent.number) > last) for name, last in places.items()]
        query = select(RoundEvent).where(or_(*wanted)).order_by(col(RoundEvent.round_id), col(RoundEvent.number))
        with self._database.reading() as session:
            rows = session.exec(query.limit(limit)).all()
            session.expunge_all()
        return rows

    def _tell(self, event: RoundEvent) -> None:
        for listener in self._listeners.get(event.round_id, ()):
            if event.number > listener.last and not listener.waiting.full():
                listener.waiting.put_nowait(event)
                listener.last = event.number


def _end(listener: Listener) -> None:
    while listener.waiting.full():
        listener.waiting.get_nowait()
    listener.waiting.put_nowait(None)
