"""What a store holds, in the words of the round: stage 3 of a round that was given on chains."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from qf.chain.chain_file import ChainEntry, ChainFile, SourceEntry, project_key
from qf.chain.store import Store
from qf.chain.types import NATIVE, Address, ChainDonation, ChainId, ChainProject, Decoded
from qf.codec.aside import write_file
from qf.reconciliation import Record

HEADER = ("id", "donor", "project", "amount_base", "token", "time")
"""Columns of the file of donations; see docs/reference/files.md."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A donation on a chain, in the words of the round.

    Attributes:
        record: as it belongs into the ledger.
        donation: as the source read it.
        known_token, known_project: whether the chain file, or the contract, knows what it names.
    """

    record: Record
    donation: ChainDonation
    known_token: bool
    known_project: bool


@dataclass(frozen=True, slots=True)
class SourceLedger:
    """All that one source holds up to a block.

    Attributes:
        entry: the source.
        chain: where it is.
        decoded: what it read.
        donations: the donations in it, in the order of the chain.
    """

    entry: SourceEntry
    chain: ChainId
    decoded: Decoded
    donations: tuple[Entry, ...]


def ledger_of_chain(file: ChainFile, chain: ChainEntry, store: Store, last: int) -> list[SourceLedger]:
    """Return what each source of a chain holds up to the block `last`."""
    times = store.times(chain.id)
    return [_ledger(file, chain.id, source, store, last, times) for source in chain.sources]


def donation_id(chain: ChainId, donation: ChainDonation) -> str:
    """Return what a donation on a chain is called in a ledger; a transfer of the chain's own coin has no log.

    eip155:<chain>/<transaction>/<log>
    """
    place = donation.log.log_index
    return f"eip155:{chain}/{donation.log.tx_hash}/{'native' if place < 0 else place}"


def asset_name(chain: ChainId, token: Address) -> str:
    """Return the name of a token that the chain file does not know, by CAIP-19.

    >>> asset_name(ChainId(10), Address("0x" + "ab" * 20))[:21]
    'eip155:10/erc20:0xaba'
    """
    return f"eip155:{chain}/native" if token == NATIVE else f"eip155:{chain}/erc20:{token}"


def write_donations(path: Path, entries: Iterable[Entry]) -> int:
    """Write the donations whose token is known as a file that `qf settle` reads, and return how many those are.

    Raises:
        OSError: it cannot be written.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    rows = [entry.record for entry in entries if entry.known_token]
    for row in rows:
        writer.writerow((row.id, row.donor, row.project, row.amount, row.token, "" if row.time is None else row.time))
    write_file(path, text.getvalue().encode())
    return len(rows)


def _ledger(
    file: ChainFile, chain: ChainId, source: SourceEntry, store: Store, last: int, times: Mapping[int, int]
) -> SourceLedger:
    last = last if source.last is None else min(last, source.last)
    decoded = source.source.decode(list(store.logs(source.name, last)), store.outcomes(source.name, last))
    projects = {project_key(project.project): project for project in decoded.projects}
    entries = tuple(_entry(file, chain, projects, gift, times) for gift in decoded.donations)
    return SourceLedger(source, chain, decoded, entries)


def _entry(
    file: ChainFile,
    chain: ChainId,
    projects: Mapping[str, ChainProject],
    donation: ChainDonation,
    times: Mapping[int, int],
) -> Entry:
    token = file.tokens.get((chain, donation.token))
    key = project_key(donation.project)
    known = key in file.projects if file.projects else key in projects or not projects
    record = Record(
        id=donation_id(chain, donation),
        donor=donation.donor,
        project=file.projects.get(key, key),
        token=token.name if token else asset_name(chain, donation.token),
        amount=donation.amount,
        time=times.get(donation.log.block_number),
    )
    return Entry(record, donation, token is not None, known)
