"""What is received and sent about estimates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schema import Answer, Body, Decimals, Line, Name, Shown


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
