"""From what somebody wants to give to what a wallet signs: everything is checked first, and every fault named."""

from __future__ import annotations

from contextlib import suppress

from api.access import RoundAsking
from api.giving import places, ways
from api.giving.offers import Offer
from api.giving.schema import GivingOut, Wanted
from api.inputs import projects_of
from api.problems import ApiError, Conflict, Fault, Invalid
from api.sources.changes import chain_file, sources_of
from api.sources.schema import SourceKind
from api.states import State
from api.tables import Source
from qf.chain.addresses import read_address
from qf.chain.types import Address
from qf.eligibility import Reason
from qf.errors import MissingPriceError
from qf.estimate import Estimate
from qf.plain import positive_units


def chain_source(asking: RoundAsking) -> Source:
    """Return the source of the round that reads chains.

    Raises:
        Conflict: it has none, or it was stopped.
    """
    for source in sources_of(asking.session, asking.round.id):
        if source.kind == SourceKind.CHAIN and source.state == "active":
            return source
    raise Conflict("Nothing is given to this round on a chain.", "no_chain")


def offer(asking: RoundAsking, wanted: Wanted) -> GivingOut:
    """Return what a wallet signs to give what is wanted.

    Raises:
        Conflict: the round is not open, or nothing is given to it on a chain.
        Invalid: names everything that is wrong with what is wanted.
        ChainError: a permit is wanted, and the chain does not answer.
    """
    round = asking.round
    opens, closes = round.opens_at or 0, round.closes_at or 0
    if round.state != State.OPEN or not opens <= asking.at < closes:
        raise Conflict("The round is not open now.", "not_open")
    made = _checked(asking, wanted)
    possible = ways.ways_to(made.place)
    way = wanted.way or possible[0]
    if way not in possible:
        listed = ", ".join(possible)
        raise Invalid.at("way", f"{way} is no way to give {made.place.token.name} here", f"use one of {listed}")
    if wanted.signed is not None:
        ways.require_signed(way, wanted.signed, asking.at)
    notes = _notes(made, wanted)
    sign, transactions = ways.WAYS[way](made, wanted.signed)
    return GivingOut(way=way, sign=sign, transactions=transactions, notes=notes)


def _checked(asking: RoundAsking, wanted: Wanted) -> Offer:
    """Return the offer, having checked everything about it that does not need the estimate."""
    faults: list[Fault] = []
    titles = {project.id: project.title for project in projects_of(asking.session, asking.round.id)}
    for number, gift in enumerate(wanted.gifts):
        if gift.project not in titles:
            faults.append(Fault(where=f"gifts.{number}.project", what=f"{gift.project} is no project of this round"))
    sender = _sender(wanted, faults)
    file = chain_file(asking.services, chain_source(asking))
    chain = places.chain_in(file, wanted.chain_id, faults)
    token = places.token_in(file, chain, wanted.token, faults) if chain else None
    known = [gift.project for gift in wanted.gifts if gift.project in titles]
    place = places.place_in(file, chain, token, known, faults) if chain and token else None
    amounts = _amounts(wanted, token.decimals, faults) if token else []
    if faults or place is None:
        raise Invalid.of(faults)
    lines = tuple(zip((gift.project for gift in wanted.gifts), amounts, strict=True))
    return Offer(asking, sender, place, lines, titles)


def _sender(wanted: Wanted, faults: list[Fault]) -> Address:
    try:
        return read_address(wanted.sender)
    except ValueError as error:
        faults.append(Fault(where="from", what=str(error)))
        return Address("")


def _amounts(wanted: Wanted, decimals: int, faults: list[Fault]) -> list[int]:
    amounts = []
    for number, gift in enumerate(wanted.gifts):
        try:
            amounts.append(positive_units(gift.amount, decimals))
        except ValueError as error:
            faults.append(Fault(where=f"gifts.{number}.amount", what=f"{gift.amount} {error}"))
    if sum(amounts) >= 2**256:
        faults.append(Fault(where="gifts", what="is more in all than a token can hold"))
    return amounts


def _notes(made: Offer, wanted: Wanted) -> list[str]:
    """Return what else to know: why gifts would not be matched.

    Raises:
        Invalid: a gift is below the minimum of the round.
    """
    below, notes = [], []
    for each in _estimates(made, wanted):
        if each.reason is Reason.BELOW_MINIMUM:
            below.append(Fault(where=f"gifts to {each.project}", what=each.note))
        elif each.reason is not None:
            notes.append(f"What is given to {made.titles[each.project]} would not be matched. {each.note}")
    if below:
        raise Invalid.of(below)
    return notes


def _estimates(made: Offer, wanted: Wanted) -> tuple[Estimate, ...]:
    """Return what the gifts would do, if that is known now; giving does not depend on it."""
    gifts = [(gift.project, gift.amount, made.place.token.name) for gift in wanted.gifts]
    with suppress(ApiError, MissingPriceError):
        return made.asking.services.books.of(made.asking.round.id).cart(gifts, made.sender)[0]
    return ()
