"""Stages 9 to 11: ideal matches become integer payouts that add up with what is unspent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qf.caps import has_cap
from qf.contributions import Counted
from qf.eligibility import Reason
from qf.errors import MissingPriceError, RoundError
from qf.kernels.tally import tally
from qf.mechanisms import IdealMatch, mechanism
from qf.payouts import below_minimum, to_base_units
from qf.pool import Division, divide
from qf.prices import PriceSnapshot
from qf.result import ProjectResult, RoundResult
from qf.round import CapPolicy, Pool, PoolPolicy, Round
from qf.units import Amounts, BaseUnits, RoundUnits

NEEDS_MONEY = frozenset({PoolPolicy.LEAVE, PoolPolicy.LOG_BOOST, PoolPolicy.ALPHA})
"""Policies that compare ideal matches with the pool, so that both must be money of one kind."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a result says of the donations themselves.

    Attributes:
        projects: ids, in order.
        contributed: counted gifts per project, in round units.
        donors: identities per project.
        excluded: donations excluded, by reason.
        donations: donations in all.
        identities: identities counted in all.
    """

    projects: Sequence[str]
    contributed: Sequence[int]
    donors: Sequence[int]
    excluded: Mapping[Reason, int]
    donations: int
    identities: int

    @classmethod
    def of(cls, counted: Counted, ideal: IdealMatch) -> Totals:
        """Return the totals of what was counted, from the sums of the mechanism if it took any."""
        contributions = counted.contributions
        projects = len(contributions.projects)
        sums = ideal.sums or tally(contributions.entries, inner=None, outer=None, projects=projects, root_bits=0)
        return cls(
            projects=contributions.projects,
            contributed=sums.contributed,
            donors=sums.donors,
            excluded=counted.screened.excluded,
            donations=len(counted.ledger),
            identities=int(np.count_nonzero(np.diff(contributions.entries.start))),
        )


def allocate(round: Round, ideal: IdealMatch, prices: PriceSnapshot, totals: Totals) -> RoundResult:
    """Return the result of dividing the pool of `round` by `ideal` matches (in round units).

    A project whose payout would be below the minimum is taken out and the pool divided again, until none is.

    Raises:
        MissingPriceError: ideal matches have to be compared with the pool, and the payout token has no price.
        RoundError: the pool policy needs matches that are money, and the mechanism gives only proportions.
        NoMatchError: `alpha` is undefined on these donations.
    """
    rate = base_units_per_round_unit(round, prices)
    asked, direct = ideal.amounts.times(rate or Fraction(1)), ideal.direct.times(rate or Fraction(1))
    first, payouts = _divide(asked, direct, round.pool, totals.projects)
    division = first
    while too_small := below_minimum(payouts, round.pool.min_payout):
        asked = _without(asked, too_small)
        division, payouts = _divide(asked, direct, round.pool, totals.projects)
    return RoundResult(
        round=round,
        projects=_project_results(ideal, division, payouts, totals, _at_cap(round.pool, asked, division)),
        unspent=BaseUnits(round.pool.amount - sum(payouts)),
        saturated=None if rate is None else first.saturated,
        arithmetic=ideal.arithmetic or mechanism(round.mechanism.id).arithmetic,
        excluded=totals.excluded,
        donations=totals.donations,
        donors=totals.identities,
        notes=ideal.notes,
    )


def base_units_per_round_unit(round: Round, prices: PriceSnapshot) -> Fraction | None:
    """Return how many base units of the payout token one round unit is worth; None where that means nothing."""
    pool = round.pool
    needs_money = pool.policy in NEEDS_MONEY or pool.cap is CapPolicy.CLIP_IDEAL
    if not mechanism(round.mechanism.id).monetary:
        if needs_money:
            told = f"{round.mechanism.id} gives proportions, not money"
            raise RoundError.at("[pool] policy", told, "use policy fill and a cap other than clip_ideal")
        return None
    price = prices.prices.get(pool.token)
    if price is None and pool.token not in ("", round.unit):
        if needs_money:
            raise MissingPriceError([pool.token])
        return None
    value = price.value if price is not None else Fraction(1)
    return Fraction(10**pool.decimals, 10**round.unit_decimals) / value


def _divide(asked: Amounts, direct: Amounts, pool: Pool, projects: Sequence[str]) -> tuple[Division, Sequence[int]]:
    division = divide(asked, direct, pool)
    return division, to_base_units(division.capped, pool.rounding, projects)


def _without(amounts: Amounts, places: Collection[int]) -> Amounts:
    kept = (0 if place in places else numerator for place, numerator in enumerate(amounts.numerators))
    return Amounts(tuple(kept), amounts.denominator)


def _at_cap(pool: Pool, asked: Amounts, division: Division) -> list[bool]:
    """Return which projects are at their limit: under `clip_ideal` before the pool is shared out, else after."""
    limited = asked if pool.cap is CapPolicy.CLIP_IDEAL else division.capped
    ceiling = pool.match_cap * limited.denominator
    return [has_cap(pool) and 0 < ceiling <= numerator for numerator in limited.numerators]


def _project_results(
    ideal: IdealMatch, division: Division, payouts: Sequence[int], totals: Totals, at_cap: Sequence[bool]
) -> tuple[ProjectResult, ...]:
    rows = zip(
        totals.projects,
        totals.contributed,
        totals.donors,
        ideal.amounts.fractions(),
        division.scaled.fractions(),
        division.capped.fractions(),
        payouts,
        at_cap,
        strict=True,
    )
    return tuple(
        ProjectResult(
            project=project,
            contributed=RoundUnits(contributed),
            donors=donors,
            ideal_match=match,
            scaled_match=scaled,
            capped_match=capped,
            payout=BaseUnits(payout),
            capped=limited,
        )
        for project, contributed, donors, match, scaled, capped, payout, limited in rows
    )
