"""Giving over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import AskingOfRound, SignedInToRound
from api.giving import gifts, offering
from api.giving.schema import GiftOut, GivingOut, NewGift, Wanted
from api.pages import LIMIT, After, Limit
from api.schema import Page

router = APIRouter(tags=["giving"])


@router.post("/rounds/{round}/transactions")
def prepare_transactions(asking: AskingOfRound, wanted: Wanted) -> GivingOut:
    """What a wallet signs to give on a chain; nothing is recorded, and no key is ever asked for."""
    return offering.offer(asking, wanted)


@router.post("/rounds/{round}/gifts", status_code=201)
def follow_gift(asking: SignedInToRound, new: NewGift) -> GiftOut:
    """Follow a transaction that was sent: until it is final, recorded, and compared with the chain."""
    return gifts.shown(asking.session, asking.round, gifts.follow(asking, new))


@router.get("/rounds/{round}/gifts/mine")
def list_own_gifts(asking: SignedInToRound, after: After = None, limit: Limit = LIMIT) -> Page[GiftOut]:
    """The transactions of whoever is signed in that are followed, newest first."""
    return gifts.mine(asking, after, limit)
