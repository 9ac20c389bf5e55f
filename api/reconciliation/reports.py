"""Reconciliations that were made, and the operator's words on what they found."""

from __future__ import annotations

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.clock import new_id
from api.events import EventKind, emit
from api.problems import Conflict, NotFound
from api.reconciliation.comparing import compare_round
from api.services import Services
from api.tables import LineOverride, Notice, Reconciliation, Round
from qf.codec.reconciliation_file import reconciliation_bytes, reconciliation_in
from qf.reconciliation import Reconciliation as Report


def run(services: Services, round_id: str) -> Reconciliation:
    """Return a new reconciliation of a round, which is kept and told."""
    report, entries = compare_round(services, round_id)
    at = services.clock()
    with services.database.writing() as session:
        round = session.get_one(Round, round_id)
        row = Reconciliation(
            id=new_id(),
            round_id=round_id,
            entries=entries,
            report=reconciliation_bytes(report).decode(),
            unresolved=len(report.unresolved),
            at=at,
        )
        session.add(row)
        emit(session, round, EventKind.RECONCILIATION, {"entries": entries, "unresolved": row.unresolved}, at)
        session.flush()
        session.expunge(row)
    return row


def newest(session: Session, round_id: str) -> Reconciliation | None:
    """Return the newest reconciliation of a round."""
    query = select(Reconciliation).where(Reconciliation.round_id == round_id)
    return session.exec(query.order_by(col(Reconciliation.at).desc(), col(Reconciliation.entries).desc())).first()


def report_of(row: Reconciliation | None) -> Report | None:
    """Return what a reconciliation found."""
    return None if row is None else reconciliation_in(row.report.encode())


def override(asking: RoundAsking, finding: str, place: str, reason: str) -> LineOverride:
    """Return the operator's word on a line of the newest reconciliation; public, with its reason.

    Raises:
        NotFound: there is no such line.
        Conflict: there is a word on it already.
    """
    report = report_of(newest(asking.session, asking.round.id))
    if report is None or (finding, place) not in {(line.finding, line.place) for line in report.lines}:
        raise NotFound(f"The newest reconciliation has no line {finding} at {place}.")
    if any((row.finding, row.place) == (finding, place) for row in standing(asking.session, asking.round.id)):
        raise Conflict("There is a word on this line already; withdraw it first.", "overridden")
    row = LineOverride(
        id=new_id(),
        round_id=asking.round.id,
        finding=finding,
        place=place,
        reason=reason,
        at=asking.at,
        actor=asking.actor.name,
    )
    asking.session.add(row)
    asking.record("line.overridden", reason, subject=f"line/{finding}/{place}")
    _say(asking, reason, {"finding": finding, "place": place})
    return row


def withdraw(asking: RoundAsking, name: str) -> None:
    """Take back the operator's word on a line.

    Raises:
        NotFound: there is none.
    """
    row = asking.session.get(LineOverride, name)
    if row is None or row.round_id != asking.round.id or row.withdrawn_at is not None:
        raise NotFound(f"There is no override {name}.")
    row.withdrawn_at = asking.at
    asking.session.add(row)
    asking.record("line.override_withdrawn", subject=f"line/{row.finding}/{row.place}")


def standing(session: Session, round_id: str) -> list[LineOverride]:
    """Return the words that stand, oldest first."""
    query = select(LineOverride).where(LineOverride.round_id == round_id, col(LineOverride.withdrawn_at).is_(None))
    return list(session.exec(query.order_by(col(LineOverride.at), col(LineOverride.id))))


def _say(asking: RoundAsking, reason: str, details: dict[str, str]) -> None:
    notice = Notice(id=new_id(), round_id=asking.round.id, at=asking.at, kind="override", text=reason, details=details)
    asking.session.add(notice)
    asking.tell(EventKind.NOTICE, {"notice": notice.id, "kind": "override", "text": reason})
