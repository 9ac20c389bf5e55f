"""The donations of one round in memory: asked from many threads, added to from one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction

from api.problems import Conflict, Unavailable
from api.tables import Entry
from qf.errors import ProjectError
from qf.estimate import Estimate, Estimator
from qf.estimate.engines import has_closed_form
from qf.inputs import Inputs
from qf.round import Round as Rules
from qf.units import format_decimal

ADDED_AT_ONCE, PAUSE = 10, 0.001
"""Donations that are added, a fifth of a millisecond each, before those who ask have a turn; seconds of that turn."""

COMPUTED = 100_000
"""Entries up to which an estimate may compute the whole round again, in half a second; most formulas need not."""

TURN = 1.0
"""Seconds that somebody waits for a turn."""


Standing = tuple[dict[str, Fraction], dict[str, tuple[int, int]], int]
"""Project -> match in base units; project -> round units and donors that count; of so many entries."""


@dataclass(slots=True)
class Book:
    """The donations of a round as they stood when it had `entries` of them.

    Attributes:
        estimator: answers questions; only under `lock`.
        rules, facts, rules_digest: what it was made of beside donations, and digests of that.
        entries, at: as of when it is: how many entries of the round are in it, and when that was all there was.
        rests_until: it is neither compared nor made anew before this; seconds of a clock that only goes forward.
    """

    estimator: Estimator
    rules: Rules
    decimals: dict[str, int]
    facts: str
    rules_digest: str
    entries: int
    at: int
    rests_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _standing: Standing | None = None

    @classmethod
    def of(cls, rules: Rules, inputs: Inputs, facts: str, rules_digest: str, entries: int, at: int) -> Book:
        """Return the book of what is known.

        Raises:
            QfError: it cannot be estimated, such as where a price is missing.
        """
        decimals = {name: price.decimals for name, price in inputs.prices.prices.items()}
        return cls(Estimator.of(rules, inputs), rules, decimals, facts, rules_digest, entries, at)

    def cart(self, gifts: Iterable[tuple[str, str, str]], donor: str | None) -> tuple[tuple[Estimate, ...], int, int]:
        """Return what gifts (project, amount, token) of a donor would do together, and as of when: entries, time.

        Raises:
            Conflict, Unavailable: it would take too long, or too many ask.
            InputError, MissingPriceError: a gift that cannot be.
        """
        with self._turn():
            return self.estimator.cart(gifts, donor), self.entries, self.at

    def matches(self) -> tuple[dict[str, Fraction], int]:
        """Return what every project would be matched with now, in base units, and of how many entries that is.

        Raises:
            Conflict, Unavailable: it would take too long, or too many ask.
        """
        with self._turn():
            return self.estimator.matches(), self.entries

    def standing(self) -> Standing:
        """Return what every project would be matched with, what it was given, and of how many entries that is.

        Given is what counts: round units, and how many people gave it. It is computed once for all who ask before
        something changes.

        Raises:
            Conflict, Unavailable: it would take too long, or too many ask.
        """
        with self._turn():
            if self._standing is None or self._standing[2] != self.entries:
                self._standing = self.estimator.matches(), self.estimator.given(), self.entries
            return self._standing

    def effects(self, donor: str) -> dict[str, tuple[Fraction, Fraction]]:
        """Return what projects are matched with now, and would be without all that a donor gave, in base units.

        Raises:
            Conflict, Unavailable: it would take too long, or too many ask.
        """
        with self._turn():
            return self.estimator.effects(donor)

    def takes(self, row: Entry) -> bool:
        """Return whether a donation can be added; a correction, or one outside the dates, needs a new book."""
        rules = self.rules
        within = (rules.opens is None or row.time >= rules.opens) and (rules.closes is None or row.time < rules.closes)
        return within and not row.revision and not row.against and (not row.token or row.token in self.decimals)

    def add(self, rows: Sequence[Entry]) -> None:
        """Add the donations that follow."""
        for first in range(0, len(rows), ADDED_AT_ONCE):
            with self.lock:
                for row in rows[first : first + ADDED_AT_ONCE]:
                    self._add(row)
            time.sleep(PAUSE)  # or this thread takes the lock again before those who wait for it wake up

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self.entries > COMPUTED and not has_closed_form(self.rules):
            raise Conflict("So many donations take too long to compute under this formula.", "not_estimated")
        if not self.lock.acquire(timeout=TURN):
            raise Unavailable("Too many ask for estimates of this round; ask again in a few seconds.", "busy")
        try:
            yield
        finally:
            self.lock.release()

    def _add(self, row: Entry) -> None:
        places = self.decimals[row.token] if row.token else self.rules.unit_decimals
        amount = format_decimal(Fraction(row.amount, 10**places), places)
        with suppress(ProjectError):  # what is given to no project of the round counts for none
            self.estimator.add(row.donor, row.project, amount, token=row.token)
        self.entries = row.position
