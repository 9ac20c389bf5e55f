"""Estimates over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlmodel import col, select

from api.access import AskingOfRound
from api.estimates.books import Book
from api.problems import Conflict
from api.schema import Answer, Body, Decimals, Line, Name
from api.states import State
from api.tables import Credential
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
    """Gifts that are thought of together, and who gives: an account that is named, or whoever is signed in."""

    gifts: Annotated[list[WantedGift], Field(min_length=1, max_length=50)]
    donor: Line = ""


class EstimateOut(Answer):
    """What the gifts to one project would add to its match, in base units of the payout token (up to 6 places).

    Attributes:
        exact: whether settling the round now with these gifts would give just this.
        low, high: the range of the gain where it is not.
        reason: why the gift would not count, "" if it would.
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


class EstimatesOut(Answer):
    """Estimates of a round as it stood when it had so many entries."""

    entries: int
    estimates: list[EstimateOut]


@router.post("/rounds/{round}/estimates")
def estimate(asking: AskingOfRound, cart: Cart) -> EstimatesOut:
    """What a gift, or a whole cart, would do, exact on what is known now; nothing is recorded."""
    if asking.round.state not in {State.FROZEN, State.OPEN}:
        raise Conflict(f"The round is {asking.round.state}; nothing is given to it now.", "not_open")
    book: Book = asking.services.books.of(asking.round.id)
    donor = cart.donor or _own_donor(asking)
    entries = book.entries
    found = book.cart([(gift.project, gift.amount, gift.token) for gift in cart.gifts], donor or None)
    return EstimatesOut(entries=entries, estimates=[_shown(each) for each in found])


def _own_donor(asking: AskingOfRound) -> str:
    """Return a name under which whoever is signed in gives; all of them are one donor."""
    if not asking.actor.account:
        return ""
    query = select(Credential.donor).where(Credential.account_id == asking.actor.account, col(Credential.donor) != "")
    return asking.session.exec(query.order_by(col(Credential.created_at), col(Credential.id))).first() or ""


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
