"""Requests at fixed times, and how long each took from the moment it was due.

Counting from when a request was due, and not from when it was sent, keeps a server that stalls from hiding the
requests it kept waiting. Requests are bytes that were made before; a client library would take longer to send one than
the service takes to answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CONNECTIONS = 64
"""Open connections; more than any server here answers at once."""

PATIENCE = 20
"""Seconds after which an answer has failed to come."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests that go out so many a second."""

    calls: Iterator[Call]
    rate: float


@dataclass(slots=True)
class Load:
    """What came of requests.

    Attributes:
        seconds: of each request, from when it was due, or from when it was sent by clients that wait for each other.
        late: seconds by which the generator itself was late with each request.
        failures: answers that were no success.
        wall: seconds from the first request to the last answer.
        busy: processor seconds that the generator took.
    """

    seconds: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    wall: float = 0.0
    busy: float = 0.0

    def quantile(self, fraction: float) -> float:
        """Return the seconds within which this fraction of the requests was answered."""
        return quantile(self.seconds, fraction)


def quantile(values: Sequence[float], fraction: float) -> float:
    """Return the value that this fraction of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def header(head: bytes, name: bytes) -> bytes:
    r"""Return a header of a request or an answer, b"" if it has none; `name` is in small letters.

    >>> header(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"content-length")
    b'2'
    """
    return head.lower().partition(b"\r\n" + name + b":")[2].partition(b"\r\n")[0].strip()


def offer(base_url: str, *streams: Stream, until: Callable[[float], bool]) -> list[Load]:
    """Return what came of streams of requests, in their order, that end as soon as `until(seconds so far)` is true."""
    return asyncio.run(_measured(base_url, [_paced(stream, until) for stream in streams]))


def saturate(base_url: str, calls: Sequence[Call], clients: int) -> Load:
    """Return what came of requests that so many clients send one after the other, each as fast as it is answered."""
    waiting = iter(calls)
    (load,) = asyncio.run(_measured(base_url, [_pressed(waiting, clients)]))
    return load


class _Connections:
    """Connections to one server, used again once an answer was read."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._free = asyncio.Semaphore(CONNECTIONS)

    async def ask(self, call: Call) -> tuple[int, bytes]:
        """Return the status and the body of the answer."""
        async with self._free:
            pair = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
            answer = await self._exchanged(*pair, call)
            self._idle.append(pair)
            return answer

    async def _exchanged(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, call: Call
    ) -> tuple[int, bytes]:
        headers = {"Host": f"{self._host}:{self._port}", "Content-Length": str(len(call.body)), **call.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{call.method} {call.path} HTTP/1.1\r\n{lines}\r\n".encode() + call.body)
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), await reader.readexactly(int(header(head, b"content-length")))

    async def close(self) -> None:
        """Close all."""
        for _, writer in self._idle:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


_Work = Callable[[_Connections, Load], Coroutine[None, None, None]]


async def _measured(base_url: str, works: Sequence[_Work]) -> list[Load]:
    connections, loads = _Connections(base_url), [Load() for _ in works]
    began, busy = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for work, load in zip(works, loads, strict=True):
            group.create_task(work(connections, load))
    for load in loads:
        load.wall, load.busy = time.perf_counter() - began, time.process_time() - busy
    await connections.close()
    return loads


def _paced(stream: Stream, until: Callable[[float], bool]) -> _Work:
    async def work(connections: _Connections, load: Load) -> None:
        began, number = time.perf_counter(), 0
        async with asyncio.TaskGroup() as group:
            while not until(number / stream.rate):
                due = began + number / stream.rate
                call = next(stream.calls)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                load.late.append(time.perf_counter() - due)
                group.create_task(_one(connections, load, call, due))
                number += 1

    return work


def _pressed(waiting: Iterator[Call], clients: int) -> _Work:
    async def client(connections: _Connections, load: Load) -> None:
        for call in waiting:
            await _one(connections, load, call, time.perf_counter())

    async def work(connections: _Connections, load: Load) -> None:
        await asyncio.gather(*(client(connections, load) for _ in range(clients)))

    return work


async def _one(connections: _Connections, load: Load, call: Call, due: float) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            status, body = await connections.ask(call)
    except (OSError, EOFError, TimeoutError) as error:
        load.failures.append(f"{call.method} {call.path}: {type(error).__name__}")
    else:
        if not 200 <= status < 300:
            load.failures.append(f"{call.method} {call.path}: {status} {_told(body)}")
    load.seconds.append(time.perf_counter() - due)


def _told(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return repr(body[:200])
