"""The ledger of a round against the chains its donations are on: stage 3b.

what the sources read     against the rows of the ledger        qf.reconciliation.compare_records
what no source has        why: orphaned, failed, spoofed        qf.chain.reconcile.missing
what a contract counts    against what was read of it           qf.chain.reconcile.contract
what was credited         against the transfers that back it    qf.chain.reconcile.backing
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from qf.canonical import canonical_json
from qf.chain.chain_file import ChainFile
from qf.chain.ledger import Entry, SourceLedger, ledger_of_chain
from qf.chain.reconcile.backing import unbacked
from qf.chain.reconcile.contract import evidence_of, not_final, proved_lines, window_lines
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
    payees_of,
    resolved,
)
from qf.round import Round

STRAY = "it names none of the chains that were read, or is not written eip155:<chain>/<transaction>/<log>"
"""Why a donation whose id claims a chain cannot be looked for."""

_ON_CHAIN = re.compile(r"eip155:([1-9][0-9]{0,17})/0x[0-9a-f]{64}/(?:0|[1-9][0-9]{0,9}|native)", re.ASCII)
"""The id of a donation on a chain."""


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
    numbers = {str(chain.entry.id) for chain in chains}
    on_chain = [row for row in rows if claims_chain(row.id)]
    elsewhere = [row for row in rows if not claims_chain(row.id)]
    lines = [
        Line(Finding.MISSING_IN_SOURCE, row.id, described(row), STRAY)
        for row in on_chain
        if chain_in(row.id) not in numbers
    ]
    evidence: list[Evidence] = []
    for chain in chains:
        read = ledger_of_chain(file, chain.entry, store, chain.synced.last.number)
        here = [row for row in on_chain if chain_in(row.id) == str(chain.entry.id)]
        lines += _chain_lines(Rules(round, projects), here, elsewhere, chain, read, store)
        for each in read:
            end = end_of(each.entry, chain.reader, chain.synced.last)
            doubts = [*proved_lines(file, chain.entry, each, chain.reader, end), *window_lines(round, each, end)]
            if not chain.synced.final:
                doubts.append(not_final(each, chain.synced.last))
            evidence.append(evidence_of(chain.entry, each, end, doubts))
            lines += doubts
    return Reconciliation(
        donations=donations_digest(ledger),
        compared=len(on_chain),
        elsewhere=len(elsewhere),
        evidence=tuple(evidence),
        lines=resolved(lines, overrides),
        projects=None if projects is None else payees_of(projects),
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
        Record(name.lower() if claims_chain(name) else name, donor, project, token, amount, time)
        for name, donor, project, amount, token, time in zip(ids, *columns, tokens, times, strict=True)
    ]


def claims_chain(name: str) -> bool:
    """Return whether an id says that its donation is on a chain, however it is spelled.

    >>> claims_chain("EIP155:1/0xab/3"), claims_chain("desk/17")
    (True, False)
    """
    return unicodedata.normalize("NFKC", name).strip().casefold().startswith("eip155")


def chain_in(name: str) -> str:
    """Return the number of the chain that an id on a chain names, or "" if the id is none.

    >>> chain_in("eip155:10/0x" + "ab" * 32 + "/3"), chain_in("eip155:10/0xab/3")
    ('10', '')
    """
    found = _ON_CHAIN.fullmatch(name)
    return found[1] if found else ""


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
    yield from _passed_on(read)
    for each in read:
        yield from unbacked(chain.entry, each, chain.reader)
        for refused in each.decoded.unreadable:
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


def _passed_on(read: Sequence[SourceLedger]) -> Iterator[Line]:
    """What a contract of the round sends on to a project was given to it before."""
    contracts = {contract for each in read for contract in each.entry.source.contracts}
    for each in read:
        for entry in each.donations:
            if entry.donation.donor in contracts:
                told = f"sent by {entry.donation.donor}, a contract of the round: it was given to that before"
                yield Line(Finding.DUPLICATED, entry.record.id, source=told)


def _sayings(record: Record) -> tuple[object, ...]:
    return record.donor, record.project, record.token, record.amount, record.time
