"""A round opens and closes at its dates: by itself, through a job; and by hand, should no worker be there.

Nothing depends on the second in which that happens: whether a donation counts is decided by its own time.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, select

from api import audit, events, queue
from api.access import RoundAsking
from api.problems import Conflict, Fault, Invalid
from api.rounds.notices import say
from api.rounds.rules import extend_rules
from api.rounds.schema import Extension
from api.schema import moment_text
from api.states import NEXT, State
from api.tables import Round

TICK = "round.tick"
"""The job that opens or closes a round whose date has come."""


def schedule(session: Session, round: Round) -> None:
    """Queue the jobs that open and close a frozen round at its dates."""
    for moment in (round.opens_at, round.closes_at):
        if moment is not None:
            queue.enqueue(session, TICK, f"{round.id}/{moment}", {"round": round.id}, moment)


def tick(session: Session, round_id: str, at: int) -> None:
    """Pass a round into the states whose date has come."""
    round = session.exec(select(Round).where(Round.id == round_id).with_for_update()).one()
    while (state := due(round, at)) is not None:
        round.state = state
        session.add(round)
        audit.record(session, round.organisation_id, audit.Deed("service", f"round.{state}", f"round/{round.id}"), at)
        events.emit(session, round, events.EventKind.STATE, {"state": state}, at)


def due(round: Round, at: int) -> State | None:
    """Return the state into which a round passes by its dates, None while it stays in its own."""
    if round.state == State.FROZEN and round.opens_at is not None and at >= round.opens_at:
        return State.OPEN
    if round.state == State.OPEN and round.closes_at is not None and at >= round.closes_at:
        return State.CLOSED
    return None


def pass_into(asking: RoundAsking, state: State) -> Round:
    """Return the round in a state whose date has come; it may have passed into it by itself already.

    Raises:
        Conflict: it is not the next one, or its date has not come, or is over.
    """
    round = asking.lock()
    if round.state == state:
        return round
    require_next(round, state)
    if due(round, asking.at) != state:
        dates = f"Donations count from {moment_text(round.opens_at or 0)} until {moment_text(round.closes_at or 0)}"
        told = "extend the round" if round.state == State.CLOSED else "the round opens and closes then, by itself"
        raise Conflict(f"{dates}; {told}.", "too_late" if round.state == State.CLOSED else "too_early")
    round.state = state
    asking.session.add(round)
    asking.record(f"round.{state}")
    asking.tell(events.EventKind.STATE, {"state": state})
    return round


def extend(asking: RoundAsking, wanted: Extension) -> Round:
    """Return the round with later dates, which everybody is told, with the reason and both digests.

    Raises:
        Conflict: it is a draft, settled in public, or cancelled.
        Invalid: a date is not later than it was; names all.
    """
    round = asking.lock()
    if round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        raise Conflict(f"A round that is {round.state} is not extended.", "not_extendable")
    given = {name: at for name in ("closes_at", "applications_close_at") if (at := getattr(wanted, name)) is not None}
    if faults := [fault for name, at in given.items() if (fault := _too_early(name, getattr(round, name), at))]:
        raise Invalid.of(faults)
    if not given:
        raise Invalid.at("body", "extends nothing", "give closes_at or applications_close_at")
    told: dict[str, Any] = {"rules_digest_before": round.rules_digest}
    for name, at in given.items():
        told |= {f"{name}_before": moment_text(getattr(round, name)), name: moment_text(at)}
        setattr(round, name, at)
    if "closes_at" in given:
        _extend_donations(asking, round, given["closes_at"])
    asking.session.add(round)
    told["rules_digest"] = round.rules_digest
    asking.record("round.extended", wanted.reason, **told)
    say(asking, "extended", wanted.reason, told)
    asking.tell(events.EventKind.STATE, {"state": round.state, **told})
    return round


def require_next(round: Round, state: State) -> None:
    """Raise unless a round can pass into `state` from where it stands.

    Raises:
        Conflict: it cannot.
    """
    if state not in NEXT[State(round.state)]:
        possible = ", ".join(sorted(NEXT[State(round.state)])) or "nothing else"
        raise Conflict(f"The round is {round.state}; it can become {possible}, not {state}.", "wrong_state")


def _extend_donations(asking: RoundAsking, round: Round, closes_at: int) -> None:
    extend_rules(round, closes_at)
    if round.state == State.CLOSED and asking.at < closes_at:
        round.state = State.OPEN
    schedule(asking.session, round)


def _too_early(name: str, before: int | None, wanted: int) -> Fault | None:
    if before is None:
        return Fault(where=name, what="there is no limit to extend", fix="leave it out")
    if wanted <= before:
        return Fault(where=name, what=f"is not after {moment_text(before)}", fix="give a later moment")
    return None
