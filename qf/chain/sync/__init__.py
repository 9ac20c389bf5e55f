"""Reading all chains of a chain file into a store, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Thread

from qf.chain.chain_file import ChainEntry, ChainFile
from qf.chain.logs import Chain
from qf.chain.node.pace import Limits
from qf.chain.node.reader import BlockId, ChainReader
from qf.chain.store import Store
from qf.chain.sync.one_chain import Progress, Synced, end_of, last_final, sync
from qf.errors import InputError, Problem

__all__ = ["Progress", "ReadChain", "Synced", "end_of", "last_final", "readers", "sync", "sync_all"]


PATIENCE = 0.2
"""Seconds between two looks at whether somebody wants to stop."""


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
    jobs = [partial(sync, entry, reader, store, until=until, progress=progress) for entry, reader in pairs]
    read = _side_by_side(jobs)
    return [ReadChain(entry, reader, synced) for (entry, reader), synced in zip(pairs, read, strict=True)]


def _side_by_side(jobs: Sequence[Callable[[], Synced]]) -> list[Synced]:
    """Return what each job returns, or raise what the first of them raises. An interruption waits for none of them."""
    done: dict[int, Synced] = {}
    failed: dict[int, BaseException] = {}

    def run(number: int) -> None:
        try:
            done[number] = jobs[number]()
        except BaseException as error:
            failed[number] = error

    threads = [Thread(target=run, args=(number,), daemon=True) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(PATIENCE)
    if failed:
        raise failed[min(failed)]
    return [done[number] for number in range(len(jobs))]


def _opened(entry: ChainEntry) -> Chain:
    limits = Limits(per_second=entry.requests_per_second)
    return Chain(entry.id, entry.endpoints, entry.quorum, limits)
