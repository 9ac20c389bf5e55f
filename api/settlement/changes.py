"""Asking for a settlement, approving it by a second person, and publishing it."""

from __future__ import annotations

from sqlmodel import Session, col, select

from api import queue
from api.access import RoundAsking
from api.clock import new_id
from api.events import EventKind
from api.inputs import facts_of, rules_of
from api.problems import Conflict, Forbidden, NotFound
from api.reconciliation.reports import latest
from api.schema import moment_text
from api.settlement.computing import basis_of
from api.states import Settlement as State
from api.states import State as RoundState
from api.tables import ApiKey, Notice, Preview, Settlement
from qf.reconciliation import require_reconciled


def ask_for(asking: RoundAsking) -> Settlement:
    """Return a settlement of the round as it stands, which a worker computes.

    Raises:
        Conflict: the round is not closed, or another settlement is under way.
    """
    round = asking.lock()
    if round.state != RoundState.CLOSED:
        raise Conflict(f"The round is {round.state}; it is settled once it is closed.", "not_closed")
    before = settlements(asking.session, round.id)
    under_way = [row.number for row in before if row.state in {State.RUNNING, State.COMPUTED, State.APPROVED}]
    if under_way:
        raise Conflict(f"Settlement {under_way[0]} is under way; withdraw it first.", "under_way")
    row = Settlement(
        id=new_id(),
        round_id=round.id,
        number=len(before) + 1,
        state=State.RUNNING,
        requested_by=asking.actor.name,
        requested_at=asking.at,
        entries=round.entries,
    )
    asking.session.add(row)
    queue.enqueue(asking.session, "round.settle", row.id, {"settlement": row.id}, asking.at)
    asking.record("settlement.asked", subject=_subject(row), entries=row.entries)
    return row


def approve(asking: RoundAsking, number: int) -> Settlement:
    """Return a settlement that a second person stands behind.

    Raises:
        Forbidden: the same person asked for it, with an own key perhaps, or a program approves.
        Conflict: it is not computed, or what it was made of has changed.
    """
    row = _locked(asking, number, State.COMPUTED)
    if not asking.actor.account:
        raise Forbidden("A settlement is approved by a person, not with a key.", "not_a_person")
    if asking.actor.account == _asked_by(asking.session, row):
        raise Forbidden("A settlement is approved by somebody else than who asked for it.", "same_person")
    _require_current(asking, row)
    row.state, row.approved_by, row.approved_at = State.APPROVED, asking.actor.account, asking.at
    asking.session.add(row)
    asking.record("settlement.approved", subject=_subject(row), result_digest=row.result_digest)
    return row


def withdraw(asking: RoundAsking, number: int, reason: str) -> Settlement:
    """Return a settlement that is not going to be published."""
    row = _locked(asking, number, State.RUNNING, State.COMPUTED, State.APPROVED)
    row.state, row.problem = State.WITHDRAWN, reason
    asking.session.add(row)
    asking.record("settlement.withdrawn", reason, subject=_subject(row))
    return row


def publish(asking: RoundAsking, number: int) -> Settlement:
    """Return the published settlement: the result of the round, from now on and for good.

    Raises:
        Conflict: it is not approved, or what it was made of has changed.
    """
    row = _locked(asking, number, State.APPROVED)
    _require_current(asking, row)
    round = asking.lock()
    if round.state != RoundState.CLOSED:
        raise Conflict(f"The round is {round.state}, not closed.", "not_closed")
    row.state, row.published_at = State.PUBLISHED, asking.at
    round.state = RoundState.PUBLISHED
    asking.session.add_all([row, round])
    asking.record("settlement.published", subject=_subject(row), result_digest=row.result_digest)
    text = f"The result was published on {moment_text(asking.at)}."
    details = {"result_digest": row.result_digest, "settlement": row.number}
    asking.session.add(
        Notice(id=new_id(), round_id=round.id, at=asking.at, kind="published", text=text, details=details)
    )
    asking.tell(EventKind.STATE, {"state": round.state, "result_digest": row.result_digest})
    return row


def ask_for_preview(asking: RoundAsking, mechanisms: list[str]) -> Preview:
    """Return a comparison of mechanisms on the round as it stands, which a worker computes."""
    row = Preview(
        id=new_id(),
        round_id=asking.round.id,
        entries=asking.round.entries,
        mechanisms=mechanisms,
        requested_by=asking.actor.name,
        requested_at=asking.at,
    )
    asking.session.add(row)
    queue.enqueue(asking.session, "round.preview", row.id, {"preview": row.id}, asking.at)
    return row


def preview_of(asking: RoundAsking, name: str) -> Preview:
    """Return a comparison that was asked for.

    Raises:
        NotFound: there is none of that name in this round.
    """
    row = asking.session.get(Preview, name)
    if row is None or row.round_id != asking.round.id:
        raise NotFound(f"There is no preview {name}.")
    return row


def settlements(session: Session, round_id: str) -> list[Settlement]:
    """Return the settlements of a round, oldest first."""
    query = select(Settlement).where(Settlement.round_id == round_id).order_by(col(Settlement.number))
    return list(session.exec(query))


def find(session: Session, round_id: str, number: int) -> Settlement:
    """Return a settlement by its number.

    Raises:
        NotFound: there is none.
    """
    row = session.exec(select(Settlement).where(Settlement.round_id == round_id, Settlement.number == number)).first()
    if row is None:
        raise NotFound(f"There is no settlement {number} of this round.")
    return row


def published(session: Session, round_id: str) -> Settlement:
    """Return the settlement that is the result of a round.

    Raises:
        NotFound: the result is not published.
    """
    row = session.exec(
        select(Settlement).where(Settlement.round_id == round_id, Settlement.state == State.PUBLISHED)
    ).first()
    if row is None:
        raise NotFound("The result of this round is not published.")
    return row


def _locked(asking: RoundAsking, number: int, *states: State) -> Settlement:
    asking.lock()
    row = find(asking.session, asking.round.id, number)
    asking.session.refresh(row, with_for_update=True)
    if row.state not in states:
        told = f"Settlement {number} is {row.state}, not {' or '.join(states)}."
        raise Conflict(f"{told} {row.problem}".strip(), "wrong_state")
    return row


def _require_current(asking: RoundAsking, row: Settlement) -> None:
    """Raise if anything that the settlement was made of has changed since, or something has come to light.

    Raises:
        Conflict: rules, donations, prices, weights, links or projects have changed.
        UnreconciledError: the round asks for a reconciliation, and the newest one has unresolved lines.
    """
    facts = facts_of(asking.session, asking.services.secrecy, asking.round)
    if asking.round.entries != row.entries or basis_of(asking.round, facts) != row.facts_digest:
        told = "What this settlement was made of has changed since; withdraw it, and ask for another."
        raise Conflict(told, "stale")
    if rules_of(asking.round).reconciled:
        require_reconciled(True, latest(asking.session, asking.round.id), projects=facts.projects)


def _asked_by(session: Session, row: Settlement) -> str:
    """Return the account that asked for a settlement; if a program did, the one that made its key."""
    name = row.requested_by
    while name.startswith("key:"):
        key = session.get(ApiKey, name.removeprefix("key:"))
        name = key.created_by if key else ""
    return name


def _subject(row: Settlement) -> str:
    return f"settlement/{row.round_id}/{row.number}"
