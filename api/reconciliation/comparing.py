"""One reconciliation of a whole round: every source compared with what is recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlmodel import Session, col, select

from api.inputs import Standing, standing_of
from api.services import Services
from api.sources.changes import chain_file, sources_of
from api.sources.reading import read_chains, record_chains
from api.sources.schema import SourceKind
from api.tables import Batch, Entry, Round, Source, Statement, StatementLine
from qf.chain.reconcile import reconcile as reconcile_chains
from qf.chain.reconcile import records_of
from qf.codec.reconciliation_file import donations_digest
from qf.inputs import Inputs
from qf.reconciliation import (
    Evidence,
    Finding,
    Line,
    Reconciliation,
    Record,
    compare_records,
    described,
    payees_of,
    resolved,
)


def compare_round(services: Services, round_id: str) -> tuple[Reconciliation, int]:
    """Return a round compared with its sources, without the operator's words, and how many entries that is about.

    It reads chains, and so must not be called within a transaction. What it reads there is recorded before it compares.

    Raises:
        ChainError: a chain could not be read.
    """
    with services.database.reading() as session:
        sources = sources_of(session, round_id)
    chain = next((source for source in sources if source.kind == SourceKind.CHAIN), None)
    if chain is None:
        return _compared(services, round_id, lambda standing: _nothing_compared(standing.inputs))
    file = chain_file(services, chain)
    with read_chains(services, chain, file) as read:
        record_chains(services, chain, file, read)
        store, chains = read
        return _compared(
            services,
            round_id,
            lambda standing: reconcile_chains(
                standing.rules, standing.inputs.ledger, file, chains, store, (), standing.inputs.projects or ()
            ),
        )


def _compared(
    services: Services, round_id: str, on_chain: Callable[[Standing], Reconciliation]
) -> tuple[Reconciliation, int]:
    """Return what a comparison with the chains finds, and with all other sources, and how many entries it is of."""
    with services.database.reading() as session:
        standing = standing_of(session, services.secrecy, session.get_one(Round, round_id))
        sources = [source for source in sources_of(session, round_id) if source.kind != SourceKind.CHAIN]
        off_chain = [_off_chain(session, source, standing.inputs) for source in sources]
    found = on_chain(standing)
    compared = sum(evidence.donations for evidence, _ in off_chain)
    report = replace(
        found,
        compared=found.compared + compared,
        elsewhere=found.elsewhere - compared,
        evidence=(*found.evidence, *(evidence for evidence, _ in off_chain)),
        lines=resolved([*found.lines, *(line for _, lines in off_chain for line in lines)], ()),
    )
    return report, standing.entries


def _nothing_compared(inputs: Inputs) -> Reconciliation:
    projects = None if inputs.projects is None else payees_of(inputs.projects)
    return Reconciliation(donations_digest(inputs.ledger), 0, len(inputs.ledger), (), (), projects)


def _off_chain(session: Session, source: Source, inputs: Inputs) -> tuple[Evidence, list[Line]]:
    prefix = f"{source.name}/"
    ours = [record for record in records_of(inputs.ledger) if record.id.startswith(prefix)]
    stated = _newest_statement(session, source)
    if source.kind == SourceKind.DESK:
        proof, lines = "its batches add up", list(_batch_lines(session, source))
    elif stated is not None:
        rows = session.exec(select(StatementLine).where(StatementLine.statement_id == stated.id))
        proof, lines = f"statement {stated.sha256}", list(statement_lines(source.name, ours, rows))
    elif source.kind == SourceKind.CSV:
        proof, lines = "the file it came in", []
    else:
        told = "no statement of the provider was given"
        proof, lines = "", [Line(Finding.INCOMPLETE, source.name, source=told)]
    evidence = Evidence(source.name, source.kind, len(ours), proof="" if lines else proof)
    return evidence, [*lines, *_strange(ours, inputs)]


def _strange(ours: Iterable[Record], inputs: Inputs) -> Iterator[Line]:
    """Yield the donations to what is no project of the round: real money, about which somebody has to decide."""
    known = {project.id for project in inputs.projects or ()}
    for record in ours:
        if record.project not in known:
            yield Line(Finding.UNKNOWN_PROJECT, record.id, described(record))


def _newest_statement(session: Session, source: Source) -> Statement | None:
    query = select(Statement).where(Statement.source_id == source.id)
    return session.exec(query.order_by(col(Statement.number).desc())).first()


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
