"""Rounds over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Anyone, AnyoneOfRound, Operating, OperatingOrganisation
from api.answers import JsonFile
from api.pages import LIMIT, After, Limit
from api.rounds import changes, reading
from api.rounds.schema import (
    Because,
    Extension,
    MechanismOut,
    NewNotice,
    NewPrices,
    NewRound,
    NoticeOut,
    PresetOut,
    RoundChange,
    RoundOut,
)
from api.schema import Page, Slug
from api.states import State
from qf.canonical import canonical_json

router = APIRouter(tags=["rounds"])


@router.get("/presets")
def list_presets(asking: Anyone) -> list[PresetOut]:
    """All named sets of rules, every choice spelled out."""
    return reading.presets()


@router.get("/mechanisms")
def list_mechanisms(asking: Anyone) -> list[MechanismOut]:
    """All formulas, with their parameters."""
    return reading.mechanisms()


@router.get("/rounds")
def list_rounds(
    asking: Anyone,
    organisation: Annotated[Slug | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
    after: After = None,
    limit: Limit = LIMIT,
) -> Page[RoundOut]:
    """All rounds, newest first; drafts only for members of their organisation."""
    return reading.listed(asking, organisation=organisation, state=state, after=after, limit=limit)


@router.post("/organisations/{organisation}/rounds", status_code=201)
def draft_round(asking: OperatingOrganisation, new: NewRound) -> RoundOut:
    """Draft a round from rules, from a preset, or as a copy of another."""
    return reading.shown(asking.session, changes.draft(asking, new))


@router.get("/rounds/{round}")
def read_round(asking: AnyoneOfRound) -> RoundOut:
    """One round, with its rules."""
    return reading.shown(asking.session, asking.round)


@router.get("/rounds/{round}/round.json", response_class=JsonFile)
def read_rules(asking: AnyoneOfRound) -> JsonFile:
    """The rules as a file that `qf settle` reads; its SHA-256 is the digest of the rules."""
    return JsonFile(canonical_json(asking.round.rules))


@router.patch("/rounds/{round}")
def change_round(asking: Operating, wanted: RoundChange) -> RoundOut:
    """Change a draft; of a frozen round only title and description."""
    return reading.shown(asking.session, changes.change(asking, wanted))


@router.delete("/rounds/{round}", status_code=204)
def delete_round(asking: Operating) -> None:
    """Remove a draft."""
    changes.delete_draft(asking)


@router.put("/rounds/{round}/prices")
def price_tokens(asking: Operating, wanted: NewPrices) -> RoundOut:
    """Say what tokens are worth; public, with the reason."""
    return reading.shown(asking.session, changes.set_prices(asking, wanted))


@router.post("/rounds/{round}/freeze")
def freeze_round(asking: Operating) -> RoundOut:
    """Freeze the rules: their digest is shown from now on."""
    return reading.shown(asking.session, changes.freeze(asking))


@router.post("/rounds/{round}/open")
def open_round(asking: Operating) -> RoundOut:
    """Open a frozen round."""
    return reading.shown(asking.session, changes.pass_into(asking, State.OPEN))


@router.post("/rounds/{round}/close")
def close_round(asking: Operating) -> RoundOut:
    """Close a round whose time is over, so that it can be settled."""
    return reading.shown(asking.session, changes.pass_into(asking, State.CLOSED))


@router.post("/rounds/{round}/extend")
def extend_round(asking: Operating, wanted: Extension) -> RoundOut:
    """Give more time, with a public reason."""
    return reading.shown(asking.session, changes.extend(asking, wanted))


@router.post("/rounds/{round}/cancel")
def cancel_round(asking: Operating, wanted: Because) -> RoundOut:
    """Cancel a round, with a public reason; what was given is to be refunded."""
    return reading.shown(asking.session, changes.cancel(asking, wanted.reason))


@router.get("/rounds/{round}/notices")
def list_notices(asking: AnyoneOfRound) -> list[NoticeOut]:
    """What was said in public about the round, oldest first."""
    return reading.notices(asking.session, asking.round)


@router.post("/rounds/{round}/notices", status_code=201)
def say_something(asking: Operating, new: NewNotice) -> NoticeOut:
    """Say something in public about the round."""
    notice = changes.say(asking, "notice", new.text, {})
    asking.record("round.notice", new.text)
    return NoticeOut(**notice.model_dump(exclude={"round_id"}))
