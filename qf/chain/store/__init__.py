"""What was read from chains, kept in one SQLite file: logs, the blocks they are in, and how far was read.

Every change is one transaction, so a process killed at any moment leaves what it had before or after, never half.
Logs are kept as the chain wrote them; what they mean is decided when they are decoded.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from qf.chain.store.rows import (
    BLOCK,
    LOG,
    OUTCOME,
    SCHEMA,
    VERSION,
    hash_of,
    log_in,
    log_row,
    octets,
    outcome_in,
    outcome_row,
    stamp_in,
)
from qf.chain.types import BlockStamp, ChainId, Hash, Log, Outcome
from qf.errors import ReorganisedError, StoreError

PATIENCE = 2.0
"""Seconds to wait for a file that somebody else has open."""


class Store:
    """An open file. Safe to use from several threads; another process is kept out while it is open."""

    def __init__(self, path: Path | str) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: it is something else, cannot be opened, or another process has it open.
        """
        self._path = str(path)
        self._lock = RLock()
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                self._open()
                return
            except sqlite3.Error as error:
                if "locked" not in str(error) or time.monotonic() > ends:
                    raise StoreError(f"{path}: cannot be used to keep what was read: {error}") from None
            time.sleep(random.uniform(0.01, 0.1))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------ progress

    def begin(self, source: str, part: int, chain: ChainId, definition: str, first: int) -> int:
        """Return the next block to read of one part of a source, noting the part if it is new.

        Args:
            source: whose logs are meant.
            part: which of them.
            chain: where they are.
            definition: what is asked for; it must not change while the file lives.
            first: the block to begin at.

        Raises:
            StoreError: the file holds something else under this name.
        """
        with self._change():
            row = self._db.execute(
                "SELECT definition, next FROM progress WHERE source = ? AND part = ?", (source, part)
            ).fetchone()
            if row is None:
                self._db.execute(
                    "INSERT INTO progress VALUES (?, ?, ?, ?, ?)", (source, part, chain, definition, first)
                )
                return first
        if row[0] != definition:
            told = f"{self._path}: was read with other settings of {source}"
            raise StoreError(f"{told}; take a new file, or put the chain file back as it was")
        return int(row[1])

    def add(
        self,
        source: str,
        part: int,
        chain: ChainId,
        last: int,
        logs: Sequence[Log],
        blocks: Iterable[BlockStamp],
        outcomes: Sequence[Outcome] = (),
    ) -> None:
        """Keep what was read of one part of a source up to and including the block `last`.

        Raises:
            ReorganisedError: another block of the same height is kept already: rewind first.
        """
        with self._change():
            self._add_blocks(chain, blocks)
            self._db.executemany(
                "INSERT OR IGNORE INTO log VALUES (?,?,?,?,?,?,?,?,?)", (log_row(source, log) for log in logs)
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO outcome VALUES (?,?,?,?,?,?,?,?,?,?)",
                (outcome_row(source, outcome) for outcome in outcomes),
            )
            self._db.execute(
                "UPDATE progress SET next = MAX(next, ?) WHERE source = ? AND part = ?", (last + 1, source, part)
            )

    # ------------------------------------------------------------------------------------------ reorganisations

    def stamps(self, chain: ChainId) -> Iterator[BlockStamp]:
        """Yield the blocks that are kept of a chain, the newest first."""
        number = 2**62
        while True:
            row = self._db.execute(
                f"SELECT {BLOCK} FROM block WHERE chain = ? AND number < ? ORDER BY number DESC LIMIT 1",
                (chain, number),
            ).fetchone()
            if row is None:
                return
            number = row[0]
            yield stamp_in(row)

    def rewind(self, chain: ChainId, last: int) -> int:
        """Forget everything of a chain above the block `last`, and return how many logs that were."""
        with self._change():
            sources = [
                row[0] for row in self._db.execute("SELECT DISTINCT source FROM progress WHERE chain = ?", (chain,))
            ]
            gone = 0
            for source in sources:
                self._db.execute(
                    "INSERT OR IGNORE INTO orphan SELECT ?, tx, place, block, block_hash FROM log"
                    " WHERE source = ? AND block > ?",
                    (chain, source, last),
                )
                gone += self._db.execute("DELETE FROM log WHERE source = ? AND block > ?", (source, last)).rowcount
                self._db.execute("DELETE FROM outcome WHERE source = ? AND block > ?", (source, last))
                self._db.execute(
                    "UPDATE progress SET next = ? WHERE source = ? AND next > ?", (last + 1, source, last + 1)
                )
            self._db.execute("DELETE FROM block WHERE chain = ? AND number > ?", (chain, last))
        return gone

    def orphans(self, chain: ChainId) -> dict[tuple[Hash, int], tuple[int, Hash]]:
        """Return (transaction, log) -> the block it stood in, of every log that a reorganisation took away."""
        rows = self._db.execute("SELECT tx, place, block, block_hash FROM orphan WHERE chain = ?", (chain,))
        return {(hash_of(tx), int(place)): (int(block), hash_of(block_hash)) for tx, place, block, block_hash in rows}

    def final(self, chain: ChainId, number: int | None = None) -> int:
        """Return the highest block that was ever known to be final, `number` included; -1 if none was."""
        with self._change():
            if number is not None:
                self._db.execute(
                    "INSERT INTO final VALUES (?, ?) ON CONFLICT DO UPDATE SET number = MAX(number, excluded.number)",
                    (chain, number),
                )
            row = self._db.execute("SELECT number FROM final WHERE chain = ?", (chain,)).fetchone()
        return -1 if row is None else int(row[0])

    # ------------------------------------------------------------------------------------------------- reading

    def logs(self, source: str, last: int) -> Iterator[Log]:
        """Yield the logs of a source up to the block `last`, in the order of the chain."""
        rows = self._db.execute(
            f"SELECT {LOG} FROM log WHERE source = ? AND block <= ? ORDER BY block, place",
            (source, last),
        )
        for row in rows:
            yield log_in(row)

    def tally(self, source: str, topic: Hash, last: int) -> int:
        """Return how many logs with that first topic a source has up to the block `last`."""
        query = "SELECT COUNT(*) FROM log WHERE source = ? AND block <= ? AND substr(topics, 1, 32) = ?"
        return int(self._db.execute(query, (source, last, octets(topic))).fetchone()[0])

    def outcomes(self, source: str, last: int) -> list[Outcome]:
        """Return the outcomes of a source up to the block `last`, in the order of the chain."""
        rows = self._db.execute(
            f"SELECT {OUTCOME} FROM outcome WHERE source = ? AND block <= ? ORDER BY block, tx_place",
            (source, last),
        )
        return [outcome_in(row) for row in rows]

    def times(self, chain: ChainId) -> dict[int, int]:
        """Return block -> seconds since 1970 UTC, of the blocks that are kept."""
        rows = self._db.execute("SELECT number, time FROM block WHERE chain = ?", (chain,))
        return {int(number): int(time) for number, time in rows}

    def block(self, chain: ChainId, number: int) -> BlockStamp | None:
        """Return a block that is kept."""
        row = self._db.execute(f"SELECT {BLOCK} FROM block WHERE chain = ? AND number = ?", (chain, number)).fetchone()
        return None if row is None else stamp_in(row)

    # -------------------------------------------------------------------------------------------------- inside

    def _open(self) -> None:
        """Open the file and keep everybody else out.

        It does not wait for a lock: of several that open a file at the same time each may have what the others wait
        for, and all would fail. Whoever fails closes the file, and tries again after a while of its own.
        """
        self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            with self._change():
                self._prepare()
        except (sqlite3.Error, StoreError):
            self._db.close()
            raise

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            for statement in filter(str.strip, SCHEMA.split(";")):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise StoreError(f"{self._path}: was not written by this version of qf; take a new file")

    def _add_blocks(self, chain: ChainId, blocks: Iterable[BlockStamp]) -> None:
        for stamp in blocks:
            kept = self.block(chain, stamp.number)
            if kept is not None and kept.hash != stamp.hash:
                raise ReorganisedError(stamp.number, kept.hash, stamp.hash)
            if kept is None:
                row = chain, stamp.number, octets(stamp.hash), octets(stamp.parent), stamp.time
                self._db.execute("INSERT INTO block VALUES (?, ?, ?, ?, ?)", row)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """All of it or nothing, and one at a time."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
