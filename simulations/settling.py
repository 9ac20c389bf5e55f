"""From gifts to payouts, with the engine that pays: the round counted once, and settled under every mechanism."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qf.allocate import Totals, allocate
from qf.compare.choices import Choice
from qf.contributions import Counted, count
from qf.eligibility import project_list
from qf.errors import NoMatchError
from qf.inputs import Inputs
from qf.prices import PriceSnapshot
from qf.result import RoundResult
from qf.round import WeightConvention
from qf.settle import ideal_match
from qf.units import Bps
from qf.weights import DonorWeights
from simulations.gifts import Gifts, names

Settled = Mapping[str, RoundResult | str]
"""Mechanism as it was written -> its result, or why it has none."""


def settle_all(
    choices: Sequence[Choice], gifts: Gifts, *, accounts: int, projects: int, weights: NDArray[np.int64] | None = None
) -> Settled:
    """Return the results of the same gifts under every choice.

    Args:
        choices: the mechanisms, with their rounds.
        gifts: who gave what.
        accounts: how many there are, with or without gifts.
        projects: how many there are, with or without gifts.
        weights: of each account in bps, shape (accounts,); None: all count in full.
    """
    ledger = gifts.ledger(accounts, projects)
    known = {} if weights is None else dict(zip(names("d", accounts), map(Bps, weights.tolist()), strict=True))
    inputs = Inputs(ledger, DonorWeights(known), projects=project_list(names("p", projects)))
    counted: dict[bool, Counted] = {}
    settled: dict[str, RoundResult | str] = {}
    for choice in choices:
        per_donation = choice.round.weights.convention is WeightConvention.PER_DONATION
        if per_donation not in counted:
            counted[per_donation] = count(choice.round, inputs)
        settled[choice.name] = _settle(choice, counted[per_donation])
    return settled


def _settle(choice: Choice, counted: Counted) -> RoundResult | str:
    try:
        ideal = ideal_match(choice.round, counted)
        return allocate(choice.round, ideal, PriceSnapshot(), Totals.of(counted, ideal))
    except NoMatchError as error:
        return str(error)
