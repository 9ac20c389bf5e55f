"""Reconciliation over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api import queue
from api.access import AnyoneOfRound, Operating
from api.bodies import FILE, Octets
from api.problems import NotFound
from api.reconciliation import reports, statements
from api.schema import Answer, Body, IdPath, Line, Queued, Reason, Shown, SlugPath
from api.sources.changes import require
from api.sources.schema import SourceKind
from api.tables import LineOverride
from qf.reconciliation import Finding

router = APIRouter(tags=["reconciliation"])


class NewOverride(Body):
    """Which line does not stand in the way, and why; public."""

    finding: Annotated[Finding, Field(strict=False)]
    place: Line
    reason: Reason


class OverrideOut(Answer):
    """The operator's word on a line."""

    id: str
    finding: Finding
    place: str
    reason: str
    at: Shown


class LineOut(Answer):
    """One thing that differs, with what to do about it, and the operator's word if there is one."""

    finding: Finding
    place: str
    ledger: str
    source: str
    advice: str
    override: str


class EvidenceOut(Answer):
    """How far a source was read, and what proves that nothing is missing."""

    source: str
    kind: str
    donations: int
    block: int
    block_hash: str
    proof: str


class ReconciliationOut(Answer):
    """The donations of a round compared with where they came from; `current` says whether it is of all there are."""

    at: Shown
    entries: int
    current: bool
    compared: int
    elsewhere: int
    unresolved: int
    evidence: list[EvidenceOut]
    lines: list[LineOut]


class StatementOut(Answer):
    """A statement that was kept."""

    id: str
    sha256: str
    lines: int


@router.get("/rounds/{round}/reconciliation")
def read_reconciliation(asking: AnyoneOfRound) -> ReconciliationOut:
    """The newest comparison of the donations with where they came from."""
    row = reports.newest(asking.session, asking.round.id)
    report = reports.latest(asking.session, asking.round.id)
    if row is None or report is None:
        raise NotFound("The round was not reconciled yet.")
    return ReconciliationOut(
        at=row.at,
        entries=row.entries,
        current=row.entries == asking.round.entries,
        compared=report.compared,
        elsewhere=report.elsewhere,
        unresolved=len(report.unresolved),
        evidence=[EvidenceOut(**asdict(each)) for each in report.evidence],
        lines=[LineOut(**asdict(each), advice=each.advice) for each in report.lines],
    )


@router.post("/rounds/{round}/reconciliation", status_code=202)
def reconcile(asking: Operating) -> Queued:
    """Compare the donations with where they came from; a worker does it."""
    key = f"{asking.round.id}/{asking.round.entries}/{asking.at}"
    return Queued(job=queue.enqueue(asking.session, "round.reconcile", key, {"round": asking.round.id}, asking.at))


@router.post("/rounds/{round}/sources/{source}/statement", status_code=201, openapi_extra=FILE)
def take_statement(asking: Operating, source: SlugPath, body: Octets) -> StatementOut:
    """What the provider of a source says it received: CSV with id, amount_base, refunded_base, token, time."""
    found = require(asking.session, asking.round.id, source, SourceKind.WEBHOOK, SourceKind.CSV)
    kept = statements.take(asking, found, body)
    return StatementOut(id=kept.id, sha256=kept.sha256, lines=kept.lines)


@router.get("/rounds/{round}/overrides")
def list_overrides(asking: AnyoneOfRound) -> list[OverrideOut]:
    """The operator's words on lines, with their reasons."""
    return [_override(row) for row in reports.standing(asking.session, asking.round.id)]


@router.post("/rounds/{round}/overrides", status_code=201)
def override_line(asking: Operating, new: NewOverride) -> OverrideOut:
    """Say why a line does not stand in the way; public."""
    return _override(reports.override(asking, new.finding, new.place, new.reason))


@router.delete("/rounds/{round}/overrides/{override}", status_code=204)
def withdraw_override(asking: Operating, override: IdPath) -> None:
    """Take back a word on a line."""
    reports.withdraw(asking, override)


def _override(row: LineOverride) -> OverrideOut:
    return OverrideOut(**row.model_dump(include={"id", "place", "reason", "at"}), finding=Finding(row.finding))
