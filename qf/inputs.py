"""Everything a settlement reads, besides the rules: typed once at the door, from plain values or from files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qf.columns import IntegerNames, named
from qf.eligibility import Project, project_list
from qf.errors import WeightError
from qf.ledger import DonationLedger
from qf.plain import donation_ledger
from qf.prices import PriceSnapshot
from qf.reconciliation import Reconciliation
from qf.round import Round
from qf.weights import DonorWeights


@dataclass(frozen=True, eq=False)
class Inputs:
    """The facts of a round.

    Attributes:
        ledger: the donations.
        weights: weight and identity of each account.
        prices: what each token is worth.
        projects: what can be funded, sorted by id; None means every project that occurs.
        attributes: attribute -> donor -> value, for mechanisms that read more than a weight.
        reconciliation: the donations compared with where they came from.
    """

    ledger: DonationLedger
    weights: DonorWeights = DonorWeights()
    prices: PriceSnapshot = PriceSnapshot()
    projects: tuple[Project, ...] | None = None
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reconciliation: Reconciliation | None = None

    @classmethod
    def of(
        cls,
        round: Round,
        donations: Any,
        *,
        weights: Any = None,
        scores: Any = None,
        links: Any = None,
        prices: Any = None,
        projects: Any = None,
        attributes: Any = None,
        reconciliation: Reconciliation | None = None,
    ) -> Inputs:
        """Return the inputs given as plain Python or NumPy values; see `qf.settle` for each of them."""
        snapshot = PriceSnapshot.of(prices)
        ledger = donation_ledger(donations, unit_decimals=round.unit_decimals, token_decimals=snapshot.decimals)
        _require_numbered_donors(weights, ledger)
        known = DonorWeights.of(round.weights, weights, scores, links)
        return cls(ledger, known, snapshot, project_list(projects), _attributes(attributes), reconciliation)


def _require_numbered_donors(weights: Any, ledger: DonationLedger) -> None:
    """An array of weights says nothing of donors who are not numbers below its length."""
    if not isinstance(weights, np.ndarray):
        return
    names = ledger.donor.names
    if isinstance(names, IntegerNames) and len(names) <= len(weights):
        return
    numbers = {str(number) for number in range(len(weights))}
    strange = sorted(set(ledger.donor.sorted().names) - numbers)
    if strange:
        told = f"has {len(weights)} weights, and donor {strange[0]!r} is not a number below that"
        raise WeightError.at("weights", f"the array {told}", "give {donor: weight}")


def _attributes(attributes: Any) -> dict[str, dict[str, str]]:
    return {
        str(name): {named(donor, f"attribute {name}"): str(value) for donor, value in values.items()}
        for name, values in (attributes or {}).items()
    }
