"""One reconciliation of a whole round: every source compared with what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlmodel import Session, col, select

from api.inputs import standing_of
from api.services import Services
from api.sources.changes import chain_file, sources_of
from api.sources.reading import read_chains
from api.sources.schema import SourceKind
from api.tables import Batch, Entry, LineOverride, Round, Source, Statement, StatementLine
from qf.chain.reconcile import reconcile as reconcile_chains
from qf.chain.reconcile import records_of
from qf.codec.reconciliation_file import donations_digest
from qf.inputs import Inputs
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


def compare_round(services: Services, round_id: str) -> tuple[Reconciliation, int]:
    """Return a round compared with its sources, and how many entries that is about.

    It reads chains, and so must not be called within a transaction.

    Raises:
        ChainError: a chain could not be read.
    """
    with services.database.reading() as session:
        round = session.get_one(Round, round_id)
        standing = standing_of(session, services.secrecy, round)
        sources = sources_of(session, round_id)
        chain = next((source for source in sources if source.kind == SourceKind.CHAIN), None)
        off_chain = [_off_chain(session, source, standing.inputs) for source in sources if source is not chain]
        overrides = overrides_of(session, round_id)
    found = _nothing_compared(standing.inputs)
    if chain is not None:
        file = chain_file(services, chain)
        projects = standing.inputs.projects or ()
        with read_chains(services, chain, file) as (store, chains):
            found = reconcile_chains(standing.rules, standing.inputs.ledger, file, chains, store, (), projects)
    compared = sum(evidence.donations for evidence, _ in off_chain)
    lines = [*found.lines, *(line for _, more in off_chain for line in more)]
    report = replace(
        found,
        compared=found.compared + compared,
        elsewhere=found.elsewhere - compared,
        evidence=(*found.evidence, *(evidence for evidence, _ in off_chain)),
        lines=resolved(lines, _of_lines(overrides, lines)),
    )
    return report, standing.entries


def overrides_of(session: Session, round_id: str) -> list[Override]:
    """Return the operator's words that stand."""
    query = select(LineOverride).where(LineOverride.round_id == round_id, col(LineOverride.withdrawn_at).is_(None))
    return [Override(Finding(row.finding), row.place, row.reason) for row in session.exec(query)]


def _nothing_compared(inputs: Inputs) -> Reconciliation:
    projects = None if inputs.projects is None else payees_of(inputs.projects)
    return Reconciliation(donations_digest(inputs.ledger), 0, len(inputs.ledger), (), (), projects)


def _of_lines(overrides: Iterable[Override], lines: Sequence[Line]) -> list[Override]:
    """Leave out the words on what no longer differs."""
    there = {(line.finding, line.place) for line in lines}
    return [override for override in overrides if (override.finding, override.place) in there]


def _off_chain(session: Session, source: Source, inputs: Inputs) -> tuple[Evidence, list[Line]]:
    prefix = f"{source.name}/"
    ours = [record for record in records_of(inputs.ledger) if record.id.startswith(prefix)]
    if source.kind == SourceKind.DESK:
        proof, lines = "its batches add up", list(_batch_lines(session, source))
    elif source.kind == SourceKind.CSV:
        proof, lines = "the file it came in", []
    else:
        proof, lines = _statement(session, source, ours)
    return Evidence(source.name, source.kind, len(ours), proof="" if lines else proof), lines


def _statement(session: Session, source: Source, ours: Sequence[Record]) -> tuple[str, list[Line]]:
    query = select(Statement).where(Statement.source_id == source.id)
    newest = session.exec(query.order_by(col(Statement.at).desc(), col(Statement.id).desc())).first()
    if newest is None:
        return "", [Line(Finding.INCOMPLETE, source.name, source="no statement of the provider was given")]
    rows = session.exec(select(StatementLine).where(StatementLine.statement_id == newest.id))
    return f"statement {newest.sha256}", list(statement_lines(source.name, ours, rows))


def statement_lines(name: str, ours: Sequence[Record], rows: Iterable[StatementLine]) -> Iterator[Line]:
    """Yield what differs between what is recorded of a source and its provider's statement.

    A statement knows ids, amounts, and perhaps tokens and times; what it does not know is not compared.
    """
    known = {record.id: record for record in ours}
    refunds = {f"{name}/{row.external_id}": row for row in rows}
    theirs = [_record(place, row, known.get(place)) for place, row in refunds.items() if row.amount]
    for line in compare_records(ours, theirs):
        row, record = refunds.get(line.place), known.get(line.place)
        refunded = row is not None and record is not None and row.refunded > 0 and row.amount < record.amount
        if refunded and line.finding in {Finding.DIFFERENT_AMOUNT, Finding.MISSING_IN_SOURCE}:
            assert row is not None and record is not None
            yield Line(Finding.REFUNDED, line.place, described(record), f"{row.refunded} paid back, {row.amount} left")
        else:
            yield line


def _record(place: str, row: StatementLine, ours: Record | None) -> Record:
    known = ours or Record(place, "somebody", "some project", row.token, row.amount)
    return replace(known, amount=row.amount, token=row.token or known.token, time=row.time)


def _batch_lines(session: Session, source: Source) -> Iterator[Line]:
    """Yield the batches of a desk whose donations, as they were entered, are not what was counted."""
    for batch in session.exec(select(Batch).where(Batch.source_id == source.id)):
        query = select(Entry.amount).where(
            Entry.source_id == source.id, Entry.origin == f"batch/{batch.id}", Entry.revision == 0
        )
        amounts = list(session.exec(query))
        if (len(amounts), sum(amounts)) != (batch.donations, batch.total):
            told = f"{len(amounts)} donations of {sum(amounts)}", f"{batch.donations} donations of {batch.total}"
            yield Line(Finding.BALANCE_DIFFERS, f"{source.name}/batch {batch.id}", *told)
