"""Reading the sources of a chain into a store: resumable, idempotent, and the same after a reorganisation.

    walk back to a block that still stands -> read each part of each source from where it stopped -> check that the
    last block still stands; if it does not, begin again

What a contract counts is compared with what was read; blocks between two donations whose numbers have a gap are read
again from receipts, which their headers prove complete.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from typing import TypeVar

from qf.canonical import canonical_json
from qf.chain.chain_file import ChainEntry, SourceEntry
from qf.chain.node.reader import Block, BlockId, ChainReader, Trust
from qf.chain.proof import Transaction
from qf.chain.sources.counted import CountedSource
from qf.chain.store import Store
from qf.chain.types import BlockStamp, ChainId, Log, LogFilter, Outcome
from qf.errors import ChainError, ReorganisedError, UnprovableError

ATTEMPTS = 10
"""How often reading begins again because the chain was reorganised meanwhile."""

BATCH = 32
"""Whole blocks that are kept at once, where a source needs whole blocks."""

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Told the source, the last block read of it, and the last there is to read."""


@dataclass(frozen=True, slots=True)
class Synced:
    """How far a chain was read.

    Attributes:
        chain: which.
        last: the last block that was read.
        final: whether it cannot be reorganised any more.
        added: logs that are new in the store.
        forgotten: logs that a reorganisation took away.
        dropped: logs that a node sent twice or unasked.
    """

    chain: ChainId
    last: BlockStamp
    final: bool
    added: int
    forgotten: int
    dropped: int


def sync(
    entry: ChainEntry, reader: ChainReader, store: Store, *, until: BlockId | None = None, progress: Progress
) -> Synced:
    """Return how far the sources of a chain were read into `store`.

    Args:
        entry: the chain and its sources.
        reader: what reads it.
        store: where it is kept.
        until: the last block: a tag, a number, or None for the last that is final.
        progress: told how far it is.

    Raises:
        ChainError: it could not be read, or not be proved; what was read until then is kept.
    """
    return _Sync(entry, reader, store, progress).run(until)


def last_final(entry: ChainEntry, reader: ChainReader) -> BlockStamp:
    """Return the last block that is final: by its tag, or by depth below the head where that says nothing."""
    if isinstance(entry.finality, int):
        return _below_head(reader, entry.finality)
    try:
        tagged = reader.stamp(entry.finality)
    except ChainError:
        if entry.depth is None:
            raise
        return _below_head(reader, entry.depth)
    if entry.depth is None or tagged.number < reader.stamp("latest").number:
        return tagged
    return _below_head(reader, entry.depth)


def end_of(source: SourceEntry, reader: ChainReader, last: BlockStamp) -> BlockStamp:
    """Return the last block of a source, where its chain was read up to `last`."""
    if source.last is None or source.last >= last.number:
        return last
    return reader.stamp(source.last)


def _below_head(reader: ChainReader, depth: int) -> BlockStamp:
    return reader.stamp(max(reader.stamp("latest").number - depth, 0))


class _Sync:
    def __init__(self, entry: ChainEntry, reader: ChainReader, store: Store, progress: Progress) -> None:
        self._entry, self._reader, self._store, self._progress = entry, reader, store, progress
        self._added = self._forgotten = self._dropped = 0

    def run(self, until: BlockId | None) -> Synced:
        for _ in range(ATTEMPTS):
            final = last_final(self._entry, self._reader)
            last = final if until is None else self._reader.stamp(until)
            try:
                self._walk_back(last)
                for source in self._entry.sources:
                    self._read(source, last)
                self._require_standing(final.number, last)
            except ReorganisedError as gone:
                self._forget(max(gone.number - 1, self._store.final(self._entry.id)))
                continue
            self._store.final(self._entry.id, min(final.number, last.number))
            is_final = last.number <= final.number
            return Synced(self._entry.id, last, is_final, self._added, self._forgotten, self._dropped)
        told = f"was reorganised {ATTEMPTS} times while it was read"
        raise UnprovableError(f"chain {self._entry.id}", told, "read up to 'finalized', or try again later")

    def _walk_back(self, head: BlockStamp) -> None:
        """Forget what a reorganisation took away: walk from parent to parent to a block that is kept and stands."""
        chain = self._entry.id
        kept = next((stamp for stamp in self._store.stamps(chain) if stamp.number <= head.number), None)
        if kept is None:
            return
        stamp = self._reader.stamp(kept.number)
        while stamp.number > self._store.final(chain):
            known = self._store.block(chain, stamp.number)
            if known is not None and known.hash == stamp.hash:
                break
            if stamp.number == 0:
                break
            stamp = self._reader.stamp(stamp.parent)
        known = self._store.block(chain, stamp.number)
        if known is not None and known.hash != stamp.hash:
            told = f"block {stamp.number} was final as {known.hash} and is {stamp.hash} now"
            raise UnprovableError(
                f"chain {chain}", told, "check that the endpoints are of this chain; else take a new store"
            )
        if stamp.number < kept.number:
            self._forget(stamp.number)

    def _forget(self, last: int) -> None:
        self._forgotten += self._store.rewind(self._entry.id, last)

    def _require_standing(self, final: int, last: BlockStamp) -> None:
        """Raise unless all that was read stands: a chain that goes back and forth leaves blocks of both behind."""
        kept = takewhile(lambda stamp: stamp.number > final, self._store.stamps(self._entry.id))
        for stamp in [last, *reversed(list(kept))]:
            if stamp.number <= last.number:
                now = self._reader.stamp(stamp.number)
                if now.hash != stamp.hash:
                    raise ReorganisedError(stamp.number, stamp.hash, now.hash)

    def _read(self, source: SourceEntry, last: BlockStamp) -> None:
        """Read each part of a source: one for each of its filters, one for whole blocks."""
        end = end_of(source, self._reader, last)
        for part, wanted in enumerate(source.source.filters):
            self._read_logs(source, part, wanted, end)
        if source.source.watched:
            self._read_blocks(source, len(source.source.filters), end)
        if isinstance(source.source, CountedSource):
            self._fill_gaps(source, source.source, end)

    def _read_logs(self, source: SourceEntry, part: int, wanted: LogFilter, end: BlockStamp) -> None:
        chain = self._entry.id
        first = self._store.begin(source.name, part, chain, self._definition(source, wanted), source.first)
        if first > end.number:
            return
        for chunk in self._reader.fetch(wanted, first, end, self._trust(source)):
            outcomes = self._outcomes(chunk.logs) if source.source.needs_receipts else ()
            blocks = [*chunk.blocks.values(), chunk.last]
            self._store.add(source.name, part, chain, chunk.last.number, chunk.logs, blocks, outcomes)
            self._added += len(chunk.logs)
            self._dropped += chunk.dropped
            self._progress(source.name, chunk.last.number, end.number)

    def _definition(self, source: SourceEntry, wanted: LogFilter | list[str]) -> str:
        """Say what is asked for, from where on, and by what proof: what was read by less is not called more later."""
        asked = wanted if isinstance(wanted, list) else [wanted.addresses, wanted.topics]
        return canonical_json([asked, source.first, self._trust(source)]).decode().strip()

    def _trust(self, source: SourceEntry) -> Trust:
        """What is counted by the contract need not be proved block by block."""
        return Trust.NODE if isinstance(source.source, CountedSource) else self._entry.proof

    def _read_blocks(self, source: SourceEntry, part: int, end: BlockStamp) -> None:
        chain = self._entry.id
        accounts = frozenset(source.source.watched)
        first = self._store.begin(source.name, part, chain, self._definition(source, sorted(accounts)), source.first)
        for numbers in _batches(range(first, end.number + 1), BATCH):
            blocks = [self._reader.block(self._reader.stamp(number)) for number in numbers]
            outcomes = [outcome for block in blocks for outcome in _incoming(block, accounts)]
            stamps = {block.stamp.number: block.stamp for block in blocks}
            kept = [stamps[number] for number in {outcome.block_number for outcome in outcomes} | {numbers[-1]}]
            self._store.add(source.name, part, chain, numbers[-1], (), kept, outcomes)
            self._added += len(outcomes)
            self._progress(source.name, numbers[-1], end.number)

    def _outcomes(self, logs: Iterable[Log]) -> list[Outcome]:
        """Return what came of the transactions of `logs`, out of blocks whose receipts are proved."""
        wanted: dict[int, set[str]] = {}
        for log in logs:
            wanted.setdefault(log.block_number, set()).add(log.tx_hash)
        return [
            outcome
            for number, hashes in wanted.items()
            for outcome in _outcomes_in(self._reader.block(self._reader.stamp(number)), _named(hashes))
        ]

    def _fill_gaps(self, entry: SourceEntry, source: CountedSource, end: BlockStamp) -> None:
        """Read again, from receipts, the blocks that must hold a donation the contract counted and no node sent.

        Before its first block a contract may not be there to be asked.
        """
        if end.number < entry.first:
            return
        count = source.facts(self._reader, end).count or 0
        if self._store.tally(entry.name, source.donated, end.number) == count:
            return
        for first, last in _gaps(entry.first, self._places(entry, source, end), count, end.number):
            stamp = self._reader.stamp(last)
            for part, wanted in enumerate(source.filters):
                for chunk in self._reader.fetch(wanted, first, stamp, Trust.RECEIPTS):
                    blocks = [*chunk.blocks.values(), chunk.last]
                    self._store.add(entry.name, part, self._entry.id, chunk.last.number, chunk.logs, blocks)

    def _places(self, entry: SourceEntry, source: CountedSource, end: BlockStamp) -> Iterator[tuple[int, int]]:
        """Yield number and block of each donation that was read, in the order of the chain."""
        for logs in _batches(self._store.logs(entry.name, end.number), 10_000):
            for donation in source.decode(logs).donations:
                assert donation.seq is not None
                yield donation.seq, donation.log.block_number


def _gaps(first: int, places: Iterable[tuple[int, int]], count: int, last: int) -> list[tuple[int, int]]:
    """Return the ranges of blocks in which donations are missing, given those that were read and how many there are.

    >>> _gaps(5, [(0, 7), (3, 9)], 5, 20)
    [(7, 9), (9, 20)]
    """
    edges = [(-1, first), *places, (count, last)]
    return [(block, until) for (seq, block), (following, until) in pairwise(edges) if following > seq + 1]


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    return iter(lambda: list(islice(left, size)), [])


def _named(hashes: Collection[str]) -> Callable[[Transaction], bool]:
    return lambda sent: sent.hash in hashes


def _incoming(block: Block, accounts: frozenset[str]) -> list[Outcome]:
    return _outcomes_in(block, lambda sent: sent.to in accounts and sent.value > 0)


def _outcomes_in(block: Block, wanted: Callable[[Transaction], bool]) -> list[Outcome]:
    """Return what came of the transactions that are wanted; who sent them is who signed them, whatever a node says."""
    return [
        Outcome(
            tx_hash=sent.hash,
            block_number=block.stamp.number,
            block_hash=block.stamp.hash,
            tx_index=sent.index,
            sender=sent.signer(),
            to=sent.to,
            value=sent.value,
            succeeded=receipt.succeeded,
            logs=receipt.logs,
        )
        for sent, receipt in zip(block.transactions, block.receipts, strict=True)
        if wanted(sent)
    ]
