"""The ways to give: what is signed first, and which transactions follow."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from api.giving import building, nodes
from api.giving.building import PERMIT2
from api.giving.offers import Offer
from api.giving.places import Place
from api.giving.schema import SignatureOut, Signed, TransactionOut, Way
from api.problems import Fault, Invalid
from qf.chain.types import NATIVE, Address

PERMIT_BYTES = 65
"""Length of a signature that a permit takes: of a key, not of a contract."""

Steps = tuple[SignatureOut | None, list[TransactionOut]]
"""What to sign first, if anything, and the transactions."""


def ways_to(place: Place) -> Sequence[Way]:
    """Return the ways to give to a place, the plainest first."""
    if place.token.address == NATIVE:
        return (Way.NATIVE,)
    return (Way.APPROVE, Way.PERMIT, Way.PERMIT2) if place.contract else (Way.TRANSFER,)


def _native(offer: Offer, signed: Signed | None) -> Steps:
    if offer.place.contract:
        data, says = building.donate(offer.calls), offer.says()
        return None, [offer.transaction(offer.place.contract, data, says, offer.total)]
    return None, [
        offer.transaction(offer.place.keys[project], b"", offer.says_one(project, amount), amount)
        for project, amount in offer.lines
    ]


def _transfer(offer: Offer, signed: Signed | None) -> Steps:
    token = offer.place.token.address
    return None, [
        offer.transaction(token, building.transfer(offer.place.keys[project], amount), offer.says_one(project, amount))
        for project, amount in offer.lines
    ]


def _approve(offer: Offer, signed: Signed | None) -> Steps:
    contract = _contract(offer)
    return None, [_allow(offer, contract, "the contract of the round"), _donate(offer, building.donate(offer.calls))]


def _permit(offer: Offer, signed: Signed | None) -> Steps:
    contract = _contract(offer)
    if signed is not None:
        signature = bytes.fromhex(signed.signature[2:])
        data = building.donate_with_permit(offer.calls, offer.total, int(signed.deadline), signature)
        return None, [_donate(offer, data)]
    domain, nonce = nodes.permit_domain(offer.place.chain, offer.place.token.address, offer.sender)
    terms = offer.total, nonce, offer.deadline
    typed = building.permit_data(domain, offer.sender, contract, terms)
    says = f"Lets the contract of the round take {offer.shown(offer.total)}, no more and only once."
    return SignatureOut(typed_data=typed, deadline=str(offer.deadline), nonce=str(nonce), says=says), []


def _permit2(offer: Offer, signed: Signed | None) -> Steps:
    contract = _contract(offer)
    if signed is not None:
        signature = bytes.fromhex(signed.signature[2:])
        terms = int(signed.nonce), int(signed.deadline)
        return None, [_donate(offer, building.donate_with_permit2(offer.sender, offer.calls, *terms, signature))]
    nonce = secrets.randbits(256)
    chain = int(offer.place.chain.id)
    typed = building.permit2_data(chain, contract, offer.sender, offer.calls, nonce, offer.deadline)
    sign = SignatureOut(typed_data=typed, deadline=str(offer.deadline), nonce=str(nonce), says=offer.says())
    return sign, [_allow(offer, PERMIT2, "Permit2")]


WAYS: Mapping[Way, Callable[[Offer, Signed | None], Steps]] = {
    Way.NATIVE: _native,
    Way.APPROVE: _approve,
    Way.PERMIT: _permit,
    Way.PERMIT2: _permit2,
    Way.TRANSFER: _transfer,
}
"""What each way takes."""


def require_signed(way: Way, signed: Signed, at: int) -> None:
    """Raise unless what was signed has the form that a way takes, and is still good.

    Raises:
        Invalid: names everything.
    """
    faults = []
    length, odd = divmod(len(signed.signature) - 2, 2)
    if way not in (Way.PERMIT, Way.PERMIT2):
        faults.append(Fault(where="signed", what=f"the way {way} takes no signature", fix="leave it out"))
    if odd or length == 0 or (way is Way.PERMIT and length != PERMIT_BYTES):
        what = f"is {length} bytes" + (" and a half" if odd else "")
        faults.append(Fault(where="signed.signature", what=what, fix=f"a permit takes {PERMIT_BYTES}, of a key"))
    if not at < int(signed.deadline) < 2**256:
        what = "has passed, or is no number that a contract reads"
        faults.append(Fault(where="signed.deadline", what=what, fix="sign again"))
    if int(signed.nonce) >= 2**256:
        faults.append(Fault(where="signed.nonce", what="is more than a contract reads"))
    if faults:
        raise Invalid.of(faults)


def _allow(offer: Offer, spender: Address, who: str) -> TransactionOut:
    says = f"Lets {who} take {offer.shown(offer.total)}, no more; not needed if it may already."
    return offer.transaction(offer.place.token.address, building.approve(spender, offer.total), says)


def _donate(offer: Offer, data: bytes) -> TransactionOut:
    return offer.transaction(_contract(offer), data, offer.says())


def _contract(offer: Offer) -> Address:
    assert offer.place.contract is not None
    return offer.place.contract
