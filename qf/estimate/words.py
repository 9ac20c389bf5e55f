"""Plain sentences: why a donation does not count, and what could still change an estimate."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from fractions import Fraction

from qf.caps import has_cap
from qf.eligibility import Reason
from qf.inputs import Inputs
from qf.round import MinimumScope, PoolPolicy, Round, WeightConvention
from qf.units import WEIGHT_ONE, format_decimal

REASON_SENTENCES: Mapping[Reason, str] = {
    Reason.UNKNOWN_PROJECT: "The project is not in the list of this round. Give to a project that is in it.",
    Reason.BEFORE_OPENING: "It was given before the round opened. Only gifts within the dates of the round count.",
    Reason.AFTER_CLOSING: "It was given when the round had closed. Only gifts within the dates of the round count.",
    Reason.TIME_UNKNOWN: "When it was given is not known, and the round has dates. Ask the operator to add it.",
    Reason.DONOR_EXCLUDED: "The rules of the round exclude this account. Ask the operator why.",
    Reason.SELF_DONATION: "The donor, or an account linked to the donor, owns the project or is paid for it, and gifts "
    "to one's own project are not matched. Give to another project.",
    Reason.AGAINST: "It was spent against the project, which the formula of this round does not know.",
    Reason.NO_WEIGHT: "The weight of the donor is 0, so the gift is not matched. Show that a person is behind the "
    "account in the way the round accepts, and the gift counts.",
    Reason.NOTHING_GIVEN: "Its amount is 0.",
    Reason.BELOW_MINIMUM: "It is below the minimum of the round.",
}
"""Why a donation does not count, and what the donor could do."""

NEAR = 1_000
"""How many names in code-point order around an unknown one are searched for a similar one."""


def reason_sentence(reason: Reason, round: Round) -> str:
    """Return why `reason` keeps a donation from counting in `round`, and what the donor could do.

    >>> from qf.rules import preset
    >>> reason_sentence(Reason.BELOW_MINIMUM, preset("yen", pool=1, min_donation="500"))
    'It is below the minimum of the round: 500 JPY to a project in all. Give more to the same project.'
    """
    if reason is Reason.BELOW_MINIMUM:
        least = format_decimal(Fraction(round.eligibility.min_donation, 10**round.unit_decimals), round.unit_decimals)
        whole = f"{least} {round.unit}".strip()
        if round.eligibility.min_donation_scope is MinimumScope.IDENTITY_PROJECT:
            return f"{REASON_SENTENCES[reason][:-1]}: {whole} to a project in all. Give more to the same project."
        return f"{REASON_SENTENCES[reason][:-1]}: {whole} for each gift. Give at least that at once."
    if reason is Reason.NO_WEIGHT and round.weights.convention is WeightConvention.GATE:
        return REASON_SENTENCES[reason].replace("is 0", "is below 1")
    return REASON_SENTENCES[reason]


def close_names(name: str, names: Sequence[str]) -> list[str]:
    """Return up to three of the sorted `names` that look like `name`.

    >>> close_names("wel", ["bus", "park", "well"])
    ['well']
    """
    place = bisect_left(names, name)
    return difflib.get_close_matches(name, names[max(0, place - NEAR) : place + NEAR])


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """Return the hint for an unknown `name`."""
    close = close_names(name, names)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are {len(names):,} of them, none with a similar name"


def could_change(round: Round, inputs: Inputs, weight: int | None) -> tuple[str, ...]:
    """Return what could still change an estimate, a sentence each.

    Args:
        round: the rules.
        inputs: what is known now.
        weight: how much the donor counts, bps; None: everybody counts in full.
    """
    pool = round.pool
    told = ["More donations: those to this project raise its match, those to other projects leave less for it."]
    if pool.policy in (PoolPolicy.LEAVE, PoolPolicy.LOG_BOOST):
        told[0] = (
            "More donations: those to this project raise its match; "
            "once all projects together ask for more than the pool, those to other projects lower it."
        )
    if inputs.weights.weight or round.weights.default != WEIGHT_ONE or round.weights.curve:
        counted = format_decimal(Fraction(WEIGHT_ONE if weight is None else weight, WEIGHT_ONE), 4)
        told.append(f"Weights: this counts the donor with {counted}; weights of all donors may change before the end.")
    told.append(
        "Exclusions: the operator may still exclude donations, donors or projects, or link accounts of one person."
    )
    if inputs.prices.prices:
        told.append("Prices: gifts in tokens are counted at the prices the round is settled with.")
    if has_cap(pool):
        told.append("The cap: no project gets more than its limit, and what is cut off may go to the others.")
    if pool.min_payout:
        told.append("The minimum payout: a project that would get less gets nothing.")
    told.append("Rounding: the payout is a whole number of the smallest unit.")
    return tuple(told)
