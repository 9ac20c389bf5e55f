"""The whole round in one function: read this first.

donations -> screened -> priced -> weighed -> contributions -> ideal match -> pool, cap -> integers -> result
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qf.allocate import Totals, allocate
from qf.contributions import Counted, count
from qf.inputs import Inputs
from qf.mechanisms import IdealMatch, mechanism_of
from qf.reconciliation import Reconciliation, require_reconciled
from qf.result import RoundResult
from qf.round import Round
from qf.rules import round_of


def settle(
    round: Round | Mapping[str, Any],
    donations: Any,
    *,
    weights: Any = None,
    scores: Any = None,
    links: Any = None,
    prices: Any = None,
    projects: Any = None,
    attributes: Any = None,
    reconciliation: Reconciliation | None = None,
) -> RoundResult:
    """Return the result of `round`: integer payouts that add up, and every number on the way.

    Args:
        round: the rules: a `Round` (see `qf.preset`), or the sections of a round file (see `qf.round_of`).
        donations: rows (donor, project, amount), a mapping of columns (lists or NumPy arrays), a data frame, or a
            `DonationLedger`.
            Amounts are in whole units of the round: 12, "12.50", Decimal("12.5").
        weights: {donor: weight}, weights from 0 to 1, cut to 1/10,000; who is not listed has the default.
        scores: {donor: score}, turned into weights by the curve of the round.
        links: {account: identity}; linked accounts count as one donor.
        prices: {token: (price, decimals)} where donations are in tokens.
        projects: what can be funded (ids, mappings or `Project`s); None means every project that occurs.
        attributes: {attribute: {donor: value}}, for mechanisms that read more than a weight.
        reconciliation: the donations compared with where they came from; needed where the round asks for it.

    >>> from qf.round import Pool
    >>> from qf.units import BaseUnits
    >>> gifts = [("ann", "well", 1), ("bob", "well", 4), ("cy", "well", 9), ("ann", "bus", 16), ("bob", "bus", 16)]
    >>> settle(Round("demo", Pool(BaseUnits(1000))), gifts).payouts
    {'bus': 593, 'well': 407}

    Raises:
        InputError: naming everything malformed at once.
        MissingPriceError: a donation that counts is in a token without a price.
        UnreconciledError: the round asks for a reconciliation, and it is missing or has unresolved lines.
        NoMatchError: the mechanism is undefined on these donations.
    """
    round = round if isinstance(round, Round) else round_of(round)
    inputs = Inputs.of(
        round,
        donations,
        weights=weights,
        scores=scores,
        links=links,
        prices=prices,
        projects=projects,
        attributes=attributes,
        reconciliation=reconciliation,
    )
    return settle_inputs(round, inputs)


def settle_inputs(round: Round, inputs: Inputs) -> RoundResult:
    """Return the result of `round` on inputs that are typed already."""
    counted, ideal = match(round, inputs)
    return allocate(round, ideal, inputs.prices, Totals.of(counted, ideal))


def match(round: Round, inputs: Inputs) -> tuple[Counted, IdealMatch]:
    """Return stages 4 to 8: what counts, and the ideal match of every project in round units."""
    require_reconciled(round.reconciled, inputs.reconciliation, projects=inputs.projects)
    mechanism, terms = mechanism_of(round)
    needs_order = not mechanism.additive(terms)
    counted = count(round, inputs, takes_against=mechanism.takes_against, needs_order=needs_order)
    return counted, ideal_match(round, counted)


def ideal_match(round: Round, counted: Counted) -> IdealMatch:
    """Return stage 8 alone: the ideal match of every project, in round units, of what was counted."""
    mechanism, terms = mechanism_of(round)
    if not mechanism.additive(terms):
        return mechanism.ideal(counted.contributions, terms)
    assert mechanism.sums is not None and mechanism.ideal_of_sums is not None
    sums = mechanism.sums(counted.contributions, terms)
    return replace(mechanism.ideal_of_sums(sums, terms), sums=sums)
