"""Estimates over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.access import AskingOfRound
from api.estimates.givers import giver_of
from api.problems import Conflict
from api.schema import Answer, Body, Decimals, Line, Name, Shown
from api.states import State
from qf.estimate import Estimate
from qf.units import format_decimal

router = APIRouter(tags=["estimates"])

PLACES = 6
"""Decimal places of amounts that are no whole base units."""


class WantedGift(Body):
    """A gift that somebody thinks of, in whole units of the round or of a token."""

    project: Name
    amount: Decimals
    token: Line = ""


class Cart(Body):
    """Gifts that are thought of together, and who gives: an address, or whoever is signed in, or somebody new."""

    gifts: Annotated[list[WantedGift], Field(min_length=1, max_length=50)]
    donor: Line = ""


class EstimateOut(Answer):
    """What the gifts to one project would add to its match, in base units of the payout token (up to 6 places).

    Attributes:
        match_before, match_after, gain: the match without and with the gifts, and the difference.
        low, high: the range of the gain; both are the gain where it is exact.
        exact: whether settling the round now with these gifts would give just this.
        weight_bps: how much the donor counts, 0 to 10,000.
        formula: what the mechanism is called.
        reason, note: why the gift would not count, "" if it would, and a sentence about the estimate.
        could_change: what could still change it.
    """

    project: str
    amount: str
    match_before: str
    match_after: str
    gain: str
    low: str
    high: str
    exact: bool
    weight_bps: int
    formula: str
    reason: str
    note: str
    could_change: list[str]


class AsOf(Answer):
    """How many entries of the round an estimate knows, and when these were all."""

    entries: int
    time: Shown


class EstimatesOut(Answer):
    """What the gifts would do, one estimate per project, on what was known."""

    as_of: AsOf
    estimates: list[EstimateOut]


@router.post("/rounds/{round}/estimates")
def estimate(asking: AskingOfRound, cart: Cart) -> EstimatesOut:
    """What a gift, or a whole cart, would do, exact on what is known now; nothing is recorded."""
    if asking.round.state not in {State.FROZEN, State.OPEN}:
        raise Conflict(f"The round is {asking.round.state}; nothing is given to it now.", "not_open")
    donor = giver_of(asking, cart.donor)
    gifts = [(gift.project, gift.amount, gift.token) for gift in cart.gifts]
    found, entries, at = asking.services.books.of(asking.round.id).cart(gifts, donor)
    return EstimatesOut(as_of=AsOf(entries=entries, time=at), estimates=[_shown(each) for each in found])


def _shown(found: Estimate) -> EstimateOut:
    amounts = {
        name: format_decimal(getattr(found, name), PLACES)
        for name in ("amount", "match_before", "match_after", "gain", "low", "high")
    }
    return EstimateOut(
        **amounts,
        project=found.project,
        exact=found.exact,
        weight_bps=int(found.weight),
        formula=found.formula,
        reason=str(found.reason or ""),
        note=found.note,
        could_change=list(found.could_change),
    )
