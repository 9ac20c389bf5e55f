"""Rounds over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Anyone, AnyoneOfRound, Asking, Operating, OperatingOrganisation
from api.answers import JsonFile
from api.pages import LIMIT, After, Limit
from api.rounds import changes, dates, notices, reading, rules
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
from api.tables import Round

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
    return _shown(asking, changes.draft(asking, new))


@router.get("/rounds/{round}")
def read_round(asking: AnyoneOfRound) -> RoundOut:
    """One round, with its rules."""
    return _shown(asking, asking.round)


_OBJECT = {"application/json": {"schema": {"type": "object"}}}


@router.get("/rounds/{round}/round.json", response_class=JsonFile, responses={200: {"content": _OBJECT}})
def read_rules(asking: AnyoneOfRound) -> JsonFile:
    """The rules as a file that `qf settle` reads; its SHA-256 is the digest of the rules.

    Those of a draft are spelled out as freezing would, or everything is named that is wrong with them.
    """
    return JsonFile(rules.file_of(asking.round))


@router.patch("/rounds/{round}")
def change_round(asking: Operating, wanted: RoundChange) -> RoundOut:
    """Change a draft; of a frozen round only the description, which is none of its rules."""
    return _shown(asking, changes.change(asking, wanted))


@router.delete("/rounds/{round}", status_code=204)
def delete_round(asking: Operating) -> None:
    """Remove a draft."""
    changes.delete_draft(asking)


@router.put("/rounds/{round}/prices")
def price_tokens(asking: Operating, wanted: NewPrices) -> RoundOut:
    """Say what tokens are worth; public, with the reason."""
    return _shown(asking, changes.set_prices(asking, wanted))


@router.post("/rounds/{round}/freeze")
def freeze_round(asking: Operating) -> RoundOut:
    """Freeze the rules: their digest is shown from now on."""
    return _shown(asking, changes.freeze(asking))


@router.post("/rounds/{round}/open")
def open_round(asking: Operating) -> RoundOut:
    """Open a frozen round.

    A round opens by itself when its time has come; this is for when no worker is there, and changes nothing else.
    """
    return _shown(asking, dates.pass_into(asking, State.OPEN))


@router.post("/rounds/{round}/close")
def close_round(asking: Operating) -> RoundOut:
    """Close a round whose time is over, so that it can be settled.

    A round closes by itself; this is for when no worker is there, and changes nothing else.
    """
    return _shown(asking, dates.pass_into(asking, State.CLOSED))


@router.post("/rounds/{round}/extend")
def extend_round(asking: Operating, wanted: Extension) -> RoundOut:
    """Give more time, with a public reason."""
    return _shown(asking, dates.extend(asking, wanted))


@router.post("/rounds/{round}/cancel")
def cancel_round(asking: Operating, wanted: Because) -> RoundOut:
    """Cancel a round, with a public reason; what was given is to be refunded."""
    return _shown(asking, changes.cancel(asking, wanted.reason))


@router.get("/rounds/{round}/notices")
def list_notices(asking: AnyoneOfRound) -> list[NoticeOut]:
    """What was said in public about the round, oldest first."""
    return notices.notices(asking)


@router.post("/rounds/{round}/notices", status_code=201)
def say_something(asking: Operating, new: NewNotice) -> NoticeOut:
    """Say something in public about the round."""
    return notices.shown(notices.say_something(asking, new.text))


def _shown(asking: Asking, round: Round) -> RoundOut:
    return reading.shown(asking.session, round)[0]
