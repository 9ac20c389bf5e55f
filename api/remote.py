"""What other servers publish of themselves, kept for a while: not every request here becomes one there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIFE = 3_600
"""Seconds for which a document is believed."""

AGAIN = 60
"""Seconds between two times at which a document is fetched before that, because it seems to be old."""

SILENT = 5
"""Seconds for which nobody is asked who has just failed to answer."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of fetching a document, and when."""

    at: int
    document: Any
    error: Exception | None


class Documents:
    """The documents of one process. One request at a time fetches; the others wait for what it gets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried: dict[str, _Tried] = {}

    def read(self, url: str, at: int, fetch: Callable[[], Any], *, newer: bool = False) -> Any:
        """Return the document at a URL.

        Args:
            url: what it is known by.
            at: now.
            fetch: gets it, or raises.
            newer: whether what is kept seems to be old.
        """
        with self._lock:
            last = self._tried.get(url)
            if last is None or not 0 <= at - last.at < _good_for(last, newer):
                last = self._tried[url] = _fetched(at, fetch)
        if last.error is not None:
            raise last.error.with_traceback(None)
        return last.document


def _good_for(last: _Tried, newer: bool) -> int:
    if last.error is not None:
        return SILENT
    return AGAIN if newer else LIFE


def _fetched(at: int, fetch: Callable[[], Any]) -> _Tried:
    try:
        return _Tried(at, fetch(), None)
    except Exception as error:
        return _Tried(at, None, error)
