"""The donations that were there from the start, looked up by identity and project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.contributions import Contributions, Counted
from qf.inputs import Inputs
from qf.kernels.aggregate import Entries, aggregate
from qf.round import Round


@dataclass(frozen=True, slots=True)
class Pair:
    """What one identity gave one project in all, before the minimum per pair is applied.

    Attributes:
        value: what it is worth in round units, exactly, unweighted.
        amount: c[i, p], whole round units; under `per_donation` the sum of the weighted and floored donations.
        against: credits spent against the project.
    """

    value: Fraction
    amount: int
    against: int = 0


@dataclass(frozen=True, eq=False)
class Stored:
    """Entries in compressed rows, with what they are worth before the cut to whole round units.

    Attributes:
        contributions: every entry, those below the minimum per pair included.
        worth: value of each entry times `per_unit`, in round units, unweighted; shape (entries,).
        per_unit: see `worth`.
    """

    contributions: Contributions
    worth: NDArray[Any]
    per_unit: int

    @classmethod
    def of(cls, counted: Counted, inputs: Inputs, round: Round, *, needs_worth: bool) -> Stored:
        """Return what is in `counted`; `needs_worth`: the amounts are not what the donations are worth exactly."""
        if not needs_worth:
            return cls(counted.contributions, counted.contributions.entries.amount, 1)
        rows = counted.screened.counts
        if counted.ledger.against is not None:
            rows = rows & ~counted.ledger.against
        ledger = counted.ledger.take(np.flatnonzero(rows))
        values = inputs.prices.values(ledger, round.unit_decimals)
        place = {name: code for code, name in enumerate(counted.contributions.projects)}
        recode = np.array([place.get(str(name), -1) for name in ledger.project.names], dtype=np.int32)
        identity, identities = counted.identities.codes(ledger.donor), len(counted.identities.names)
        project = recode[ledger.project.codes]
        entries = aggregate(identity, project, values.amount, identities=identities, projects=len(place))
        return cls(counted.contributions, entries.amount, values.per_unit)

    def pair(self, code: int, place: int) -> Pair:
        """Return what the identity in row `code` gave the project at `place`."""
        entries, against = self.contributions.entries, self.contributions.against
        spent = 0
        if against is not None and (entry := entry_of(against, code, place)) >= 0:
            spent = int(against.amount[entry])
        if (entry := entry_of(entries, code, place)) < 0:
            return Pair(Fraction(0), 0, spent)
        return Pair(Fraction(int(self.worth[entry]), self.per_unit), int(entries.amount[entry]), spent)

    def pairs(self, code: int) -> dict[str, Pair]:
        """Return all that the identity in row `code` gave, by project."""
        places: set[int] = set()
        for entries in (self.contributions.entries, self.contributions.against):
            if entries is not None:
                places.update(entries.project[entries.start[code] : entries.start[code + 1]].tolist())
        return {self.contributions.projects[place]: self.pair(code, place) for place in sorted(places)}

    def at_least(self, least: int) -> Contributions:
        """Return the contributions without the pairs worth less than `least` round units, for and against together."""
        entries, against, width = (
            self.contributions.entries,
            self.contributions.against,
            len(self.contributions.projects),
        )
        if against is None:
            return replace(self.contributions, entries=_kept(entries, self.worth >= least * self.per_unit))
        keys = _keys(entries, width), _keys(against, width)
        worth = dict(zip(keys[0], self.worth.tolist(), strict=True))
        for key, spent in zip(keys[1], against.amount.tolist(), strict=True):
            worth[key] = worth.get(key, 0) + spent * self.per_unit
        return replace(
            self.contributions,
            entries=_kept(entries, _reaching(keys[0], worth, least * self.per_unit)),
            against=_kept(against, _reaching(keys[1], worth, least * self.per_unit)),
        )


def entry_of(entries: Entries, code: int, place: int) -> int:
    """Return the index of the entry of the identity in row `code` for the project at `place`, -1 if there is none."""
    low, high = int(entries.start[code]), int(entries.start[code + 1])
    index = low + int(np.searchsorted(entries.project[low:high], place))
    return index if index < high and int(entries.project[index]) == place else -1


def _keys(entries: Entries, width: int) -> list[int]:
    rows = np.repeat(np.arange(len(entries.start) - 1), np.diff(entries.start))
    keys: list[int] = (rows * width + entries.project).tolist()
    return keys


def _reaching(keys: list[int], worth: Mapping[int, int], least: int) -> NDArray[np.bool_]:
    return np.fromiter((worth[key] >= least for key in keys), np.bool_, len(keys))


def _kept(entries: Entries, kept: NDArray[Any]) -> Entries:
    """Return the entries for which `kept` is true."""
    mask = kept.astype(bool)
    start = np.append(0, np.cumsum(mask))[entries.start]
    return Entries(start.astype(np.int64), entries.project[mask], entries.amount[mask])
