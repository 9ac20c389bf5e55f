"""The processes that do jobs: children of a worker, one for long jobs and one for all others, replaced when they die.

A job in a process of its own kind never holds up a request, and one that takes all memory takes down nothing else.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.context import SpawnProcess

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.clock import new_id
from api.queue import Handler, abandon
from api.services import Services
from api.settings import Settings
from api.worker.registry import HANDLERS, LONG, SENDING
from api.worker.upkeep import upkeep
from api.worker.working import work_once

IDLE = 0.5
"""Seconds between two looks at an empty queue."""

UPKEEP = 10
"""Seconds between two looks at what recurs."""

GRACE = 25
"""Seconds in which a job may end when the worker is stopped; then it is killed, and begun again later."""

PAUSE = 2.0
"""Seconds before a process that died is begun again."""

GROWN = 1 << 30
"""Bytes of memory that a process has ever held, from which on it ends after its job, to give them back."""

_log = structlog.get_logger()


class Lane(StrEnum):
    """Jobs that are done one after the other."""

    LONG = "long"
    """Those that may take minutes; in a process of their own."""
    SENDING = "sending"
    """Those that wait for somebody else's server; in a thread of the process of short ones."""
    SHORT = "short"
    """All others, and what recurs."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The kinds of job it does, and what does them."""
        apart = {Lane.LONG: LONG, Lane.SENDING: SENDING, Lane.SHORT: HANDLERS.keys() - LONG - SENDING}
        return {kind: handler for kind, handler in HANDLERS.items() if kind in apart[self]}


@dataclass(slots=True)
class Child:
    """A process of a lane; `name` is what its leases say."""

    lane: Lane
    name: str
    process: SpawnProcess


@dataclass(slots=True)
class Workers:
    """The processes of a worker.

    Attributes:
        services: of the process that watches them.
        lanes: one process for each.
        children: those that are alive, or were at the last look.
    """

    services: Services
    lanes: tuple[Lane, ...] = (Lane.LONG, Lane.SHORT)
    children: list[Child] = field(default_factory=list)

    def run(self, stopping: threading.Event) -> None:
        """Keep a process alive for each lane until `stopping` is set; then let them end."""
        self.children = [self._begun(lane) for lane in self.lanes]
        try:
            while not stopping.wait(PAUSE):
                self.children = [self._alive(child) for child in self.children]
        finally:
            self._stop()

    def _begun(self, lane: Lane) -> Child:
        name = f"{socket.gethostname()}/{lane}/{new_id()}"
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=work, args=(self.services.settings, lane, name), name=f"qf {lane}")
        process.start()
        return Child(lane, name, process)

    def _alive(self, child: Child) -> Child:
        if child.process.is_alive():
            return child
        self._bury(child)
        return self._begun(child.lane)

    def _stop(self) -> None:
        for child in self.children:
            child.process.terminate()
        for child in self.children:
            child.process.join(GRACE)
            if child.process.is_alive():
                child.process.kill()
                child.process.join()
            self._bury(child)

    def _bury(self, child: Child) -> None:
        """Put back what a process was doing when it died, which it was not if it ended by itself."""
        code = child.process.exitcode
        if code == 0:
            return
        _log.warning("process_died", lane=child.lane, code=code)
        try:
            with self.services.database.writing() as session:
                abandon(session, child.name, self.services.clock(), f"its process died with code {code}")
        except SQLAlchemyError as error:  # then its lease ends by itself
            _log.warning("not_put_back", lane=child.lane, **logs.told(error))


def work(settings: Settings, lane: Lane, name: str) -> None:
    """Do the jobs of a lane until the process is told to end, or its parent is gone; with short ones, send as well."""
    logs.configure()
    stopping = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to parent and children alike
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    services = Services.of(settings)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def ends() -> bool:
        return stopping.is_set() or not parent.is_alive() or _grown()

    beside = threading.Thread(target=do_jobs, args=(services, Lane.SENDING, name, ends, stopping), name="sending")
    try:
        if lane is Lane.SHORT:
            beside.start()
        do_jobs(services, lane, name, lambda: ends() or (lane is Lane.SHORT and not beside.is_alive()), stopping)
    finally:
        stopping.set()
        if lane is Lane.SHORT:
            beside.join()
        services.close()


def do_jobs(services: Services, lane: Lane, name: str, ends: Callable[[], bool], idle: threading.Event) -> None:
    """Do the jobs of a lane until `ends` says so; `idle` is what is waited for between two looks."""
    handlers, next_upkeep = lane.handlers, 0
    while not ends():
        try:
            if lane is Lane.SHORT and services.clock() >= next_upkeep:
                next_upkeep = services.clock() + UPKEEP
                upkeep(services)
            if work_once(services, handlers, name):
                continue
        except SQLAlchemyError as error:  # the database is busy, or restarts
            _log.warning("no_database", lane=lane, **logs.told(error))
        idle.wait(IDLE)


def _grown() -> bool:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) > GROWN
