"""The same donations under several mechanisms: who gets what, and who gains and loses.

Everything but the mechanism stays as the round says: which donations count, their weights, the pool and its cap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from qf.compare.choices import Choice, choice_of
from qf.compare.metrics import gini, hhi, top_share
from qf.errors import InputError, MissingPriceError, NoMatchError
from qf.inputs import Inputs
from qf.mechanisms import mechanism
from qf.result import RoundResult
from qf.round import Round
from qf.settle import settle_inputs
from qf.units import BaseUnits

__all__ = ["Comparison", "Outcome", "compare", "gini", "hhi", "top_share"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one mechanism makes of the donations. Without a result there is an `error`, and every number is 0 or empty.

    Attributes:
        name: as it was asked for.
        mechanism: id of the mechanism.
        title: its name for people.
        parameters: all of them, spelled out.
        payouts: project -> payout, base units.
        shares: project -> payout as a fraction of the pool.
        differences: project -> payout minus the payout under the first mechanism, base units; empty without both.
        gini: of the payouts of all projects, see `qf.compare.metrics`.
        top_share: part of all payouts that the largest has.
        hhi: sum of the squared parts.
        paid: how many projects get anything.
        unspent: what is left of the pool, base units.
        notes: what had to be changed to apply it, and what it says about its result.
        error: why there is no result; else empty.
    """

    name: str
    mechanism: str
    title: str
    parameters: Mapping[str, str]
    payouts: Mapping[str, BaseUnits]
    shares: Mapping[str, Fraction]
    differences: Mapping[str, int]
    gini: Fraction
    top_share: Fraction
    hhi: Fraction
    paid: int
    unspent: BaseUnits
    notes: tuple[str, ...] = ()
    error: str = ""

    @property
    def gainers(self) -> tuple[str, ...]:
        """Projects that get more than under the first mechanism, the largest gain first."""
        return self._by_difference(1)

    @property
    def losers(self) -> tuple[str, ...]:
        """Projects that get less than under the first mechanism, the largest loss first."""
        return self._by_difference(-1)

    def _by_difference(self, sign: int) -> tuple[str, ...]:
        found = [(-sign * difference, name) for name, difference in self.differences.items() if sign * difference > 0]
        return tuple(name for _, name in sorted(found))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Outcomes side by side, in the order asked for. The others are compared with the first.

    Attributes:
        round: the rules everything else is taken from.
        projects: ids, in order.
        outcomes: one per mechanism.
    """

    round: Round
    projects: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def compare(round: Round, inputs: Inputs, mechanisms: Sequence[str]) -> Comparison:
    """Return what each of `mechanisms` makes of the donations, all else being as `round` says.

    Args:
        round: the rules.
        inputs: the donations and what is known about them.
        mechanisms: ids, or names of presets whose mechanism and parameters are taken; either may be followed by
            parameters: "quadratic", "octant", "pairwise:strength=10,variant=bounded".

    >>> from qf.rules import preset
    >>> round = preset("yen", pool=100)
    >>> gifts = [("ann", "bus", 90), ("ann", "well", 10), ("bob", "well", 10)]
    >>> told = compare(round, Inputs.of(round, gifts), ["quadratic", "proportional"])
    >>> told.outcomes[1].payouts, told.outcomes[1].gainers
    ({'bus': 82, 'well': 18}, ('bus',))

    Raises:
        RoundError: a mechanism, preset or parameter is not known.
    """
    choices = [choice_of(round, text) for text in mechanisms]
    results = [_result(choice, inputs) for choice in choices]
    first = results[0] if results and isinstance(results[0], RoundResult) else None
    projects = {name: None for result in results if isinstance(result, RoundResult) for name in result.payouts}
    outcomes = (
        _outcome(choice, result, first) if isinstance(result, RoundResult) else _failure(choice, result)
        for choice, result in zip(choices, results, strict=True)
    )
    return Comparison(round, tuple(projects), tuple(outcomes))


def _result(choice: Choice, inputs: Inputs) -> RoundResult | str:
    """Return the result, or why there is none."""
    try:
        return settle_inputs(choice.round, inputs)
    except (NoMatchError, MissingPriceError, InputError) as error:
        return str(error).partition("\n")[0]


def _outcome(choice: Choice, result: RoundResult, first: RoundResult | None) -> Outcome:
    payouts, pool = result.payouts, choice.round.pool.amount
    paid = list(payouts.values())
    return Outcome(
        name=choice.name,
        mechanism=choice.round.mechanism.id,
        title=mechanism(choice.round.mechanism.id).title,
        parameters=choice.round.mechanism.parameters,
        payouts=payouts,
        shares={name: Fraction(payout, pool or 1) for name, payout in payouts.items()},
        differences={} if first is None else {name: payout - first.payouts[name] for name, payout in payouts.items()},
        gini=gini(paid),
        top_share=top_share(paid),
        hhi=hhi(paid),
        paid=sum(payout > 0 for payout in paid),
        unspent=result.unspent,
        notes=(*choice.notes, *result.notes),
    )


def _failure(choice: Choice, error: str) -> Outcome:
    nothing = Fraction(0)
    return Outcome(
        name=choice.name,
        mechanism=choice.round.mechanism.id,
        title=mechanism(choice.round.mechanism.id).title,
        parameters=choice.round.mechanism.parameters,
        payouts={},
        shares={},
        differences={},
        gini=nothing,
        top_share=nothing,
        hhi=nothing,
        paid=0,
        unspent=choice.round.pool.amount,
        notes=choice.notes,
        error=error,
    )
