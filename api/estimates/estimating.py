"""What gifts would do, on what is known now."""

from __future__ import annotations

from api.access import RoundAsking
from api.estimates.givers import giver_of
from api.estimates.schema import AsOf, Cart, EstimateOut, EstimatesOut
from api.problems import Conflict
from api.states import State
from qf.estimate import Estimate
from qf.units import format_decimal

PLACES = 6
"""Decimal places of amounts that are no whole base units."""


def estimated(asking: RoundAsking, cart: Cart) -> EstimatesOut:
    """Return what gifts would do together.

    Raises:
        Conflict: nothing is given to the round now.
        Forbidden: they are somebody else's, who is not public.
        QfError: a gift that cannot be, or a price that is missing.
    """
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
