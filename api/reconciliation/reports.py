"""Reconciliations that were made, and the operator's words on what they found."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.clock import new_id
from api.events import EventKind, emit
from api.problems import Conflict, NotFound
from api.reconciliation.comparing import compare_round
from api.rounds.notices import say
from api.services import Services
from api.tables import LineOverride, Reconciliation, Round
from qf.codec.reconciliation_file import reconciliation_bytes, reconciliation_in
from qf.reconciliation import Finding, Override, resolved
from qf.reconciliation import Reconciliation as Report


def run(services: Services, round_id: str) -> Reconciliation:
    """Return a new reconciliation of a round, which is kept and told."""
    report, entries = compare_round(services, round_id)
    at = services.clock()
    with services.database.writing() as session:
        round = session.get_one(Round, round_id)
        unresolved = len(_with_words(session, round_id, report).unresolved)
        row = Reconciliation(
            id=new_id(),
            round_id=round_id,
            entries=entries,
            report=reconciliation_bytes(report).decode(),
            unresolved=unresolved,
            at=at,
        )
        session.add(row)
        emit(session, round, EventKind.RECONCILIATION, {"entries": entries, "unresolved": unresolved}, at)
        session.flush()
        session.expunge(row)
    return row


def newest(session: Session, round_id: str) -> Reconciliation | None:
    """Return the newest reconciliation of a round: the one of most entries, and of these the last."""
    query = select(Reconciliation).where(Reconciliation.round_id == round_id)
    return session.exec(query.order_by(col(Reconciliation.entries).desc(), col(Reconciliation.at).desc())).first()


def latest(session: Session, round_id: str) -> Report | None:
    """Return what the newest reconciliation of a round found, with the operator's words that stand now."""
    row = newest(session, round_id)
    return None if row is None else _with_words(session, round_id, reconciliation_in(row.report.encode()))


def _with_words(session: Session, round_id: str, report: Report) -> Report:
    """Write the words that stand into a report; those on what no longer differs are left out."""
    there = {(line.finding, line.place) for line in report.lines}
    words = [Override(Finding(row.finding), row.place, row.reason) for row in standing(session, round_id)]
    kept = [word for word in words if (word.finding, word.place) in there]
    return replace(report, lines=resolved(report.lines, kept))


def override(asking: RoundAsking, finding: str, place: str, reason: str) -> LineOverride:
    """Return the operator's word on a line of the newest reconciliation; public, with its reason, and good at once.

    Raises:
        NotFound: there is no such line.
        Conflict: there is a word on it already.
    """
    asking.lock()
    report = latest(asking.session, asking.round.id)
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
    say(asking, "override", reason, {"finding": finding, "place": place})
    return row


def withdraw(asking: RoundAsking, name: str) -> None:
    """Take back the operator's word on a line.

    Raises:
        NotFound: there is none.
    """
    asking.lock()
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
