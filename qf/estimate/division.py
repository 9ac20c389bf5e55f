"""Stage 9 for a few projects only: pool and caps in the time that one project takes, however many there are.

A pool policy looks at the other projects only through their sum, so one project and "all the others" are divided in
place of all. A cap that hands the excess to others also needs to know which projects are above it. Those are the
largest, at most pool / cap of them: they are the end of a sorted list.

With x an ideal match, T the sum of all, f the factor of the pool policy (scaled = f x), C the cap, and k pinned
projects with the sum P, redistribution pins every x with

    x (T - k C / f) > (C / f) (T - P)        and the others are multiplied by (T - k C / f) / (T - P)

Pinning raises that factor until nothing is above the cap any more: a few steps, each a search in the sorted list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from qf.allocate import Totals, allocate
from qf.caps import has_cap
from qf.errors import InvariantError, NoMatchError
from qf.mechanisms import IdealMatch
from qf.pool import divide
from qf.prices import PriceSnapshot
from qf.round import CapPolicy, PoolPolicy, Round
from qf.units import Amounts

SHIFTING = frozenset({CapPolicy.REDISTRIBUTE, CapPolicy.ONE_PASS, CapPolicy.ITERATIVE})
"""The caps that hand the excess of one project to others."""

EXACT_PROJECTS = 80
"""Up to so many projects the integer loop of `iterative` is run in full, in a millisecond; beyond, it is bounded."""

Values = tuple[int, int]
"""Ideal match and direct contributions of a project, over the denominators of a `Division`."""


class Share(NamedTuple):
    """What a project gets after the cap, in base units; it may be off by `slack`. `note`: why it is undefined."""

    amount: Fraction
    slack: Fraction = Fraction(0)
    note: str = ""


class Division:
    """The ideal matches of all projects, ready to be divided again after a few of them change."""

    def __init__(
        self,
        round: Round,
        rate: Fraction,
        prices: PriceSnapshot,
        projects: Sequence[str],
        ideal: IdealMatch,
        *,
        always_exact: bool = False,
    ) -> None:
        """Keep the ideal matches, in round units, with the `rate` of base units per round unit.

        `always_exact`: run the integer loop of `iterative` in full for any number of projects.
        """
        self._runs_loop = always_exact or len(projects) <= EXACT_PROJECTS
        self._round, self._rate, self._prices, self._projects = round, rate, prices, tuple(projects)
        asked, direct = ideal.amounts.times(rate), ideal.direct.times(rate)
        self._ideal, self._unit = list(asked.numerators), asked.denominator
        self._direct, self._direct_unit = list(direct.numerators), direct.denominator
        pool = round.pool
        self._uncapped = replace(pool, match_cap_fraction=Fraction(1), match_cap_amount=None)
        self._capped = has_cap(pool)
        self._ceiling = pool.match_cap * self._unit if self._capped and pool.cap is CapPolicy.CLIP_IDEAL else None
        self._total = sum(map(self._asked, self._ideal))
        self._given = sum(self._direct)
        self._ranked = sorted(self._ideal)
        self._all: Sequence[Share] | None = None

    def values(self, ideal: IdealMatch) -> list[Values]:
        """Return `ideal`, in round units, of a few projects over the denominators kept here."""
        asked = self._over(ideal.amounts, self._unit)
        direct = self._over(ideal.direct, self._direct_unit)
        return list(zip(asked, direct, strict=True))

    def shares(self, places: Iterable[int], changes: Mapping[int, Values]) -> list[Share]:
        """Return what the projects at `places` get after `changes`."""
        try:
            if self._needs_all():
                everybody = self._shares_of_all(changes)
                return [everybody[place] for place in places]
            return self._closed_form(places, changes)
        except NoMatchError as error:
            return [Share(Fraction(0), note=str(error)) for _ in places]

    def commit(self, changes: Mapping[int, Values]) -> None:
        """Make `changes` part of what is kept."""
        self._total, self._given, self._ranked = self._sums(changes)
        for place, (ideal, direct) in changes.items():
            self._ideal[place], self._direct[place] = ideal, direct
        self._all = None if changes else self._all

    def _asked(self, ideal: int) -> int:
        return ideal if self._ceiling is None else min(ideal, self._ceiling)

    def _over(self, amounts: Amounts, unit: int) -> list[int]:
        """Return round units as base units over `unit`: one mechanism has one denominator for all its answers."""
        factor = self._rate * unit / amounts.denominator
        if factor.denominator != 1:
            raise InvariantError(f"ideal matches over {amounts.denominator} do not go into base units over {unit}")
        return [numerator * factor.numerator for numerator in amounts.numerators]

    def _sums(self, changes: Mapping[int, Values]) -> tuple[int, int, list[int]]:
        total, given, ranked = self._total, self._given, self._ranked.copy() if changes else self._ranked
        for place, (ideal, direct) in changes.items():
            total += self._asked(ideal) - self._asked(self._ideal[place])
            given += direct - self._direct[place]
            del ranked[bisect_left(ranked, self._ideal[place])]
            insort(ranked, ideal)
        return total, given, ranked

    def _needs_all(self) -> bool:
        """Return whether the rules leave no other way than to divide among all projects."""
        pool = self._round.pool
        if pool.min_payout:
            return True
        if not self._capped or pool.cap not in SHIFTING:
            return False
        return pool.policy is PoolPolicy.ALPHA or (pool.cap is CapPolicy.ITERATIVE and self._runs_loop)

    def _shares_of_all(self, changes: Mapping[int, Values]) -> Sequence[Share]:
        if not changes and self._all is not None:
            return self._all
        ideal, direct = self._ideal.copy(), self._direct.copy()
        for place, values in changes.items():
            ideal[place], direct[place] = values
        asked = Amounts(tuple(ideal), self._unit).times(1 / self._rate)
        given = Amounts(tuple(direct), self._direct_unit).times(1 / self._rate)
        nothing = [0] * len(ideal)
        totals = Totals(self._projects, nothing, nothing, {}, 0, 0)
        result = allocate(self._round, IdealMatch(asked, given), self._prices, totals)
        shares = [Share(project.capped_match) for project in result.projects]
        self._all = self._all if changes else shares
        return shares

    def _closed_form(self, places: Iterable[int], changes: Mapping[int, Values]) -> list[Share]:
        total, given, ranked = self._sums(changes)
        shares = []
        for place in places:
            ideal, direct = changes.get(place, (self._ideal[place], self._direct[place]))
            asked = self._asked(ideal)
            pair = Amounts((asked, total - asked), self._unit)
            gifts = Amounts((direct, given - direct), self._direct_unit)
            scaled = divide(pair, gifts, self._uncapped).scaled.fractions()[0]
            shares.append(self._cap(scaled, asked, total, ranked))
        return shares

    def _cap(self, scaled: Fraction, ideal: int, total: int, ranked: Sequence[int]) -> Share:
        pool = self._round.pool
        cap = pool.match_cap
        if not self._capped or scaled == 0 or pool.cap is CapPolicy.CLIP_IDEAL:
            return Share(scaled)
        if pool.cap is CapPolicy.CLIP:
            return Share(min(scaled, Fraction(cap)))
        level = cap * ideal / scaled
        if pool.cap is CapPolicy.REDISTRIBUTE:
            smallest, factor, _ = water(ranked, total, level)
            return Share(Fraction(cap) if 0 < smallest <= ideal else scaled * factor)
        if pool.cap is CapPolicy.ONE_PASS:
            return Share(min(Fraction(cap), scaled * handed_out(ranked, total, level)))
        if floor(ranked[-1] * scaled / ideal) <= cap:
            return Share(Fraction(floor(scaled)))
        return _bounded(scaled, ideal, total, ranked, cap)


def water(ranked: Sequence[int], total: int, level: Fraction) -> tuple[int, Fraction, int]:
    """Return the smallest pinned amount (0: none), the factor of all that are not pinned, and how many are pinned.

    >>> water([10, 30, 60], 100, Fraction(40))
    (30, Fraction(2, 1), 2)

    Args:
        ranked: amounts >= 0, ascending.
        total: their sum.
        level: the cap in the same unit.
    """
    others, left, first = total, total * level.denominator, len(ranked)
    while others > 0 and left > 0:
        above = bisect_right(ranked, level.numerator * others // left, 0, first)
        if above == first:
            break
        others -= sum(ranked[above:first])
        left -= (first - above) * level.numerator
        first = above
    factor = Fraction(left, others * level.denominator) if others else Fraction(1)
    return ranked[first] if first < len(ranked) else 0, factor, len(ranked) - first


def handed_out(ranked: Sequence[int], total: int, level: Fraction) -> Fraction:
    """Return 1 + over / under: what those below `level` are multiplied by when the excess is handed out once.

    >>> handed_out([10, 30, 60], 100, Fraction(40))
    Fraction(3, 2)
    """
    first = bisect_left(ranked, ceil(level))
    capped = sum(ranked[first:])
    over, under = capped - (len(ranked) - first) * level, total - capped
    return 1 + over / under if under else Fraction(1)


def _bounded(scaled: Fraction, ideal: int, total: int, ranked: Sequence[int], cap: int) -> Share:
    """Return redistribution in place of the integer loop of `iterative`, and how far the floors can lead away from it.

    The loop runs at most once more than projects are pinned, and each run floors every amount. A unit that is lost
    grows as its project does, by amount / scaled. The sum u of those not pinned, n of them at most, loses less than n
    a run, so that their factor is off by less than n runs / (u - n runs) of itself.
    """
    level = cap * ideal / scaled
    smallest, factor, pinned = water(ranked, total, level)
    amount = Fraction(cap) if 0 < smallest <= ideal else scaled * factor
    runs = pinned + 2
    lost = len(ranked) * runs
    spare = (total - pinned * level) * scaled / ideal / factor - lost if factor > 0 else Fraction(0)
    widest = max(amount, cap - amount)
    slack = min(widest, amount / scaled * runs + amount * lost / spare) if spare > 0 else widest
    return Share(Fraction(floor(amount)), slack + 1)
