"""How some of the donations of a round are counted, without looking at the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Counted, count
from qf.errors import NoMatchError
from qf.explain.types import DonorEffect
from qf.inputs import Inputs
from qf.mechanisms import mechanism_of
from qf.result import RoundResult
from qf.round import Round, WeightConvention
from qf.settle import settle_inputs
from qf.units import WEIGHT_ONE, Bps, RoundUnits


def counted_rows(round: Round, inputs: Inputs, rows: NDArray[np.bool_]) -> Counted:
    """Return how these rows are counted, in canonical order, amounts unweighted.

    Whether a row counts depends on no row but those of the same identity and project, which have to be among them.
    """
    weights = round.weights
    if weights.convention is WeightConvention.PER_DONATION:
        weights = replace(weights, convention=WeightConvention.INSIDE_ROOT)
    part = replace(inputs, ledger=inputs.ledger.take(np.flatnonzero(rows)).canonical())
    return count(replace(round, weights=weights), part, takes_against=mechanism_of(round)[0].takes_against)


def effects_of(counted: Counted) -> list[DonorEffect]:
    """Return what each identity gave each project, the matches still to be filled in; by identity, then project."""
    contributions, weights = counted.contributions, counted.identities.weight
    donations = _donations_per_pair(counted)
    start, places, amounts = (column.tolist() for column in contributions.entries)
    effects = []
    for code, identity in enumerate(contributions.identities):
        weight = Bps(WEIGHT_ONE if weights is None else int(weights[code]))
        for entry in range(start[code], start[code + 1]):
            project, given = contributions.projects[places[entry]], RoundUnits(amounts[entry])
            rows = donations[code, project]
            effects.append(DonorEffect(project, identity, given, rows, weight, Fraction(0), Fraction(0)))
    return effects


def settled(round: Round, inputs: Inputs) -> tuple[RoundResult | None, tuple[str, ...]]:
    """Return the result and its notes; no result where the mechanism is undefined on these donations."""
    try:
        result = settle_inputs(round, inputs)
    except NoMatchError as error:
        return None, (f"nothing is matched: {error}",)
    return result, result.notes


def _donations_per_pair(counted: Counted) -> dict[tuple[int, str], int]:
    """Return how many donations for a project count, by identity code and project."""
    rows = np.flatnonzero(counted.screened.counts)
    codes: Sequence[int] = counted.identities.codes(counted.ledger.donor)[rows].tolist()
    projects = counted.ledger.project.codes[rows].tolist()
    against = counted.ledger.against
    sides = [False] * len(rows) if against is None else against[rows].tolist()
    found: dict[tuple[int, str], int] = {}
    for code, project, side in zip(codes, projects, sides, strict=True):
        key = code, counted.ledger.project.names[project]
        found[key] = found.get(key, 0) + (not side)
    return found
