"""Reading all chains of a chain file into a store, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from qf.chain.chain_file import ChainEntry, ChainFile
from qf.chain.logs import Chain
from qf.chain.node.pace import Limits
from qf.chain.node.reader import BlockId, ChainReader
from qf.chain.store import Store
from qf.chain.sync.one_chain import Progress, Synced, end_of, last_final, sync
from qf.errors import InputError, Problem

__all__ = ["Progress", "ReadChain", "Synced", "end_of", "last_final", "readers", "sync", "sync_all"]


@dataclass(frozen=True, slots=True)
class ReadChain:
    """A chain that was read: its entry in the chain file, what reads it, and how far it was read."""

    entry: ChainEntry
    reader: ChainReader
    synced: Synced


@contextmanager
def readers(file: ChainFile) -> Iterator[Sequence[ChainReader]]:
    """Open what reads each chain of a file, in its order, while the block runs.

    Raises:
        InputError: a chain has no endpoints.
    """
    silent = [chain.id for chain in file.chains if not chain.endpoints]
    if silent:
        raise InputError(Problem(f"chain {number}", "has no endpoints", "name the URLs of nodes") for number in silent)
    opened = [_opened(chain) for chain in file.chains]
    try:
        yield opened
    finally:
        for reader in opened:
            reader.close()


def sync_all(
    file: ChainFile,
    open_readers: Sequence[ChainReader],
    store: Store,
    *,
    until: BlockId | None = None,
    progress: Progress = lambda source, done, last: None,
) -> list[ReadChain]:
    """Return how far each chain of a file was read into `store`; see `sync`.

    Raises:
        ChainError: one could not be read, or not be proved; what was read of it, and of the others, is kept.
    """
    pairs = list(zip(file.chains, open_readers, strict=True))
    with ThreadPoolExecutor(max(1, len(pairs))) as pool:
        jobs = [pool.submit(sync, entry, reader, store, until=until, progress=progress) for entry, reader in pairs]
    return [ReadChain(entry, reader, job.result()) for (entry, reader), job in zip(pairs, jobs, strict=True)]


def _opened(entry: ChainEntry) -> Chain:
    limits = Limits(per_second=entry.requests_per_second)
    return Chain(entry.id, entry.endpoints, entry.quorum, limits)
