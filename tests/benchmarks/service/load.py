"""Requests at a constant rate, and how long each took from the moment it was due.

Counting from when a request was due, and not from when it was sent, keeps a server that stalls from hiding the
requests it kept waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

CONNECTIONS = 64
"""Open connections; more than any server here answers at once."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is made again and again."""

    method: str
    path: str
    json: object = None


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: seconds per request, and how many answers were no success."""

    seconds: tuple[float, ...]
    failed: int
    wall: float

    def quantile(self, fraction: float) -> float:
        """Return the seconds within which this fraction of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def offer(base_url: str, calls: Iterator[Call], *, rate: float, seconds: float) -> Load:
    """Return what came of `rate` requests per second for so many seconds."""
    return asyncio.run(_offer(base_url, calls, rate, seconds))


async def _offer(base_url: str, calls: Iterator[Call], rate: float, seconds: float) -> Load:
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    taken: list[float] = []
    failed = 0

    async def one(client: httpx2.AsyncClient, call: Call, due: float) -> None:
        nonlocal failed
        answer = await client.request(call.method, call.path, json=call.json)
        failed += not answer.is_success
        taken.append(time.perf_counter() - due)

    async with httpx2.AsyncClient(base_url=base_url, limits=limits, timeout=60, trust_env=False) as client:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                due = started + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(client, next(calls), due))
        return Load(tuple(taken), failed, time.perf_counter() - started)
