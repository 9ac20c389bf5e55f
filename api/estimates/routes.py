"""Estimates over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import AskingOfRound
from api.estimates.estimating import estimated
from api.estimates.schema import Cart, EstimatesOut

router = APIRouter(tags=["estimates"])


@router.post("/rounds/{round}/estimates")
def estimate(asking: AskingOfRound, cart: Cart) -> EstimatesOut:
    """What a gift, or a whole cart, would do, exact on what is known now; nothing is recorded."""
    return estimated(asking, cart)
