"""The signing keys of an installation: kept encrypted in the database, shared by all processes, made when needed."""

from __future__ import annotations

import threading

from sqlalchemy import text
from sqlmodel import Session, select

from api.database import Database
from api.keys.ring import KeyRing, SigningKey
from api.secrecy import Secrecy
from api.tables import SigningKey as Row

FRESH = 60
"""Seconds for which what was read is believed; a key is published long before it signs."""


class KeyStore:
    """Reads the keys from the database, and makes the next one in time."""

    def __init__(self, database: Database, secrecy: Secrecy) -> None:
        self._database, self._secrecy = database, secrecy
        self._lock = threading.Lock()
        self._ring, self._read_at = KeyRing(()), -FRESH

    def ring(self, at: int) -> KeyRing:
        """Return all keys."""
        with self._lock:
            if at - self._read_at >= FRESH or at < self._read_at:
                self._read(at)
            return self._ring

    def reread(self, at: int) -> KeyRing:
        """Return all keys as they are now, for a token that names one that another process has just made."""
        with self._lock:
            if at != self._read_at:
                self._read(at)
            return self._ring

    def signing(self, at: int) -> SigningKey:
        """Return the key that signs, made if there is none; its successor is made a day before it is needed."""
        with self._lock:
            if self._ring.wanted(at) is not None:
                self._renew(at)
            key = self._ring.signing(at)
        assert key is not None
        return key

    def _read(self, at: int) -> None:
        with self._database.reading() as session:
            self._ring, self._read_at = self._stored(session), at

    def _renew(self, at: int) -> None:
        """Make the key that is wanted, unless another process has made it: one at a time looks and makes."""
        with self._database.writing() as session:
            if not self._database.is_sqlite:  # where one writes at a time anyway
                session.execute(text("LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE"))
            starts_at = self._stored(session).wanted(at)
            if starts_at is not None:
                key = SigningKey.new(starts_at)
                sealed = self._secrecy.seal("signing key", key.pem)
                session.add(Row(kid=key.kid, sealed=sealed, starts_at=key.starts_at, ends_at=key.ends_at))
        self._read(at)

    def _stored(self, session: Session) -> KeyRing:
        rows = session.exec(select(Row)).all()
        opened = [(self._secrecy.open("signing key", row.sealed), row.starts_at, row.ends_at) for row in rows]
        return KeyRing.of(SigningKey.of(*each) for each in opened)
