"""What operators do to rounds: draft, freeze, open, close, extend, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from api.access import OrganisationAsking, Right, RoundAsking
from api.clock import new_id
from api.events import EventKind
from api.problems import Conflict, Invalid, NotFound
from api.rounds.schema import Extension, NewPrices, NewRound, RoundChange
from api.schema import moment_text
from api.secrecy import new_key
from api.states import NEXT, State
from api.tables import Notice, Round
from qf import PriceSnapshot, round_of
from qf.canonical import canonical_json, digest
from qf.rules import document_of


def draft(asking: OrganisationAsking, new: NewRound) -> Round:
    """Return a new draft.

    Raises:
        Conflict: the name is taken.
        NotFound: there is no round to copy, or it is not for whoever asks.
    """
    if asking.session.get(Round, new.id) is not None:
        raise Conflict(f"There is a round {new.id} already; choose another name.", "name_taken")
    copied = _copied(asking, new.copy_from) if new.copy_from else None
    base = _without_dates(copied.rules) if copied else {"mechanism": {"preset": new.preset}} if new.preset else {}
    round = Round(
        id=new.id,
        organisation_id=asking.organisation.id,
        title=new.title,
        description=new.description or (copied.description if copied else ""),
        state=State.DRAFT,
        rules=_merged(base, new.rules),
        form=copied.form if copied else [],
        copied_from=copied.id if copied else "",
        pseudonym_key=asking.services.secrecy.seal("pseudonym", new_key()),
        created_at=asking.at,
        created_by=asking.actor.name,
    )
    asking.session.add(round)
    asking.record("round.drafted", f"round/{round.id}", copied_from=round.copied_from)
    asking.session.flush()
    return round


def change(asking: RoundAsking, wanted: RoundChange) -> Round:
    """Return the round with what was wanted; the rules only while it is a draft.

    Raises:
        Conflict: the rules are frozen.
    """
    round = asking.lock()
    given = wanted.model_dump(exclude_unset=True, exclude_none=True)
    if round.state != State.DRAFT and set(given) - {"title", "description"}:
        raise Conflict("The rules and dates of this round are frozen; dates can be extended.", "frozen")
    if "rules" in given:
        given["rules"] = _merged(round.rules, given["rules"])
    for name, value in given.items():
        setattr(round, name, value)
    asking.session.add(round)
    asking.record("round.changed", changed=sorted(given))
    return round


def freeze(asking: RoundAsking) -> Round:
    """Return the round with its rules spelled out and frozen; their digest is public from now on.

    Raises:
        RoundError: the rules are malformed; names everything.
        Invalid: they have no dates.
    """
    round = require_next(asking, State.FROZEN)
    rules = resolved(round)
    missing = [name for name in ("opens", "closes") if name not in rules["round"]]
    if missing:
        raise Invalid.at(
            "rules.round", f"has no {' and no '.join(missing)}", "say when donations begin and end to count"
        )
    _set_rules(round, rules)
    asking.session.add(round)
    asking.record("round.frozen", rules_digest=round.rules_digest)
    asking.tell(EventKind.STATE, {"state": round.state, "rules_digest": round.rules_digest})
    return round


def pass_into(asking: RoundAsking, state: State) -> Round:
    """Return the round in its next state.

    Raises:
        Conflict: it is not the next one, or its time has not come.
    """
    round = require_next(asking, state)
    if state == State.CLOSED and round.closes_at is not None and asking.at < round.closes_at:
        told = f"Donations count until {moment_text(round.closes_at)}; cancel the round to end it before."
        raise Conflict(told, "too_early")
    asking.session.add(round)
    asking.record(f"round.{state}")
    asking.tell(EventKind.STATE, {"state": state})
    return round


def extend(asking: RoundAsking, wanted: Extension) -> Round:
    """Return the round with later dates, which everybody is told, with the reason and both digests.

    Raises:
        Conflict: it is a draft, settled in public, or cancelled.
        Invalid: a date is not later than it was.
    """
    round = asking.lock()
    if round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        raise Conflict(f"A round that is {round.state} is not extended.", "not_extendable")
    told: dict[str, Any] = {"rules_digest_before": round.rules_digest}
    if wanted.closes_at is not None:
        _require_later("closes_at", round.closes_at, wanted.closes_at)
        told |= {"closes_at_before": moment_text(round.closes_at or 0), "closes_at": moment_text(wanted.closes_at)}
        rules = _merged(round.rules, {"round": {"closes": moment_text(wanted.closes_at)}})
        state = State.OPEN if round.state == State.CLOSED and asking.at < wanted.closes_at else State(round.state)
        _set_rules(round, document_of(round_of(rules)))
        round.state = state
    if wanted.applications_close_at is not None:
        _require_later("applications_close_at", round.applications_close_at, wanted.applications_close_at)
        told["applications_close_at"] = moment_text(wanted.applications_close_at)
        round.applications_close_at = wanted.applications_close_at
    if len(told) == 1:
        raise Invalid.at("body", "extends nothing", "give closes_at or applications_close_at")
    told["rules_digest"] = round.rules_digest
    asking.session.add(round)
    asking.record("round.extended", wanted.reason, **told)
    say(asking, "extended", wanted.reason, told)
    return round


def cancel(asking: RoundAsking, reason: str) -> Round:
    """Return the cancelled round; what was given is to be refunded."""
    round = require_next(asking, State.CANCELLED)
    asking.session.add(round)
    asking.record("round.cancelled", reason)
    say(asking, "cancelled", reason, {})
    asking.tell(EventKind.STATE, {"state": round.state})
    return round


def set_prices(asking: RoundAsking, wanted: NewPrices) -> Round:
    """Return the round with other prices; everybody is told, as they move money.

    Raises:
        Conflict: the result is public.
        InputError: the prices are malformed; names everything.
    """
    round = asking.lock()
    if round.state in {State.PUBLISHED, State.CANCELLED}:
        raise Conflict(f"The round is {round.state}; its prices stand.", "settled")
    prices = {token: (price.price, price.decimals) for token, price in wanted.prices.items()}
    PriceSnapshot.of(prices)
    round.prices = {token: list(price) for token, price in prices.items()}
    asking.session.add(round)
    asking.record("round.priced", wanted.reason, prices=round.prices)
    if round.state != State.DRAFT:
        say(asking, "prices", wanted.reason, {"prices": round.prices})
    return round


def say(asking: RoundAsking, kind: str, text: str, details: Mapping[str, Any]) -> Notice:
    """Return a notice that is public from now on."""
    notice = Notice(id=new_id(), round_id=asking.round.id, at=asking.at, kind=kind, text=text, details=dict(details))
    asking.session.add(notice)
    asking.tell(EventKind.NOTICE, {"notice": notice.id, "kind": kind, "text": text})
    return notice


def delete_draft(asking: RoundAsking) -> None:
    """Remove a draft; of anything else, there is a record to keep.

    Raises:
        Conflict: it is no draft.
    """
    round = asking.lock()
    if round.state != State.DRAFT:
        raise Conflict("Only a draft can be removed; cancel the round instead.", "frozen")
    asking.record("round.removed")
    _remove(asking.session, round)


def require_next(asking: RoundAsking, state: State) -> Round:
    """Return the round, locked, and passed into `state`.

    Raises:
        Conflict: it cannot pass into it from where it stands.
    """
    round = asking.lock()
    if state not in NEXT[State(round.state)]:
        possible = ", ".join(sorted(NEXT[State(round.state)])) or "nothing else"
        raise Conflict(f"The round is {round.state}; it can become {possible}, not {state}.", "wrong_state")
    round.state = state
    return round


def resolved(round: Round) -> dict[str, dict[str, Any]]:
    """Return the rules of a draft with every choice spelled out.

    Raises:
        RoundError: naming everything malformed.
    """
    named = {"id": round.id, "title": round.title}
    return document_of(round_of(_merged(round.rules, {"round": named})))


def _set_rules(round: Round, rules: dict[str, dict[str, Any]]) -> None:
    found = round_of(rules)
    round.rules, round.rules_digest = rules, digest(canonical_json(rules))
    round.opens_at, round.closes_at = found.opens, found.closes


def _merged(base: Mapping[str, Any], more: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: {**base.get(name, {}), **more.get(name, {})} for name in dict.fromkeys([*base, *more])}


def _without_dates(rules: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        key: value for key, value in rules.get("round", {}).items() if key not in {"id", "title", "opens", "closes"}
    }
    return {**rules, "round": kept}


def _copied(asking: OrganisationAsking, name: str) -> Round:
    found = asking.session.get(Round, name)
    hidden = found is not None and found.state == State.DRAFT
    if found is None or (hidden and Right.READ not in asking.rights_in(found.organisation_id)):
        raise NotFound(f"There is no round {name} to copy.")
    return found


def _require_later(where: str, before: int | None, wanted: int) -> None:
    if before is None or wanted <= before:
        told = "there is no limit to extend" if before is None else f"is not after {moment_text(before)}"
        raise Invalid.at(where, told, "give a later moment")


def _remove(session: Session, round: Round) -> None:
    session.delete(round)
    session.flush()
