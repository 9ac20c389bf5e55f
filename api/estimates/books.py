"""The donations of the rounds that are asked about, kept in memory and up to date.

Making a book of a million donations takes seconds; asking it takes a fraction of a millisecond. So each process keeps
the books of the rounds that are asked about, follows new donations, and makes a book anew, beside the old one, where
something else changed. An estimate says how many entries it is of.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction

from sqlmodel import Session, col, select

from api.database import Database
from api.inputs import facts_digest, facts_of, standing_of
from api.secrecy import Secrecy
from api.tables import Entry, Round
from qf.errors import MissingPriceError, ProjectError, QfError
from qf.estimate import Estimate, Estimator
from qf.round import Round as Rules
from qf.units import format_decimal

KEPT = 16
"""Books in memory; the one that was not asked for longest goes first."""

FOLLOWED = 50_000
"""New donations that are added one by one; with more, the book is made anew."""

PATIENCE = 1.0
"""Seconds between two looks at what is new."""


@dataclass(slots=True)
class Book:
    """The donations of a round as they stood when it had `entries` of them."""

    estimator: Estimator
    rules: Rules
    entries: int
    facts: str
    rules_digest: str
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cart(self, gifts: Iterable[tuple[str, str, str]], donor: str | None) -> tuple[Estimate, ...]:
        """Return what gifts (project, amount, token) of a donor would do together."""
        with self.lock:
            return self.estimator.cart(gifts, donor)


class Books:
    """The books of one process. The first question about a round waits for its book; no other waits."""

    def __init__(self, database: Database, secrecy: Secrecy) -> None:
        self._database, self._secrecy = database, secrecy
        self._books: OrderedDict[str, Book] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._stopped = threading.Event()
        self._follower: threading.Thread | None = None

    def of(self, round_id: str) -> Book:
        """Return the book of a round, made if there is none yet.

        Raises:
            QfError: the donations of the round cannot be estimated, such as where a price is missing.
        """
        with self._lock:
            known = self._books.get(round_id)
            if known is not None:
                self._books.move_to_end(round_id)
                return known
            making = self._making.setdefault(round_id, threading.Lock())
        with making:
            with self._lock:
                known = self._books.get(round_id)
            return known or self._keep(round_id, self._made(round_id))

    def start(self) -> None:
        """Follow new donations from now on, in a thread of its own."""
        self._follower = threading.Thread(target=self._follow, name="books", daemon=True)
        self._follower.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()
        if self._follower is not None:
            self._follower.join()

    def update(self) -> None:
        """Bring all books up to date."""
        with self._lock:
            books = dict(self._books)
        for round_id, book in books.items():
            try:
                with self._database.reading() as session:
                    current = self._followed(session, round_id, book)
                if not current:
                    self._keep(round_id, self._made(round_id))
            except QfError:
                with self._lock:
                    self._books.pop(round_id, None)

    def _follow(self) -> None:
        while not self._stopped.wait(PATIENCE):
            self.update()

    def _keep(self, round_id: str, book: Book) -> Book:
        with self._lock:
            self._books[round_id] = book
            self._books.move_to_end(round_id)
            while len(self._books) > KEPT:
                self._books.popitem(last=False)
        return book

    def _made(self, round_id: str) -> Book:
        with self._database.reading() as session:
            round = session.get_one(Round, round_id)
            standing = standing_of(session, self._secrecy, round)
        estimator = Estimator.of(standing.rules, standing.inputs)
        return Book(estimator, standing.rules, standing.entries, facts_digest(standing.inputs), round.rules_digest)

    def _followed(self, session: Session, round_id: str, book: Book) -> bool:
        """Return whether a book is up to date now; False if it has to be made anew."""
        round = session.get_one(Round, round_id)
        same_facts = facts_digest(facts_of(session, self._secrecy, round)) == book.facts
        if round.rules_digest != book.rules_digest or not same_facts:
            return False
        new = round.entries - book.entries
        if new > FOLLOWED:
            return False
        query = select(Entry).where(Entry.round_id == round_id, col(Entry.position) > book.entries)
        rows = list(session.exec(query.where(col(Entry.position) <= round.entries).order_by(col(Entry.position))))
        if any(row.revision or row.against or not _within(book.rules, row.time) for row in rows):
            return False
        unpriced = {row.token for row in rows if row.token} - set(round.prices)
        if unpriced:
            raise MissingPriceError(unpriced)
        with book.lock:
            for row in rows:
                places = round.prices[row.token][1] if row.token else book.rules.unit_decimals
                amount = format_decimal(Fraction(row.amount, 10**places), places)
                with suppress(ProjectError):  # what is given to no project of the round counts for none
                    book.estimator.add(row.donor, row.project, amount, token=row.token)
            book.entries = round.entries
        return True


def _within(rules: Rules, time: int) -> bool:
    """A gift is added to a book as one made within the dates of the round."""
    return (rules.opens is None or time >= rules.opens) and (rules.closes is None or time < rules.closes)
