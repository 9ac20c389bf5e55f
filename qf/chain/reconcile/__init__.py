"""The ledger of a round against the chains its donations are on: stage 3b.

what the sources read     against the rows of the ledger        qf.reconciliation.compare_records
what no source has        why: orphaned, failed, spoofed        qf.chain.reconcile.missing
what a contract counts    against what was read of it           qf.chain.reconcile.contract
what was credited         against the transfers that back it    qf.chain.reconcile.backing
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from qf.canonical import canonical_json
from qf.chain.chain_file import ChainFile
from qf.chain.ledger import Entry, SourceLedger, ledger_of_chain
from qf.chain.reconcile.backing import unbacked
from qf.chain.reconcile.contract import evidence_of, proved_lines
from qf.chain.reconcile.missing import explained
from qf.chain.reconcile.rules import Rules
from qf.chain.store import Store
from qf.chain.sync import ReadChain, end_of
from qf.codec.reconciliation_file import donations_digest
from qf.eligibility import Project
from qf.ledger import NO_TIME, DonationLedger
from qf.reconciliation import (
    Evidence,
    Finding,
    Line,
    Override,
    Reconciliation,
    Record,
    compare_records,
    described,
    resolved,
)
from qf.round import Round


def reconcile(
    round: Round,
    ledger: DonationLedger,
    file: ChainFile,
    chains: Sequence[ReadChain],
    store: Store,
    overrides: Sequence[Override] = (),
    projects: Sequence[Project] | None = None,
) -> Reconciliation:
    """Return the ledger compared with its chains, both ways, every difference in a line.

    Args:
        round: whose dates the donations are compared with.
        ledger: what the round recorded.
        file: what is read where, and what it is called.
        chains: every chain of `file`, read into `store`.
        store: what was read.
        overrides: the operator's words on lines.
        projects: of the round; a donation has to be for one of them, and to where it is paid. None: all there are.

    Raises:
        InputError: an override is of no line, or has no reason.
        ChainError: a chain could not be asked.
    """
    rows = records_of(ledger)
    prefixes = tuple(f"eip155:{chain.entry.id}/" for chain in chains)
    ours = [row for row in rows if row.id.startswith(prefixes)]
    elsewhere = [row for row in rows if not row.id.startswith(prefixes)]
    lines: list[Line] = []
    evidence: list[Evidence] = []
    for chain in chains:
        read = ledger_of_chain(file, chain.entry, store, chain.synced.last.number)
        here = [row for row in ours if row.id.startswith(f"eip155:{chain.entry.id}/")]
        lines += _chain_lines(Rules(round, projects), here, elsewhere, chain, read, store)
        for each in read:
            lines += proved_lines(file, chain.entry, each, chain.reader, chain.synced)
            evidence.append(evidence_of(chain.entry, each, end_of(each.entry, chain.reader, chain.synced.last)))
    return Reconciliation(
        donations=donations_digest(ledger),
        compared=len(ours),
        elsewhere=len(elsewhere),
        evidence=tuple(evidence),
        lines=resolved(lines, overrides),
        projects=None if projects is None else {project.id: project.payout_address for project in projects},
        sources=json.loads(canonical_json(file.published)),
    )


def records_of(ledger: DonationLedger) -> list[Record]:
    """Return the rows of a ledger as records; an id on a chain is in lower case."""
    rows = len(ledger)
    tokens = [""] * rows if ledger.token is None else ledger.token.texts().tolist()
    ids = [""] * rows if ledger.id is None else ledger.id.tolist()
    times = [None] * rows if ledger.time is None else [None if t == NO_TIME else t for t in ledger.time.tolist()]
    columns = ledger.donor.texts().tolist(), ledger.project.texts().tolist(), ledger.amount.tolist()
    return [
        Record(name.lower() if name.startswith("eip155:") else name, donor, project, token, amount, time)
        for name, donor, project, amount, token, time in zip(ids, *columns, tokens, times, strict=True)
    ]


def _chain_lines(
    rules: Rules,
    ours: Sequence[Record],
    elsewhere: Sequence[Record],
    chain: ReadChain,
    read: Sequence[SourceLedger],
    store: Store,
) -> Iterator[Line]:
    entries = [entry for each in read for entry in each.donations]
    named = {row.id for row in ours}
    theirs = (entry.record for entry in entries if entry.known_token or entry.record.id in named)
    yield from explained(compare_records(ours, theirs), chain.entry, chain.reader, store, read)
    for entry in entries:
        yield from rules.lines(entry)
    yield from _repeated(elsewhere, entries)
    for each in read:
        yield from unbacked(chain.entry, each, chain.reader)
        for refused in each.decoded.refused:
            yield Line(
                Finding.UNREADABLE, _log_place(chain, refused.log.tx_hash, refused.log.log_index), source=refused.why
            )


def _log_place(chain: ReadChain, transaction: str, place: int) -> str:
    return f"eip155:{chain.entry.id}/{transaction}/{place}"


def _repeated(elsewhere: Iterable[Record], entries: Sequence[Entry]) -> Iterator[Line]:
    """A row from elsewhere that says just what a donation on the chain says was probably entered by hand as well."""
    known: Mapping[tuple[object, ...], str] = {_sayings(entry.record): entry.record.id for entry in entries}
    for row in elsewhere:
        twin = known.get(_sayings(row)) if row.time is not None else None
        if twin is not None:
            yield Line(Finding.DUPLICATED, row.id or described(row), described(row), twin)


def _sayings(record: Record) -> tuple[object, ...]:
    return record.donor, record.project, record.token, record.amount, record.time
