"""How much a node may take of us, and how often a host is asked: all that ask one host share its pace."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a node is allowed.

    Attributes:
        seconds: for the whole of a request, however slowly the answer drips in.
        silence: seconds without a byte.
        size: bytes of an answer.
        per_second: requests to one host.
        turns: how often every node is asked before it is given up.
    """

    seconds: float = 60
    silence: float = 15
    size: int = 32_000_000
    per_second: float = 50
    turns: int = 6


DEFAULT_LIMITS = Limits()
"""What a node is allowed unless said otherwise."""


class Pace:
    """Spreads requests evenly, whichever thread makes them."""

    def __init__(self, per_second: float) -> None:
        self.seconds = 1 / per_second
        self._free = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may be made."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._free)
            self._free = start + self.seconds
        if start > now:
            time.sleep(start - now)


_PACES: dict[str, Pace] = {}
_LOCK = threading.Lock()


def pace_of(host: str, per_second: float) -> Pace:
    """Return the pace of `host`, one for the whole process; the slowest that was asked for holds."""
    with _LOCK:
        pace = _PACES.setdefault(host, Pace(per_second))
        pace.seconds = max(pace.seconds, 1 / per_second)
        return pace
