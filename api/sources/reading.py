"""Reading the chain of a round into what is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlmodel import Session

from api.recording import Gift, Origin, lock, record, revise, revisions
from api.services import Services
from api.sources.changes import refusal
from api.tables import Round, Source
from qf.canonical import canonical_json, digest
from qf.chain.chain_file import ChainFile
from qf.chain.ledger import Entry as ChainEntry
from qf.chain.ledger import ledger_of_chain
from qf.chain.store import Store
from qf.chain.sync import ReadChain, readers, sync_all

GONE = "it is no longer on the chain"
BACK = "it is on the chain again"
CHANGED = "the chain says so now"
"""Why a donation is revised: a reorganisation took it away, brought it back or changed it, or the settings did."""


@contextmanager
def read_chains(services: Services, source: Source, file: ChainFile) -> Iterator[tuple[Store, Sequence[ReadChain]]]:
    """Read the chains of a source as far as they are final; what was read is open while the block runs, and the nodes.

    Nobody else reads the source meanwhile, so that what is recorded within the block is what the chains say now.

    Raises:
        StoreError: somebody else reads it just now.
        ChainError: a chain could not be read; what was read of it is kept.
    """
    with Store(store_path(services, source, file)) as store, readers(file) as opened:
        yield store, sync_all(file, opened, store)


def store_path(services: Services, source: Source, file: ChainFile) -> Path:
    """Return where what is read from the chains of a source is kept: one file for each way it was ever set up."""
    folder = services.settings.data_dir / "chains"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{source.id}-{digest(canonical_json(file.published))[:16]}.db"


def record_chains(services: Services, source: Source, file: ChainFile, read: tuple[Store, Sequence[ReadChain]]) -> None:
    """Record what was read from the chains of a source, unless that was stopped or set up anew meanwhile."""
    found = donations_in(file, *read)
    read_until = min(chain.synced.last.time for chain in read[1])
    with services.database.writing() as session:
        current = session.get_one(Source, source.id)
        round = session.get_one(Round, source.round_id)
        lock(session, round)
        session.refresh(current)
        if refusal(round, current) is None and current.settings == source.settings:
            current.read_until = read_until
            session.add(current)
            write(session, round, current, found, Origin("service", "sync", services.clock()))


def donations_in(file: ChainFile, store: Store, chains: Sequence[ReadChain]) -> list[ChainEntry]:
    """Return the donations that were read, but for those in tokens the round does not know."""
    read = [each for chain in chains for each in ledger_of_chain(file, chain.entry, store, chain.synced.last.number)]
    return [entry for each in read for entry in each.donations if entry.known_token]


def write(session: Session, round: Round, source: Source, found: Sequence[ChainEntry], origin: Origin) -> None:
    """Make what is recorded of a source what is on its chains; what changed is revised, with the reason.

    Args:
        session: the transaction, in which the round is locked.
        round: the round.
        source: whose donations they are, all of which come from chains.
        found: all donations on them.
        origin: who brings them.
    """
    known = {name: rows[-1] for name, rows in revisions(session, source).items()}
    gifts = [_gift(entry) for entry in found]
    there = {gift.external_id for gift in gifts}
    gone = [(replace(Gift.of(row), amount=0), GONE) for name, row in known.items() if name not in there and row.amount]
    changed = [
        (gift, CHANGED if known[gift.external_id].amount else BACK)
        for gift in gifts
        if gift.external_id in known and not gift.is_told_by(known[gift.external_id])
    ]
    revise(session, round, source, [*gone, *changed], origin)
    record(session, round, source, [gift for gift in gifts if gift.external_id not in known], origin)


def _gift(entry: ChainEntry) -> Gift:
    told = entry.record
    assert told.time is not None, "the store keeps the block of every log"
    return Gift(told.id, told.donor, told.project, told.amount, told.time, told.token, ledger_id=told.id)
