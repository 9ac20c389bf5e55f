"""The own donations, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from api.access import SignedIn, SignedInToRound
from api.history.effects import effects_of
from api.history.gifts import Gifts, gifts_of, names_of, rounds_of
from api.history.receipt import POLICY, Language, page_of, receipt_of
from api.pages import After, cursor, place_of
from api.schema import Answer, Page, Shown
from api.states import State
from qf.explain import DonationExplanation
from qf.units import format_decimal

router = APIRouter(tags=["own donations"])

Rounds = Annotated[int, Query(ge=1, le=50, description="rounds of a page")]


class GiftOut(Answer):
    """A donation, and how it counts.

    Attributes:
        donor: the name it was given under.
        amount: in whole tokens or units.
        weight_bps: how much the donor counts, 10,000 is in full.
        counted: whether it counts.
        reason: why it does not; "" if it does.
        sentence: the same in words, with what could be done.
    """

    id: str
    donor: str
    project: str
    token: str
    amount: str
    amount_base: str
    time: Shown
    counted: bool
    weight_bps: int
    reason: str
    sentence: str


class GiftsOut(Answer):
    """The own donations in a round: as they were settled once that is published (`final`), before as they stand.

    Attributes:
        problem: why it cannot be told how they count; then they are missing here, and only here.
    """

    round: str
    title: str
    organisation: str
    state: State
    final: bool
    problem: str
    donations: list[GiftOut]


class EffectOut(Answer):
    """What a project is matched with, and what it would be without the own donations; base units."""

    project: str
    match_base: str
    without_base: str


class LineOut(Answer):
    """A donation on a receipt: so much of a token, or of the unit of the round."""

    id: str
    donor: str
    project: str
    amount: str
    unit: str
    time: str


class ReceiptOut(Answer):
    """What was given and stands. This is not a tax receipt."""

    organisation: str
    contact: str
    round: str
    at: str
    lines: list[LineOut]
    totals: dict[str, str]


class ReceiptFormat(StrEnum):
    """How a receipt is written."""

    HTML = "html"
    JSON = "json"


@router.get("/me/donations")
def list_own_donations(asking: SignedIn, after: After = None, limit: Rounds = 20) -> Page[GiftsOut]:
    """What I gave, round by round, the newest first, and how it counts."""
    place = None if after is None else place_of(after, int, str)
    names = names_of(asking.session, asking.account)
    rounds = rounds_of(asking.session, names, place, limit + 1)  # type: ignore[arg-type]
    shown = rounds[:limit]
    return Page(
        items=[_shown(gifts_of(asking, round, names)) for round in shown],
        next=cursor(shown[-1].created_at, shown[-1].id) if len(rounds) > limit else None,
    )


@router.get("/rounds/{round}/donations/mine")
def read_own_donations(asking: SignedInToRound) -> GiftsOut:
    """What I gave in the round, and how it counts."""
    return _shown(gifts_of(asking, asking.round, names_of(asking.session, asking.account)))


@router.get("/rounds/{round}/donations/mine/effects")
def read_own_effects(asking: SignedInToRound) -> list[EffectOut]:
    """What my donations move: the match of each project with them, and without."""
    found = effects_of(asking, names_of(asking.session, asking.account))
    return [EffectOut(**asdict(each)) for each in found]


@router.get(
    "/rounds/{round}/donations/mine/receipt",
    response_model=ReceiptOut,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
def read_receipt(
    asking: SignedInToRound,
    lang: Annotated[Language, Query()] = Language.EN,
    format: Annotated[ReceiptFormat, Query()] = ReceiptFormat.HTML,
) -> ReceiptOut | Response:
    """What I gave in the round, to print or to keep; not a tax receipt."""
    receipt = receipt_of(asking, names_of(asking.session, asking.account))
    if format == ReceiptFormat.HTML:
        return HTMLResponse(page_of(receipt, lang), headers={"Content-Security-Policy": POLICY})
    return ReceiptOut(**asdict(receipt))


def _shown(gifts: Gifts) -> GiftsOut:
    round = gifts.round
    return GiftsOut(
        round=round.id,
        title=round.title,
        organisation=round.organisation_id,
        state=State(round.state),
        final=gifts.final,
        problem=gifts.problem,
        donations=[_gift(each) for each in gifts.donations],
    )


def _gift(found: DonationExplanation) -> GiftOut:
    return GiftOut(
        id=found.id,
        donor=found.account,
        project=found.project,
        token=found.token,
        amount=format_decimal(Fraction(found.amount, 10**found.decimals), found.decimals),
        amount_base=str(found.amount),
        time=found.time or 0,
        counted=found.reason is None,
        weight_bps=int(found.weight),
        reason=str(found.reason or ""),
        sentence=found.sentence,
    )
