"""Everything one donor gave."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from qf.columns import IntegerNames, named
from qf.contributions import Counted
from qf.eligibility import REASONS
from qf.errors import InputError
from qf.estimate.words import did_you_mean, reason_sentence
from qf.explain.counting import counted_rows, effects_of, settled
from qf.explain.types import DonationExplanation, DonorEffect, DonorExplanation
from qf.inputs import Inputs
from qf.ledger import NO_TIME
from qf.prices import Price
from qf.result import RoundResult
from qf.round import Round
from qf.units import WEIGHT_ONE, BaseUnits, Bps, format_decimal


def explain_donor(round: Round, inputs: Inputs, donor: str) -> DonorExplanation:
    """Return how everything `donor` and the accounts linked to it gave was counted, and what it did.

    >>> from qf.rules import preset
    >>> round = preset("yen", pool=1_000, policy="leave")
    >>> told = explain_donor(round, Inputs.of(round, [("ann", "well", 400), ("bob", "well", 100)]), "bob")
    >>> told.donations[0].sentence, told.projects[0].payout, told.projects[0].payout_without
    ('Counted in full.', 400, 0)

    Raises:
        InputError: nobody of that name gave; names similar ones.
    """
    told = explain_donations(round, inputs, donor)
    rows = rows_of_donor(inputs, told.donor)
    effects, notes = _effects(round, inputs, rows, counted_rows(round, inputs, rows))
    return replace(told, projects=effects, notes=notes)


def explain_donations(round: Round, inputs: Inputs, donor: str) -> DonorExplanation:
    """Return how everything `donor` and the accounts linked to it gave was counted, without what it did.

    No donations of others are looked at, and none need be in `inputs`.

    Raises:
        InputError: nobody of that name gave; names similar ones.
    """
    name = named(donor, "the donor")
    counted = counted_rows(round, inputs, rows_of_donor(inputs, name))
    identity = inputs.weights.identity.get(name, name)
    weight = _weight(counted, identity)
    return DonorExplanation(
        donor=name,
        identity=identity,
        accounts=tuple(sorted(set(counted.ledger.donor.texts().tolist()))),
        weight=weight,
        donations=tuple(_donation(round, inputs, counted, row, weight) for row in range(len(counted.ledger))),
        projects=(),
        notes=(),
    )


def rows_of_donor(inputs: Inputs, donor: str) -> NDArray[np.bool_]:
    """Return which rows the identity behind `donor` gave, from any of its accounts, shape (rows,).

    Raises:
        InputError: there is none; names similar ones.
    """
    names, link = inputs.ledger.donor.names, inputs.weights.identity
    identity = link.get(donor, donor)
    accounts = [identity, *(account for account, behind in link.items() if behind == identity)]
    codes = [_code(names, account) for account in accounts]
    rows = np.isin(inputs.ledger.donor.codes, [code for code in codes if code is not None])
    if not rows.any():
        hint = "" if isinstance(names, IntegerNames) else did_you_mean(donor, names)
        raise InputError.at(f"donor {donor}", "gave nothing in this round", hint)
    return np.asarray(rows)


def _code(names: Sequence[str], name: str) -> int | None:
    if isinstance(names, IntegerNames):
        return int(name) if name.isdecimal() and str(int(name)) == name else None
    place = bisect_left(names, name)
    return place if place < len(names) and names[place] == name else None


def _weight(counted: Counted, identity: str) -> Bps:
    weights = counted.identities.weight
    return Bps(WEIGHT_ONE if weights is None else int(weights[list(counted.identities.names).index(identity)]))


def _effects(
    round: Round, inputs: Inputs, rows: NDArray[np.bool_], counted: Counted
) -> tuple[tuple[DonorEffect, ...], tuple[str, ...]]:
    effects = effects_of(counted)
    if not effects:
        return (), ()
    result, notes = settled(round, inputs)
    without, notes_without = settled(round, replace(inputs, ledger=inputs.ledger.take(~rows)))
    said = *notes, *(f"without this donor, {note}" for note in notes_without if note not in notes)
    return tuple(_with_matches(effect, round, inputs, result, without) for effect in effects), said


def _with_matches(
    effect: DonorEffect, round: Round, inputs: Inputs, result: RoundResult | None, without: RoundResult | None
) -> DonorEffect:
    found = [_match(settlement, effect.project) for settlement in (result, without)]
    (match, payout), (match_without, payout_without) = found
    worth = _base_units_of(effect.given, round, inputs)
    return replace(
        effect,
        match=match,
        match_without=match_without,
        payout=payout,
        payout_without=payout_without,
        leverage=(payout - payout_without) / worth if worth else None,
    )


def _match(result: RoundResult | None, project: str) -> tuple[Fraction, BaseUnits]:
    """Return capped match and payout; nothing where there is no result, or nobody else gave to the project."""
    rows = [] if result is None else [row for row in result.projects if row.project == project]
    return (rows[0].capped_match, rows[0].payout) if rows else (Fraction(0), BaseUnits(0))


def _base_units_of(given: int, round: Round, inputs: Inputs) -> Fraction | None:
    """Return what round units are worth in base units of the payout token, or None where that has no price."""
    pool = round.pool
    price = inputs.prices.prices.get(pool.token)
    if price is None and pool.token not in ("", round.unit):
        return None
    one = Fraction(1) if price is None else price.value
    return given * Fraction(10**pool.decimals, 10**round.unit_decimals) / one


def _donation(round: Round, inputs: Inputs, counted: Counted, row: int, weight: Bps) -> DonationExplanation:
    ledger = counted.ledger
    token = "" if ledger.token is None else ledger.token.names[ledger.token.codes[row]]
    unit = Price(Fraction(1), round.unit_decimals)
    price = inputs.prices.prices.get(token) if token else unit
    amount, code = int(ledger.amount[row]), int(counted.screened.reason[row])
    reason = REASONS[code - 1] if code else None
    worth = None if price is None else amount * price.value * Fraction(10**round.unit_decimals, 10**price.decimals)
    return DonationExplanation(
        id="" if ledger.id is None else str(ledger.id[row]),
        account=ledger.donor.names[ledger.donor.codes[row]],
        project=ledger.project.names[ledger.project.codes[row]],
        amount=amount,
        token=token,
        decimals=(price or unit).decimals,
        time=None if ledger.time is None or ledger.time[row] == NO_TIME else int(ledger.time[row]),
        against=ledger.against is not None and bool(ledger.against[row]),
        value=worth,
        weight=weight,
        reason=reason,
        sentence=_counted_sentence(weight) if reason is None else reason_sentence(reason, round),
    )


def _counted_sentence(weight: Bps) -> str:
    if weight == WEIGHT_ONE:
        return "Counted in full."
    return f"Counted with a weight of {format_decimal(Fraction(weight, WEIGHT_ONE), 4)}."
