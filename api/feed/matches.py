"""What projects would be matched with now, told as it changes: not often, and only of rounds with a book in memory."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from math import floor

from api.books.book import Book
from api.books.books import Books
from api.feed.happenings import Heard
from api.problems import ApiError

KIND = "estimates"
"""What such an event is called."""

APART = 5.0
"""Seconds between two of them in a round."""

LISTED = 200
"""Projects in one of them: those whose match changed most."""


@dataclass(slots=True)
class _Shown:
    """What was told last: of which book, when (seconds of a clock that only goes forward), and the matches."""

    of: tuple[int, str]
    at: float
    matches: dict[str, int] = field(default_factory=dict)


class MatchChanges:
    """The matches that listeners were told, to tell them what changed since."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._shown: dict[str, _Shown] = {}

    def forget(self, round_id: str) -> None:
        """Forget what was told; nobody listens any more."""
        self._shown.pop(round_id, None)

    def since(self, rounds: Iterable[str]) -> list[tuple[str, Heard]]:
        """Return the changes in each of some rounds since they were told last."""
        changes = []
        for round_id in rounds:
            book = self._books.known(round_id)
            with suppress(ApiError):  # too many ask, or it takes too long: perhaps next time
                heard = self._change(round_id, book) if book is not None else None
                changes += [(round_id, heard)] if heard is not None else []
        return changes

    def _change(self, round_id: str, book: Book) -> Heard | None:
        told, now, of = self._shown.get(round_id), time.monotonic(), (book.entries, book.facts)
        if told is not None and (told.of == of or now < told.at + APART):
            return None
        matches, entries = book.matches()
        whole = {project: floor(match) for project, match in matches.items()}
        before = told.matches if told is not None else {}
        changed = {project: match for project, match in whole.items() if before.get(project) != match}
        self._shown[round_id] = _Shown((entries, book.facts), now, whole)
        if not changed:
            return None
        most = sorted(changed, key=lambda project: (-abs(changed[project] - before.get(project, 0)), project))[:LISTED]
        listed = {project: str(changed[project]) for project in sorted(most)}
        return Heard.of(KIND, {"entries": entries, "complete": len(listed) == len(changed), "match_base": listed})
