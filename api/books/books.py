"""The donations of the rounds that are asked about, kept in memory and up to date.

Making a book of a million donations takes seconds; asking it takes a fraction of a millisecond. So each process keeps
the books of the rounds that are asked about, adds new donations to them as they come, and makes a book anew, beside
the old one, where something else changed. An estimate says of when it is.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

import structlog
from sqlmodel import Session, col, select

from api import logs
from api.books.book import Book
from api.clock import Clock
from api.database import Database
from api.inputs import facts_digest, facts_of, standing_of
from api.problems import Unavailable
from api.secrecy import Secrecy
from api.states import State
from api.tables import Entry, Round
from qf.errors import QfError

ASKED_ABOUT = (State.FROZEN, State.OPEN, State.CLOSED)
"""The rounds whose books are kept up to date."""

KEPT = 5_000_000
"""Entries in memory, of all books together; the book that was not asked for longest goes first."""

LEAST = 10_000
"""A book counts for at least so many entries, as its projects and weights need memory too."""

PATIENCE = 1.0
"""Seconds between two looks at what is new."""

READ_AT_ONCE = 2_000
"""New donations that are read from the database at once."""

REST = 5
"""A book that took a second to compare or to make rests this many seconds: most of the time is left to requests."""

WAIT = 0.1
"""Seconds somebody waits while a book is made for somebody else; those who wait must not hold up other requests."""

_log = structlog.get_logger()


class Books:
    """The books of one process. Who asks about a round first waits for its book; from then on nobody waits."""

    def __init__(self, database: Database, secrecy: Secrecy, clock: Clock) -> None:
        self._database, self._secrecy, self._clock = database, secrecy, clock
        self._books: OrderedDict[str, Book] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._stopped = threading.Event()
        self._follower: threading.Thread | None = None

    def known(self, round_id: str) -> Book | None:
        """Return the book of a round if there is one."""
        with self._lock:
            return self._books.get(round_id)

    def of(self, round_id: str) -> Book:
        """Return the book of a round, made if there is none yet.

        Raises:
            Unavailable: it is being made for somebody else.
            QfError: the donations of the round cannot be estimated, such as where a price is missing.
        """
        with self._lock:
            found = self._books.get(round_id)
            if found is not None:
                self._books.move_to_end(round_id)
                return found
            making = self._making.setdefault(round_id, threading.Lock())
        if not making.acquire(timeout=WAIT):
            told = "The donations of the round are just being read; ask again in a few seconds."
            raise Unavailable(told, "not_ready", headers={"Retry-After": "3"})
        try:
            return self.known(round_id) or self._keep(round_id, self._made(round_id))
        finally:
            making.release()

    def start(self) -> None:
        """Read the rounds that are open, and follow what is new from now on, in a thread of its own."""
        self._follower = threading.Thread(target=self._follow, name="books", daemon=True)
        self._follower.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()
        if self._follower is not None:
            self._follower.join()

    def update(self, *, resting: bool = False) -> None:
        """Bring all books up to date; those that rest only with new donations, if `resting` is true."""
        with self._lock:
            books = dict(self._books)
        for round_id, book in books.items():
            if self._stopped.is_set():
                return
            try:
                self._bring_up_to_date(round_id, book, rests=resting and time.monotonic() < book.rests_until)
            except QfError as error:
                _log.warning("book_dropped", round=round_id, error=type(error).__name__)
                self._drop(round_id)

    def _follow(self) -> None:
        self._prepare()
        while not self._stopped.wait(PATIENCE):
            try:
                self.update(resting=True)
            except Exception as error:  # such as a database that restarts: the next look may succeed
                _log.warning("books_not_updated", **logs.told(error))

    def _prepare(self) -> None:
        """Make the books of the rounds that are open, so that nobody waits for them."""
        try:
            with self._database.reading() as session:
                query = select(Round.id).where(Round.state == State.OPEN).order_by(col(Round.entries).desc())
                opened = session.exec(query).all()
            for round_id in opened:
                if self._stopped.is_set() or self._weight() >= KEPT:
                    return
                self.of(round_id)
        except Exception as error:  # then they are made when somebody asks
            _log.warning("books_not_prepared", **logs.told(error))

    def _bring_up_to_date(self, round_id: str, book: Book, *, rests: bool) -> None:
        started = time.monotonic()
        with self._database.reading() as session:
            round = session.get_one(Round, round_id)
            if round.state not in ASKED_ABOUT:
                self._drop(round_id)
                return
            current = self._followed(session, round, book)
            if not rests:
                current = current and round.rules_digest == book.rules_digest
                current = current and facts_digest(facts_of(session, self._secrecy, round)) == book.facts
        if rests:
            return
        if not current:
            self._keep(round_id, self._made(round_id))
        else:
            book.rests_until = time.monotonic() + REST * (time.monotonic() - started)

    def _followed(self, session: Session, round: Round, book: Book) -> bool:
        """Return whether all that is new was added to a book; False if there is something that cannot be."""
        at, last = self._clock(), round.entries
        while book.entries < last:
            query = select(Entry).where(Entry.round_id == round.id, col(Entry.position) > book.entries)
            rows = session.exec(query.order_by(col(Entry.position)).limit(READ_AT_ONCE)).all()
            session.expunge_all()
            if not rows or not all(map(book.takes, rows)):
                return False
            book.add(rows)
        book.at = at
        return True

    def _made(self, round_id: str) -> Book:
        started, at = time.monotonic(), self._clock()
        with self._database.reading() as session:
            round = session.get_one(Round, round_id)
            standing, rules_digest = standing_of(session, self._secrecy, round), round.rules_digest
        facts = facts_digest(standing.inputs)
        book = Book.of(standing.rules, standing.inputs, facts, rules_digest, standing.entries, at)
        book.rests_until = time.monotonic() + REST * (time.monotonic() - started)
        return book

    def _keep(self, round_id: str, book: Book) -> Book:
        with self._lock:
            self._books[round_id] = book
        while self._weight() > KEPT and len(self._books) > 1:
            self._drop(next(iter(self._books)))
        return book

    def _drop(self, round_id: str) -> None:
        with self._lock:
            self._books.pop(round_id, None)

    def _weight(self) -> int:
        with self._lock:
            return sum(max(book.entries, LEAST) for book in self._books.values())
