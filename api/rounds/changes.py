"""What operators do to rounds: draft, change, freeze, price, cancel, remove."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from api.access import OrganisationAsking, Right, RoundAsking
from api.events import EventKind
from api.problems import Conflict, Invalid, NotFound
from api.rounds.dates import require_next, schedule
from api.rounds.notices import say
from api.rounds.rules import freeze_rules, merged, without_dates
from api.rounds.schema import NewPrices, NewRound, RoundChange
from api.secrecy import new_key
from api.states import State
from api.tables import (
    Application,
    ApplicationFile,
    Hook,
    HookDelivery,
    Preview,
    Review,
    Round,
    RoundEvent,
    Score,
    Source,
    WeightOverride,
)
from qf import PriceSnapshot
from qf.canonical import fraction_text

FROZEN_TOO = frozenset({"description"})
"""What can be changed of a round whose rules are frozen; its title is one of them."""


def draft(asking: OrganisationAsking, new: NewRound) -> Round:
    """Return a new draft.

    Raises:
        Conflict: the name is taken.
        NotFound: there is no round to copy, or it is not for whoever asks.
    """
    copied = _copied(asking, new.copy_from) if new.copy_from else None
    base = without_dates(copied.rules) if copied else {"mechanism": {"preset": new.preset}} if new.preset else {}
    round = Round(
        id=new.id,
        organisation_id=asking.organisation.id,
        title=new.title,
        description=new.description or (copied.description if copied else ""),
        state=State.DRAFT,
        rules=merged(base, new.rules),
        form=copied.form if copied else [],
        copied_from=copied.id if copied else "",
        pseudonym_key=asking.services.secrecy.seal("pseudonym", new_key()),
        created_at=asking.at,
        created_by=asking.actor.name,
    )
    _add(asking.session, round)
    asking.record("round.drafted", f"round/{round.id}", copied_from=round.copied_from)
    return round


def change(asking: RoundAsking, wanted: RoundChange) -> Round:
    """Return the round with what was wanted; once the rules are frozen, only what is none of them.

    Raises:
        Conflict: the rules are frozen.
        Invalid: applications would close before they open.
    """
    round = asking.lock()
    given = wanted.given()
    if round.state != State.DRAFT and set(given) - FROZEN_TOO:
        told = "The rules of this round are frozen, title and dates among them; dates can be extended."
        raise Conflict(told, "frozen")
    if "rules" in given:
        given["rules"] = {**round.rules, **given["rules"]}
    for name, value in given.items():
        setattr(round, name, value)
    opens, closes = round.applications_open_at, round.applications_close_at
    if opens is not None and closes is not None and closes <= opens:
        raise Invalid.at("applications_close_at", "is not after applications_open_at", "give a later moment")
    asking.session.add(round)
    asking.record("round.changed", changed=sorted(given))
    return round


def freeze(asking: RoundAsking) -> Round:
    """Return the round with its rules spelled out and frozen; their digest is public from now on.

    Raises:
        RoundError: the rules are malformed, or have no dates; names everything.
    """
    round = asking.lock()
    require_next(round, State.FROZEN)
    freeze_rules(round)
    round.state = State.FROZEN
    asking.session.add(round)
    schedule(asking.session, round)
    asking.record("round.frozen", rules_digest=round.rules_digest)
    asking.tell(EventKind.STATE, {"state": round.state, "rules_digest": round.rules_digest})
    return round


def cancel(asking: RoundAsking, reason: str) -> Round:
    """Return the cancelled round; what was given is to be refunded.

    Raises:
        Conflict: its result is public, or it was cancelled before.
    """
    round = asking.lock()
    require_next(round, State.CANCELLED)
    round.state = State.CANCELLED
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
    snapshot = PriceSnapshot.of({token: (price.price, price.decimals) for token, price in wanted.prices.items()})
    round.prices = {token: [fraction_text(price.value), price.decimals] for token, price in snapshot.prices.items()}
    asking.session.add(round)
    asking.record("round.priced", wanted.reason, prices=round.prices)
    if round.state != State.DRAFT:
        say(asking, "prices", wanted.reason, {"prices": round.prices})
    return round


def delete_draft(asking: RoundAsking) -> None:
    """Remove a draft and what was set up for it; of anything else, there is a record to keep.

    Raises:
        Conflict: it is no draft, or something came in already.
    """
    round = asking.lock()
    if round.state != State.DRAFT:
        raise Conflict("Only a draft can be removed; cancel the round instead.", "frozen")
    asking.record("round.removed")
    try:
        with asking.session.begin_nested():
            _remove(asking.session, round)
    except IntegrityError:
        raise Conflict("Something came in for this round already; cancel it instead.", "not_empty") from None


def _add(session: Session, round: Round) -> None:
    try:
        with session.begin_nested():
            session.add(round)
    except IntegrityError:
        raise Conflict(f"There is a round {round.id} already; choose another name.", "name_taken") from None


def _copied(asking: OrganisationAsking, name: str) -> Round:
    found = asking.session.get(Round, name)
    hidden = found is not None and found.state == State.DRAFT
    if found is None or (hidden and Right.READ not in asking.rights_in(found.organisation_id)):
        raise NotFound(f"There is no round {name} to copy.")
    return found


def _remove(session: Session, round: Round) -> None:
    applications = select(Application.id).where(Application.round_id == round.id)
    for part in (ApplicationFile, Review):
        session.execute(delete(part).where(col(part.application_id).in_(applications)))
    for table in (Application, Source, Score, WeightOverride, Preview, HookDelivery, Hook, RoundEvent):
        session.execute(delete(table).where(col(table.round_id) == round.id))
    session.delete(round)
