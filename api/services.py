"""What one process has one of."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.books.books import Books
from api.clock import Clock, now
from api.database import Database
from api.feed.feed import Feed
from api.keys.store import KeyStore
from api.remote import Documents
from api.secrecy import Secrecy
from api.settings import Settings


@dataclass(slots=True)
class Services:
    """Shared by all requests and jobs of a process.

    Attributes:
        settings: what the operator set.
        database: where everything is stored.
        keys: what access tokens are signed with.
        books: the donations of rounds that are asked about.
        feed: what happens in rounds that are listened to.
        clock: what time it is.
        documents: what other servers publish of themselves.
    """

    settings: Settings
    database: Database
    keys: KeyStore
    books: Books
    feed: Feed
    clock: Clock = field(default=now)
    documents: Documents = field(default_factory=Documents)

    @classmethod
    def of(cls, settings: Settings, clock: Clock = now) -> Services:
        """Open what the settings name."""
        database = Database(settings.database_url)
        secrecy = settings.secrecy
        books = Books(database, secrecy, clock)
        return cls(settings, database, KeyStore(database, secrecy), books, Feed(database, books), clock)

    @property
    def secrecy(self) -> Secrecy:
        """The keys of the installation."""
        return self.settings.secrecy

    def close(self) -> None:
        """Close it all."""
        self.books.stop()
        self.database.close()
