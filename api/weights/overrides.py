"""The operator's word on how much a donor counts: with a reason, public, and never changed but by another."""

from __future__ import annotations

from sqlmodel import col, select

from api.access import RoundAsking
from api.inputs import rules_of
from api.pages import cursor, place_of
from api.problems import Conflict, Invalid
from api.publishing.donations import pseudonyms_of
from api.rounds.notices import say
from api.schema import Page
from api.tables import WeightOverride
from api.weights.evidence import weight_text
from api.weights.schema import NewWeight, WeightOut
from api.weights.scores import under_way
from qf.columns import canonical_name
from qf.units import WEIGHT_ONE, parse_decimal


def decide(asking: RoundAsking, new: NewWeight) -> WeightOverride:
    """Return the word on a donor that stands from now on.

    Raises:
        Conflict: the round is not under way, or there is no word to take back.
        Invalid: the weight is above the maximum of the round, or the name is malformed.
    """
    round = asking.lock()
    under_way(round)
    donor, bps = _donor(new.donor), _bps(asking, new.weight)
    if bps is None and _standing(asking, donor) is None:
        raise Conflict("There is no word on this donor to take back.", "no_override")
    row = WeightOverride(
        round_id=round.id, donor=donor, weight_bps=bps, reason=new.reason, at=asking.at, actor=asking.actor.name
    )
    asking.session.add(row)
    asking.record("weight.decided", new.reason, weight=new.weight)
    shown = shown_of(asking, row)
    say(asking, "weight", new.reason, {"donor": shown.donor, "weight": shown.weight})
    return row


def listed(asking: RoundAsking, after: str | None, limit: int) -> Page[WeightOut]:
    """Return the words on donors, newest first, those included that others replaced."""
    query = select(WeightOverride).where(WeightOverride.round_id == asking.round.id)
    if after is not None:
        query = query.where(col(WeightOverride.id) < place_of(after, int)[0])
    rows = list(asking.session.exec(query.order_by(col(WeightOverride.id).desc()).limit(limit + 1)))
    end = cursor(rows[limit - 1].id or 0) if len(rows) > limit else None
    return Page(items=[shown_of(asking, row) for row in rows[:limit]], next=end)


def shown_of(asking: RoundAsking, row: WeightOverride) -> WeightOut:
    """Return a word as everybody may see it: the donor under the pseudonym of the round."""
    names = pseudonyms_of(asking.services.secrecy, asking.round)
    weight = None if row.weight_bps is None else weight_text(row.weight_bps)
    return WeightOut(donor=names.of(row.donor), weight=weight, reason=row.reason, at=row.at)


def _standing(asking: RoundAsking, donor: str) -> int | None:
    query = select(WeightOverride.weight_bps).where(
        WeightOverride.round_id == asking.round.id, WeightOverride.donor == donor
    )
    return asking.session.exec(query.order_by(col(WeightOverride.id).desc())).first()


def _donor(text: str) -> str:
    try:
        return canonical_name(text)
    except ValueError as error:
        raise Invalid.at("donor", str(error), "write the name plainly") from None


def _bps(asking: RoundAsking, weight: str | None) -> int | None:
    """Return a weight in ten-thousandths, which it must be exactly: what is public is what counts."""
    if weight is None:
        return None
    largest = rules_of(asking.round).weights.max_weight
    exact = parse_decimal(weight) * WEIGHT_ONE
    if exact > largest:
        raise Invalid.at("weight", f"is above {weight_text(largest)}", "give a weight up to the maximum of the round")
    if exact.denominator != 1:
        raise Invalid.at("weight", "has more than four decimal places", "give a weight in steps of 0.0001")
    return int(exact)
