"""What every project gets, and what it would get if one identity had given otherwise. Two engines, one question.

`Sums` keeps the sums of every project: what one identity adds to them is taken out and put in again, so that nothing
else is looked at. It needs a mechanism that reads nothing but sums over donors, one project at a time. `Whole`
computes everything again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qf.allocate import Totals, allocate, base_units_per_round_unit
from qf.contributions import Contributions
from qf.errors import NoMatchError
from qf.estimate.book import Book, Giver
from qf.estimate.division import Division, Share, Values
from qf.estimate.stored import Pair, entry_of
from qf.inputs import Inputs
from qf.kernels.aggregate import INT64_LIMIT, Entries
from qf.kernels.tally import Tally
from qf.ledger import integers
from qf.mechanisms import Axiom, IdealMatch, mechanism_of
from qf.round import Round

Given = Mapping[str, Pair]
"""Project -> what an identity gave it; only what counts."""

Sum = tuple[int, int]
"""What counts of all that a project was given: round units, and how many identities gave it."""


class Engine(Protocol):
    """Answers what projects get, now and after a change."""

    def shares(self, giver: Giver, before: Given, after: Given, projects: Sequence[str]) -> list[Share]:
        """Return what `projects` get if `giver` gave `after` instead of `before` (the projects that change)."""

    def commit(self, giver: Giver, before: Given, after: Given) -> None:
        """Let `giver` have given `after` instead of `before` from now on."""

    def given(self) -> dict[str, Sum]:
        """Return what every project was given."""


def has_closed_form(round: Round) -> bool:
    """Return whether the ideal match of a project under `round` needs nothing but its own sums over donors."""
    mechanism, terms = mechanism_of(round)
    return mechanism.additive(terms) and mechanism.axioms.get(Axiom.INDEPENDENT) is True


def book_of(round: Round, inputs: Inputs) -> Book:
    """Return the donations in `inputs`, in the order that the mechanism of `round` needs."""
    takes_against = mechanism_of(round)[0].takes_against
    return Book(round, inputs, takes_against=takes_against, needs_order=not has_closed_form(round))


def engine_of(round: Round, book: Book, *, always_exact: bool = False) -> Engine:
    """Return the fastest engine for `round`; `always_exact`: even where a range would take less time."""
    return Sums(round, book, always_exact=always_exact) if has_closed_form(round) else Whole(round, book)


class Sums:
    """Sums over donors per project, kept up to date: a change costs what the changed projects cost."""

    def __init__(self, round: Round, book: Book, *, always_exact: bool) -> None:
        """Add up the donations in `book`."""
        self._mechanism, self._terms = mechanism_of(round)
        self._book = book
        contributions = book.contributions()
        self._tally = self._sums(contributions)
        self._blank = replace(contributions, identities=(), weight=None)
        self._place = {name: place for place, name in enumerate(contributions.projects)}
        rate = base_units_per_round_unit(round, book.inputs.prices) or Fraction(1)
        self._division = Division(
            round,
            rate,
            book.inputs.prices,
            contributions.projects,
            self._ideal(self._tally),
            always_exact=always_exact,
        )

    def shares(self, giver: Giver, before: Given, after: Given, projects: Sequence[str]) -> list[Share]:
        """Return what `projects` get if `giver` gave `after` instead of `before`."""
        changes = self._division_changes(self._changed(giver, before, after))
        return self._division.shares([self._place[name] for name in projects], changes)

    def commit(self, giver: Giver, before: Given, after: Given) -> None:
        """Let `giver` have given `after` instead of `before` from now on."""
        changed = self._changed(giver, before, after)
        self._division.commit(self._division_changes(changed))
        for place, sums in changed.items():
            for column, total in zip(self._tally, sums, strict=True):
                column[place] = total

    def given(self) -> dict[str, Sum]:
        """Return what every project was given."""
        sums = zip(self._tally.contributed, self._tally.donors, strict=True)
        return dict(zip(self._place, sums, strict=True))

    def _changed(self, giver: Giver, before: Given, after: Given) -> dict[int, tuple[int, ...]]:
        """Return the sums of the projects that change: sums - row before + row after."""
        names = sorted({*before, *after})
        if not names:
            return {}
        old, new = (list(zip(*self._row(giver, names, given), strict=True)) for given in (before, after))
        places = [self._place[name] for name in names]
        return {
            place: tuple(column[place] - a + b for column, a, b in zip(self._tally, less, more, strict=True))
            for place, less, more in zip(places, old, new, strict=True)
        }

    def _row(self, giver: Giver, names: Sequence[str], given: Given) -> Tally:
        """Return the sums of a round in which only `giver` gave, and only to `names`."""
        if not given:
            return Tally(*([0] * len(names) for _ in Tally._fields))
        amounts = [(place, given[name].amount) for place, name in enumerate(names) if name in given]
        against = [(place, given[name].against) for place, name in enumerate(names) if name in given]
        alone = replace(
            self._blank,
            entries=_row_entries(amounts),
            against=None if self._blank.against is None else _row_entries(against),
            identities=(giver.identity,),
            projects=tuple(names),
            weight=_weight_array(giver, self._book),
        )
        return self._sums(alone)

    def _division_changes(self, changed: Mapping[int, tuple[int, ...]]) -> dict[int, Values]:
        if not changed:
            return {}
        columns = Tally(*(list(column) for column in zip(*changed.values(), strict=True)))
        return dict(zip(changed, self._division.values(self._ideal(columns)), strict=True))

    def _sums(self, contributions: Contributions) -> Tally:
        assert self._mechanism.sums is not None
        return self._mechanism.sums(contributions, self._terms)

    def _ideal(self, tally: Tally) -> IdealMatch:
        assert self._mechanism.ideal_of_sums is not None
        return self._mechanism.ideal_of_sums(tally, self._terms)


class Whole:
    """The contributions themselves: every question computes the mechanism on all of them again."""

    def __init__(self, round: Round, book: Book) -> None:
        """Keep the donations in `book`."""
        self._round, self._book = round, book
        self._mechanism, self._terms = mechanism_of(round)
        self.contributions = book.contributions()
        self._now: dict[str, Share] | None = None

    def shares(self, giver: Giver, before: Given, after: Given, projects: Sequence[str]) -> list[Share]:
        """Return what `projects` get if `giver` gave `after` instead of `before`."""
        if before == after:
            self._now = self._now or self._shares(self.contributions)
            return [self._now[name] for name in projects]
        changed = self._shares(self._changed(giver, before, after))
        return [changed[name] for name in projects]

    def commit(self, giver: Giver, before: Given, after: Given) -> None:
        """Let `giver` have given `after` instead of `before` from now on."""
        self.contributions, self._now = self._changed(giver, before, after), None

    def given(self) -> dict[str, Sum]:
        """Return what every project was given."""
        entries, names = self.contributions.entries, self.contributions.projects
        amounts: list[list[int]] = [[] for _ in names]
        for place, amount in zip(entries.project.tolist(), entries.amount.tolist(), strict=True):
            amounts[place].append(amount)
        return {name: (sum(given), len(given)) for name, given in zip(names, amounts, strict=True)}

    def _shares(self, contributions: Contributions) -> dict[str, Share]:
        names, nothing = contributions.projects, [0] * len(contributions.projects)
        totals = Totals(names, nothing, nothing, {}, 0, 0)
        try:
            ideal = self._mechanism.ideal(contributions, self._terms)
            result = allocate(self._round, ideal, self._book.inputs.prices, totals)
        except NoMatchError as error:
            return {name: Share(Fraction(0), note=str(error)) for name in names}
        return {project.project: Share(project.capped_match) for project in result.projects}

    def _changed(self, giver: Giver, before: Given, after: Given) -> Contributions:
        contributions = with_identity(self.contributions, giver)
        code = bisect_left(contributions.identities, giver.identity)
        place = {name: number for number, name in enumerate(contributions.projects)}
        entries, against = contributions.entries, contributions.against
        for name in sorted({*before, *after}):
            pair = after.get(name)
            entries = with_entry(entries, code, place[name], pair.amount if pair else 0)
            if against is not None:
                against = with_entry(against, code, place[name], pair.against if pair else 0)
        return replace(contributions, entries=entries, against=against)


def with_identity(contributions: Contributions, giver: Giver) -> Contributions:
    """Return `contributions` with a row for `giver`, in name order."""
    names = contributions.identities
    code = bisect_left(names, giver.identity)
    if code < len(names) and names[code] == giver.identity:
        return contributions
    weight = contributions.weight
    return replace(
        contributions,
        entries=_with_row(contributions.entries, code),
        against=None if contributions.against is None else _with_row(contributions.against, code),
        identities=(*names[:code], giver.identity, *names[code:]),
        weight=None if weight is None or giver.weight is None else np.insert(weight, code, giver.weight),
    )


def with_entry(entries: Entries, code: int, place: int, amount: int) -> Entries:
    """Return `entries` in which the identity in row `code` gave the project at `place` this; 0 takes the entry out.

    >>> gifts = Entries(np.array([0, 1]), np.array([0], dtype=np.int32), np.array([5]))
    >>> with_entry(gifts, 0, 1, 7).amount.tolist(), with_entry(gifts, 0, 0, 0).amount.tolist()
    ([5, 7], [])
    """
    low, high = int(entries.start[code]), int(entries.start[code + 1])
    index = low + int(np.searchsorted(entries.project[low:high], place))
    found = entry_of(entries, code, place) >= 0
    amounts, projects = entries.amount, entries.project
    if found:
        amounts, projects = np.delete(amounts, index), np.delete(projects, index)
    if amount:
        wide = amounts if amount < INT64_LIMIT else amounts.astype(object)
        amounts, projects = np.insert(wide, index, amount), np.insert(projects, index, place)
    start = entries.start.copy()
    start[code + 1 :] += int(amount > 0) - int(found)
    return Entries(start, projects, amounts)


def _with_row(entries: Entries, code: int) -> Entries:
    return entries._replace(start=np.insert(entries.start, code, entries.start[code]))


def _row_entries(amounts: Iterable[tuple[int, int]]) -> Entries:
    """Return the entries of a single identity that gave these amounts to these places, 0 left out."""
    given = [(place, amount) for place, amount in amounts if amount]
    projects = np.array([place for place, _ in given], dtype=np.int32)
    return Entries(np.array([0, len(given)]), projects, integers([amount for _, amount in given]))


def _weight_array(giver: Giver, book: Book) -> NDArray[np.int64] | None:
    return None if book.unweighted or giver.weight is None else np.array([giver.weight], dtype=np.int64)
