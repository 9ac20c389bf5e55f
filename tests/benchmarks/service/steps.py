"""What is measured, one step after the other."""

from __future__ import annotations

import itertools
import json
import statistics
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from tests.benchmarks.service import idle, rows
from tests.benchmarks.service.load import Call, Load, Stream, offer, quantile, saturate
from tests.benchmarks.service.places import free_port, memory
from tests.benchmarks.service.town import OPERATOR_KEY, deliveries, estimates, lists

READY_WITHIN = 300
"""Seconds within which a step has to come to its end that waits for something."""

SETTLING_RATE = 25
"""Lists of projects a second, and as many estimates, that are asked for while a round is settled."""


@dataclass(slots=True)
class Measuring:
    """A service that is measured.

    Attributes:
        base: where it answers.
        pid: the process that does.
        seconds: how long each load lasts.
        found: what was measured, by the name of its row.
    """

    base: str
    pid: int
    seconds: float
    found: dict[str, float] = field(default_factory=dict)

    def all(self, soak: float, second: Callable[[], str]) -> dict[str, float]:
        """Return everything; `second` makes an access token for who approves the settlement."""
        self.found[rows.FAILED] = 0
        self.start()
        self.reading()
        self.intake()
        self.settlement(second)
        self.soak(soak)
        return self.found

    def start(self) -> None:
        """Wait for the first estimate."""
        began = time.perf_counter()
        self._until_known(1)
        self._note(rows.FIRST, time.perf_counter() - began)

    def reading(self) -> None:
        """Ask for estimates, and for lists."""
        self._offer(Stream(estimates(), 200), until=_after(min(3, self.seconds)))
        (load,) = self._offer(Stream(estimates(), 200), until=_after(self.seconds))
        self._note(rows.ESTIMATES, load.quantile(0.5))
        self._note(rows.ESTIMATES_99, load.quantile(0.99))
        self._note(rows.LATE, quantile(load.late, 0.99))
        self._note(rows.BUSY, load.busy / load.wall)
        (load,) = self._offer(Stream(lists(), 50), until=_after(self.seconds))
        self._note(rows.LISTS_99, load.quantile(0.99))
        self._note(rows.NOTHING, _with_idle_server(self.seconds).quantile(0.99))

    def intake(self) -> None:
        """Send donations, many at once and one by one, and wait until estimates know them."""
        before = self._entries()
        many, few = max(4, int(self.seconds * 2)), max(8, int(self.seconds * 30))
        load = self._saturate(itertools.islice(deliveries("many", 1_000), many), 4)
        self._note(rows.INTAKE, many * 1_000 / load.wall)
        began = time.perf_counter()
        self._until_known(before + many * 1_000)
        self._note(rows.BEHIND, time.perf_counter() - began)
        for name, clients in ((rows.INTAKE_8, 8), (rows.INTAKE_32, 32)):
            load = self._saturate(itertools.islice(deliveries(f"by-{clients}", 1), few), clients)
            self._note(name, few / load.wall)

    def soak(self, seconds: float) -> None:
        """Load all a little for a long time."""
        sizes: list[tuple[float, float]] = []
        lasts = _after(seconds)

        def until(so_far: float) -> bool:
            if not sizes or so_far > sizes[-1][0] + seconds / 200:
                sizes.append((so_far, memory(self.pid)))
            return lasts(so_far)

        streams = Stream(estimates(), 50), Stream(lists(), 10), Stream(deliveries("soak", 10), 1)
        load, *_ = self._offer(*streams, until=until)
        self._note(rows.SOAKED_99, load.quantile(0.99))
        warm = [size for at, size in sizes if at >= 0.1 * seconds] or [size for _, size in sizes]
        tenth = -(-len(warm) // 10)
        first, last = statistics.median(warm[:tenth]), statistics.median(warm[-tenth:])
        self._note(rows.MEMORY, first)
        self._note(rows.GROWTH, last / first - 1)

    def settlement(self, second: Callable[[], str]) -> None:
        """Settle the closed round, and watch what others notice."""
        settling = _Settling(self, second)
        settling.start()
        try:
            read, asked = self._offer(
                Stream(lists(), SETTLING_RATE), Stream(estimates(), SETTLING_RATE), until=lambda _: settling.over
            )
        finally:
            settling.join()
        if settling.error is not None:
            raise settling.error
        self._note(rows.SETTLED, settling.took)
        self._note(rows.SETTLING_LISTS_99, read.quantile(0.99))
        self._note(rows.SETTLING_ESTIMATES_99, asked.quantile(0.99))

    def ask(self, method: str, path: str, token: str = "", body: object = None) -> Any:
        """Return what the service answers.

        Raises:
            HTTPError: it is no success.
        """
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def _entries(self) -> int:
        """Return how many donations an estimate knows; 0 while it is not ready."""
        call = next(estimates())
        try:
            return int(self.ask(call.method, call.path, body=json.loads(call.body))["as_of"]["entries"])
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            return 0

    def _until_known(self, entries: int) -> None:
        until = time.monotonic() + READY_WITHIN
        while self._entries() < entries:
            if time.monotonic() > until:
                raise RuntimeError(f"estimates do not know {entries} donations after {READY_WITHIN} seconds")
            time.sleep(0.1)

    def _offer(self, *streams: Stream, until: Callable[[float], bool]) -> list[Load]:
        loads = offer(self.base, *streams, until=until)
        self._count(*loads)
        return loads

    def _saturate(self, calls: Iterator[Call], clients: int) -> Load:
        load = saturate(self.base, list(calls), clients)
        self._count(load)
        return load

    def _count(self, *loads: Load) -> None:
        failures = [failure for load in loads for failure in load.failures]
        self.found[rows.FAILED] += len(failures)
        for failure in failures[:3]:
            print(f"  {failure}", flush=True)

    def _note(self, name: str, value: float) -> None:
        self.found[name] = value
        unit = next(row.unit for row in rows.ROWS if row.name == name)
        print(f"  {name}: {rows.shown(value, unit)}", flush=True)


class _Settling(threading.Thread):
    """An operator who has the closed round settled, and a second person who approves it."""

    def __init__(self, measuring: Measuring, second: Callable[[], str]) -> None:
        super().__init__(name="settling")
        self._measuring, self._second = measuring, second
        self.over, self.took = False, 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        """Settle the round."""
        try:
            self._settle()
        except Exception as error:  # it is raised where this is waited for
            self.error = error
        finally:
            self.over = True

    def _settle(self) -> None:
        ask, path = self._measuring.ask, "/v1/rounds/closed/settlements"
        second, began = self._second(), time.perf_counter()
        ask("POST", path, OPERATOR_KEY)
        while (state := ask("GET", f"{path}/1", OPERATOR_KEY))["state"] == "running":
            if time.perf_counter() > began + READY_WITHIN:
                raise RuntimeError(f"the settlement is not computed after {READY_WITHIN} seconds")
            time.sleep(0.25)
        if state["state"] != "computed":
            raise RuntimeError(f"the settlement {state['state']}: {state['problem']}")
        ask("POST", f"{path}/1/approve", second)
        ask("POST", f"{path}/1/publish", OPERATOR_KEY)
        self.took = time.perf_counter() - began


def _after(seconds: float) -> Callable[[float], bool]:
    """Return what says that a load has lasted so long."""
    return lambda so_far: so_far >= seconds


def _with_idle_server(seconds: float) -> Load:
    """Return what the generator measures with a server, in a process of its own, that does nothing."""
    port = free_port()
    process = get_context("spawn").Process(target=idle.serve, args=(port,), daemon=True)
    process.start()
    try:
        idle.wait_for(port)
        (load,) = offer(f"http://127.0.0.1:{port}", Stream(estimates(), 200), until=_after(seconds))
    finally:
        process.kill()
        process.join()
    return load
