"""How often one may ask: each address, and each account or key wherever it asks from, in any minute.

Counted in the memory of each process: N processes let through N times as much.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.problems import TooMany
from api.wall.addresses import Network, source_of

READING, WRITING, GUESSING = 1, 5, 10
"""What a request costs: reading, writing, and what shows that somebody knows a secret or signs."""

GUESSED = ("/v1/sign-in/", "/v1/me/codes", "/v1/me/wallets")
"""Where such things are shown."""


class Rates:
    """What was spent in the last minute, by whom."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._spent = SlidingWindowCounterRateLimiter(MemoryStorage())

    def charge(self, who: str, request: Request) -> None:
        """Count a request.

        Raises:
            TooMany: it is one too many; says when to come back.
        """
        if not self._spent.hit(self._limit, who, cost=min(cost_of(request), self._limit.amount)):
            again = self._spent.get_window_stats(self._limit, who).reset_time - time.time()
            seconds = max(1, math.ceil(again))
            told = f"You ask more than {self._limit.amount} times a minute; come back in {seconds} seconds."
            raise TooMany(told, headers={"Retry-After": str(seconds)})


class NotTooOften:
    """Stops a request from an address that asks too often."""

    def __init__(self, rates: Rates, proxies: Sequence[Network]) -> None:
        self._rates, self._proxies = rates, proxies

    def __call__(self, request: Request) -> None:
        """Count the request.

        Raises:
            TooMany: it is one too many.
        """
        self._rates.charge(f"from {source_of(request, self._proxies)}", request)


def cost_of(request: Request) -> int:
    """Return what a request costs."""
    if request.scope["path"].startswith(GUESSED):
        return GUESSING
    return READING if request.method in {"GET", "HEAD", "OPTIONS"} else WRITING
