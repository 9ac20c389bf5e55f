"""Reading the chain of a round into what is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import Session

from api.intake.recording import Gift, Origin, Recorded, lock, newest, record, revise
from api.ledger import standing
from api.services import Services
from api.tables import Entry, Round, Source
from qf.chain.chain_file import ChainFile
from qf.chain.ledger import Entry as ChainEntry
from qf.chain.ledger import ledger_of_chain
from qf.chain.store import Store
from qf.chain.sync import ReadChain, readers, sync_all

GONE = "it is no longer on the chain"
"""Why a donation is taken back that a reorganisation took away."""


@contextmanager
def read_chains(services: Services, source: Source, file: ChainFile) -> Iterator[tuple[Store, Sequence[ReadChain]]]:
    """Read the chains of a source as far as they are final; what was read is open while the block runs, and the nodes.

    Raises:
        ChainError: a chain could not be read; what was read of it is kept.
    """
    with Store(store_path(services, source)) as store, readers(file) as opened:
        yield store, sync_all(file, opened, store)


def store_path(services: Services, source: Source) -> Path:
    """Return where what is read from the chains of a source is kept."""
    folder = services.settings.data_dir / "chains"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{source.id}.db"


def donations_in(file: ChainFile, store: Store, chains: Sequence[ReadChain]) -> list[ChainEntry]:
    """Return the donations that were read, but for those in tokens the round does not know."""
    read = [each for chain in chains for each in ledger_of_chain(file, chain.entry, store, chain.synced.last.number)]
    return [entry for each in read for entry in each.donations if entry.known_token]


def write(session: Session, round: Round, source: Source, found: Sequence[ChainEntry], origin: Origin) -> Recorded:
    """Return what of the donations on a chain is new; those that are no longer there are taken back."""
    lock(session, round)
    gifts = [_gift(entry) for entry in found]
    ours = [row for row in session.execute(standing(round.id)).scalars() if row.source_id == source.id]
    there = {gift.external_id for gift in gifts}
    gone = [(_taken_back(row), GONE) for row in ours if row.external_id not in there]
    revise(session, round, source, gone, origin)
    back = _returned(session, source, gifts)
    revise(session, round, source, [(gift, "it is on the chain again") for gift in back], origin)
    return record(session, round, source, gifts, origin)


def _gift(entry: ChainEntry) -> Gift:
    told = entry.record
    return Gift(told.id, told.donor, told.project, told.amount, told.time or 0, told.token, False, told.id)


def _taken_back(row: Entry) -> Gift:
    return Gift(row.external_id, row.donor, row.project, 0, row.time, row.token, row.against, row.ledger_id)


def _returned(session: Session, source: Source, gifts: Sequence[Gift]) -> list[Gift]:
    """Return the donations that were taken back and are on the chain again."""
    known = newest(session, source, [gift.external_id for gift in gifts])
    return [gift for gift in gifts if gift.external_id in known and known[gift.external_id].amount == 0]
