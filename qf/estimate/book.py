"""Who gave what so far, and what one more gift would add to it: stages 4 to 7 of a round, one gift at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Any

import numpy as np

from qf.columns import Column, IntegerNames, named
from qf.contributions import Contributions, count
from qf.eligibility import Reason, screen
from qf.errors import DonationError, MissingPriceError, ProjectError
from qf.estimate.stored import Pair, Stored
from qf.estimate.words import did_you_mean
from qf.inputs import Inputs
from qf.ledger import DonationLedger
from qf.plain import positive_units
from qf.round import MinimumScope, Round, WeightConvention
from qf.units import WEIGHT_ONE, RoundUnits
from qf.weights import Identities


@dataclass(frozen=True, slots=True)
class Giver:
    """Somebody who gives: the account, the identity behind it, and its weight in bps (None: all count in full)."""

    account: str
    identity: str
    weight: int | None


class Book:
    """The donations of a round by identity and project, to which gifts can be added."""

    def __init__(self, round: Round, inputs: Inputs, *, takes_against: bool, needs_order: bool) -> None:
        """Read the donations of `round`, as `qf.contributions.count` does, but for the minimum per pair."""
        rule = round.eligibility
        per_pair = rule.min_donation_scope is MinimumScope.IDENTITY_PROJECT
        self.round, self.inputs = round, inputs
        self._least_pair = rule.min_donation if per_pair else RoundUnits(0)
        self._least_gift = RoundUnits(0) if per_pair else rule.min_donation
        open_round = replace(round, eligibility=replace(rule, min_donation=RoundUnits(0))) if per_pair else round
        counted = count(open_round, inputs, takes_against=takes_against, needs_order=needs_order)
        self._per_donation = round.weights.convention is WeightConvention.PER_DONATION
        needs_worth = inputs.ledger.token is not None or (self._per_donation and self._least_pair > 0)
        self._stored = Stored.of(counted, inputs, round, needs_worth=needs_worth)
        self._identities = counted.identities
        self._undated = replace(round, opens=None, closes=None)
        self._takes_against = takes_against
        self._listed = None if inputs.projects is None else {project.id: project for project in inputs.projects}
        self._places = {name: place for place, name in enumerate(counted.contributions.projects)}
        self._added: dict[str, dict[str, Pair]] = {}

    @property
    def unweighted(self) -> bool:
        """Whether everybody counts in full, so that no weight enters the formula."""
        return self._stored.contributions.weight is None

    def contributions(self) -> Contributions:
        """Return what counts, without the gifts added since."""
        return self._stored.at_least(self._least_pair) if self._least_pair else self._stored.contributions

    def projects(self) -> Sequence[str]:
        """Return the ids of all projects, sorted."""
        return sorted(self._places)

    def giver(self, donor: str | None) -> Giver:
        """Return who `donor` is; None is somebody new, of whom nothing is known."""
        account = "" if donor is None else named(donor, "the donor")
        identity = self.inputs.weights.identity.get(account, account)
        return Giver(account, identity, self._weight(identity))

    def value(self, project: str, amount: Any, token: str) -> tuple[str, Fraction]:
        """Return the canonical id of `project`, and what `amount` whole units are worth in round units.

        Raises:
            ProjectError: there is no such project.
            DonationError: the amount is not a positive decimal.
            MissingPriceError: the token has no price.
        """
        name = named(project, "the project", ProjectError)
        if name not in self._places:
            raise ProjectError.at(f"project {name}", "is not in this round", did_you_mean(name, self.projects()))
        price = self.inputs.prices.prices.get(named(token, "the token")) if token else None
        if token and price is None:
            raise MissingPriceError([token])
        places = self.round.unit_decimals
        try:
            units = positive_units(amount, places if price is None else price.decimals)
        except ValueError as error:
            raise DonationError.at(f"amount {amount}", str(error), "give a positive amount") from None
        factor = Fraction(1) if price is None else price.value * Fraction(10**places, 10**price.decimals)
        return name, units * factor

    def refused(self, giver: Giver, project: str, value: Fraction) -> Reason | None:
        """Return why a gift made within the dates of the round would not count, the minimum per pair apart."""
        ledger = DonationLedger(_column(giver.account), _column(project), np.ones(1, dtype=np.int64))
        weight = None if giver.weight is None else np.array([giver.weight], dtype=np.int64)
        identities = Identities(np.zeros(1, dtype=np.int32), (giver.identity,), weight)
        listed = None if self._listed is None else (self._listed[project],)
        found = screen(
            ledger, self._undated, identities, self.inputs.weights, listed, takes_against=self._takes_against
        )
        reasons = list(found.excluded)
        below = Reason.BELOW_MINIMUM if value < self._least_gift else None
        return reasons[0] if reasons else below

    def pair(self, giver: Giver, project: str) -> Pair:
        """Return what `giver` gave `project` so far."""
        added = self._added.get(giver.identity, {}).get(project)
        if added is not None:
            return added
        code, place = self._code(giver.identity), self._places[project]
        return Pair(Fraction(0), 0) if code < 0 else self._stored.pair(code, place)

    def pairs(self, giver: Giver) -> dict[str, Pair]:
        """Return all that `giver` gave so far, by project."""
        code = self._code(giver.identity)
        stored = {} if code < 0 else self._stored.pairs(code)
        return {**stored, **self._added.get(giver.identity, {})}

    def with_gift(self, pair: Pair, giver: Giver, value: Fraction) -> Pair:
        """Return `pair` after one more gift of `value` round units."""
        if self._per_donation:
            weight = WEIGHT_ONE if giver.weight is None else giver.weight
            return replace(pair, value=pair.value + value, amount=pair.amount + floor(value) * weight // WEIGHT_ONE)
        total = pair.value + value
        return replace(pair, value=total, amount=floor(total))

    def counts(self, pair: Pair) -> bool:
        """Return whether there is anything in `pair`, and it reaches the minimum."""
        given = pair.value + pair.against
        return given > 0 and given >= self._least_pair

    def record(self, giver: Giver, pairs: dict[str, Pair]) -> None:
        """Keep what `giver` gave these projects from now on."""
        self._added.setdefault(giver.identity, {}).update(pairs)

    def _code(self, identity: str) -> int:
        """Return the row of `identity`, -1 if there is none."""
        names = self._identities.names
        if isinstance(names, IntegerNames):
            plain = identity.isdecimal() and identity.isascii() and str(int(identity)) == identity
            return int(identity) if plain and int(identity) < len(names) else -1
        place = bisect_left(names, identity)
        return place if place < len(names) and names[place] == identity else -1

    def _weight(self, identity: str) -> int | None:
        weights, code = self._identities.weight, self._code(identity)
        if weights is None:
            return None
        if code >= 0:
            return int(weights[code])
        known = [table[identity] for table in (self.inputs.weights.weight, self._linked) if identity in table]
        return max(known, default=self.round.weights.default)

    @cached_property
    def _linked(self) -> dict[str, int]:
        """The largest weight among the accounts linked to each identity."""
        best: dict[str, int] = {}
        for account, identity in self.inputs.weights.identity.items():
            weight = self.inputs.weights.weight.get(account)
            if weight is not None:
                best[identity] = max(best.get(identity, 0), weight)
        return best


def _column(name: str) -> Column:
    return Column(np.zeros(1, dtype=np.int32), (name,))
