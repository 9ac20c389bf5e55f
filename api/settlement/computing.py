"""Settling a round: the same inputs, the same bundle, however often a worker has to begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session, select

from api.inputs import Standing, facts_digest, standing_of
from api.queue import Failure, Handler
from api.reconciliation.reports import latest
from api.services import Services
from api.settlement.bundles import bundle_path, summary_of
from api.states import Settlement as State
from api.tables import Job, Preview, Round, Settlement
from qf.allocate import Totals, allocate
from qf.canonical import canonical_json, digest
from qf.codec import result_digest, write_bundle
from qf.compare import Comparison, compare
from qf.errors import QfError
from qf.inputs import Inputs
from qf.settle import match
from qf.verify import verify

MOST_TOLD = 20_000
"""Characters of why a settlement failed; the first lines of a long list say enough."""


def settle(services: Services, work: Mapping[str, Any]) -> None:
    """Compute a settlement that was asked for, and keep its bundle, verified."""
    with services.database.reading() as session:
        settlement = session.get_one(Settlement, work["settlement"])
        if settlement.state != State.RUNNING:
            return
        round = session.get_one(Round, settlement.round_id)
        try:
            standing = standing_of(session, services.secrecy, round, settlement.entries)
        except QfError as error:
            _failed(services, settlement.id, error)
            return
        reconciliation = latest(session, round.id) if standing.rules.reconciled else None
        basis = basis_of(round, standing.inputs)
    try:
        summary, found = _bundle(services, settlement.id, standing, reconciliation)
    except QfError as error:
        _failed(services, settlement.id, error)
        return
    with services.database.writing() as session:
        row = session.exec(select(Settlement).where(Settlement.id == settlement.id).with_for_update()).one()
        if row.state == State.RUNNING:
            row.state, row.summary, row.result_digest = State.COMPUTED, summary, found
            row.facts_digest = basis
            session.add(row)


def basis_of(round: Round, inputs: Inputs) -> str:
    """Return the digest of everything a settlement is made of but its donations: rules and facts."""
    return digest(canonical_json([round.rules_digest, facts_digest(inputs)]))


def preview(services: Services, work: Mapping[str, Any]) -> None:
    """Settle a round as it stands under several mechanisms, and keep how they compare."""
    found, problem = {}, ""
    try:
        found = _compared(services, work["preview"])
    except QfError as error:
        problem = str(error)[:MOST_TOLD]
    with services.database.writing() as session:
        kept = session.get_one(Preview, work["preview"])
        kept.result, kept.problem, kept.done_at = found, problem, services.clock()
        session.add(kept)


def _compared(services: Services, name: str) -> dict[str, Any]:
    with services.database.reading() as session:
        row = session.get_one(Preview, name)
        standing = standing_of(session, services.secrecy, session.get_one(Round, row.round_id), row.entries)
    rules = replace(standing.rules, reconciled=False)
    return _comparison(compare(rules, standing.inputs, row.mechanisms))


def _bundle(services: Services, name: str, standing: Standing, reconciliation: Any) -> tuple[dict[str, Any], str]:
    inputs = replace(standing.inputs, reconciliation=reconciliation)
    counted, ideal = match(standing.rules, inputs)
    result = allocate(standing.rules, ideal, inputs.prices, Totals.of(counted, ideal))
    path = bundle_path(services, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(path, standing.rules, inputs, result, counted=counted)
    verify(path)
    return summary_of(result), result_digest(path)


def _settlement_given_up(session: Session, job: Job) -> None:
    row = session.exec(select(Settlement).where(Settlement.id == job.work["settlement"]).with_for_update()).one()
    if row.state == State.RUNNING:
        row.state, row.problem = State.FAILED, f"tried {job.attempts} times: {job.problem}"
        session.add(row)


def _preview_given_up(session: Session, job: Job) -> None:
    row = session.get_one(Preview, job.work["preview"])
    row.problem, row.done_at = f"tried {job.attempts} times: {job.problem}", job.ended_at
    session.add(row)


def _failed(services: Services, name: str, error: QfError) -> None:
    with services.database.writing() as session:
        row = session.exec(select(Settlement).where(Settlement.id == name).with_for_update()).one()
        if row.state == State.RUNNING:
            row.state, row.problem = State.FAILED, str(error)[:MOST_TOLD]
            session.add(row)


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "outcomes": [
            {
                "name": each.name,
                "mechanism": each.mechanism,
                "title": each.title,
                "payouts": {project: str(payout) for project, payout in each.payouts.items()},
                "differences": {project: str(difference) for project, difference in each.differences.items()},
                "unspent": str(each.unspent),
                "paid": each.paid,
                "notes": list(each.notes),
                "error": each.error,
            }
            for each in found.outcomes
        ]
    }


JOBS: Mapping[str, Handler] = {"round.settle": settle, "round.preview": preview}
"""What a worker does for settlements."""

FAILURES: Mapping[str, Failure] = {"round.settle": _settlement_given_up, "round.preview": _preview_given_up}
"""What it means when a worker cannot do it: whoever asked is told."""
