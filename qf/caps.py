"""Stage 9, second half: what happens to a match above the cap. Exact integers, no order, no float.

An amount is n / d base units (`Amounts`). The cap C is a whole number of base units, so it is compared as C d with
n, and nothing is ever divided before the end.

    clip          min(x, C)                                               the excess stays unspent
    redistribute  C if pinned, else x * factor                            the same factor for all that are not pinned
    iterative     floor, clip, hand out floor(m * over / under), repeat   Grants Stack's loop
    one_pass      min(C, x * (1 + over / under)) below C, else C          what is above C again is unspent
    clip_ideal    x                                                       cut before the pool, see `qf.pool`

    over = sum of (x - C) over x > C;  under = sum of x over x < C, those exactly at the cap left out.

No policy raises the total, and all but `clip_ideal` leave nobody above C. In a round that is not
saturated the excess lifts the others above their ideal match, as in Grants Stack; `clip` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qf.errors import InvariantError
from qf.round import CapPolicy, Pool
from qf.units import Amounts


def has_cap(pool: Pool) -> bool:
    """Return whether `pool` limits what one project may get: by an amount, or by a fraction below 1.

    >>> from qf.units import BaseUnits
    >>> has_cap(Pool(BaseUnits(100))), has_cap(Pool(BaseUnits(100), match_cap_amount=BaseUnits(100)))
    (False, True)
    """
    return pool.match_cap_amount is not None or pool.match_cap_fraction != 1


def apply_cap(scaled: Amounts, pool: Pool) -> Amounts:
    """Return `scaled` with the cap of `pool` applied after scaling; unchanged when the pool has no cap.

    Args:
        scaled: one amount per project, base units.
        pool: its `cap` and `match_cap` are used.

    Raises:
        InvariantError: a cap policy broke its promise.

    >>> from qf.units import BaseUnits
    >>> pool = Pool(BaseUnits(100), cap=CapPolicy.CLIP, match_cap_amount=BaseUnits(50))
    >>> apply_cap(Amounts((80, 20)), pool)
    Amounts(numerators=(50, 20), denominator=1)
    """
    if not has_cap(pool):
        return scaled
    capped = _AFTER_SCALING[pool.cap](scaled, pool.match_cap)
    _check(scaled, capped, pool)
    return capped


def clip(amounts: Amounts, cap: int) -> Amounts:
    """Return min(x, cap) for each amount x; the excess is given to nobody (Octant).

    >>> clip(Amounts((9, 4), 2), 3)
    Amounts(numerators=(6, 4), denominator=2)
    """
    ceiling = cap * amounts.denominator
    return Amounts(tuple(min(numerator, ceiling) for numerator in amounts.numerators), amounts.denominator)


def redistribute(amounts: Amounts, cap: int) -> Amounts:
    """Return the water-filling of `amounts` under `cap`: the largest pinned to it, all others times one factor.

    With k projects pinned, factor = (total - k cap) / (sum of the others). The largest amount that is not pinned yet
    is pinned as long as that factor would lift it above the cap; sorted, this takes one pass, and equal amounts are
    always pinned together. The total is kept, unless every project with a positive amount is pinned: the rest is
    then unspent. Amounts that are within the cap already come back as they are.

    >>> redistribute(Amounts((60, 30, 10)), 40).fractions()
    (Fraction(40, 1), Fraction(40, 1), Fraction(20, 1))

    Source: Giveth `projectViewsService.ts`, Optimism `cap_and_normalise`.
    """
    ceiling = cap * amounts.denominator
    others = left = sum(amounts.numerators)
    smallest_pinned = 0
    for numerator in sorted(amounts.numerators, reverse=True):
        if numerator * left <= ceiling * others:
            break
        others -= numerator
        left -= ceiling
        smallest_pinned = numerator
    if not smallest_pinned:
        return amounts
    scale = others or 1
    pinned = ceiling * scale
    numerators = tuple(pinned if n >= smallest_pinned else n * left for n in amounts.numerators)
    return Amounts(numerators, amounts.denominator * scale)


def iterate(amounts: Amounts, cap: int) -> Amounts:
    """Return whole amounts after Grants Stack's loop, which starts by cutting every amount to an integer.

    Repeat: clip; stop if over = 0 or under = 0; each m below the cap grows by floor(m * over / under). Every round
    but the last pins a project for good, so it ends. What the floors cut off is unspent.

    >>> iterate(Amounts((13_600_000, 21_600_000, 64_800_000)), 50_000_000).numerators
    (19318181, 30681818, 50000000)

    Source: pluralistic.js 322323c7, src/linear.ts.
    """
    matches = [numerator // amounts.denominator for numerator in amounts.numerators]
    below = list(range(len(matches)))
    while True:
        over = sum(matches[p] - cap for p in below if matches[p] > cap)
        for p in below:
            matches[p] = min(matches[p], cap)
        below = [p for p in below if matches[p] < cap]
        under = sum(matches[p] for p in below)
        if not over or not under:
            return Amounts(tuple(matches))
        for p in below:
            matches[p] += matches[p] * over // under


def one_pass(amounts: Amounts, cap: int) -> Amounts:
    """Return `amounts` clipped, the excess handed out once, in proportion, to those below the cap, and clipped again.

    x < cap becomes min(cap, x * (1 + over / under)). What is above the cap after the hand-out is unspent.

    >>> one_pass(Amounts((60, 30, 10)), 40).fractions()
    (Fraction(40, 1), Fraction(40, 1), Fraction(15, 1))
    """
    ceiling = cap * amounts.denominator
    over = sum(numerator - ceiling for numerator in amounts.numerators if numerator > ceiling)
    under = sum(numerator for numerator in amounts.numerators if numerator < ceiling)
    if not over or not under:
        return clip(amounts, cap)
    pinned = ceiling * under
    numerators = tuple(min(pinned, n * (under + over)) if n < ceiling else pinned for n in amounts.numerators)
    return Amounts(numerators, amounts.denominator * under)


def _as_it_is(amounts: Amounts, _cap: int) -> Amounts:
    """Return `amounts`: `clip_ideal` has cut them before they were scaled."""
    return amounts


_AFTER_SCALING: Mapping[CapPolicy, Callable[[Amounts, int], Amounts]] = {
    CapPolicy.CLIP: clip,
    CapPolicy.REDISTRIBUTE: redistribute,
    CapPolicy.ITERATIVE: iterate,
    CapPolicy.ONE_PASS: one_pass,
    CapPolicy.CLIP_IDEAL: _as_it_is,
}
"""What each policy does to amounts that are scaled already."""

_NEVER_ABOVE = frozenset(CapPolicy) - {CapPolicy.CLIP_IDEAL}
"""The policies that leave nobody above the cap; `clip_ideal` cuts before the pool is shared out."""


def _check(scaled: Amounts, capped: Amounts, pool: Pool) -> None:
    """Raise unless the cap raised no total, held where it must hold, and `redistribute` kept what it could."""
    ceiling = pool.match_cap * capped.denominator
    if capped.total > scaled.total:
        raise InvariantError(f"the cap {pool.cap} raised the sum from {scaled.total} to {capped.total}")
    if pool.cap in _NEVER_ABOVE and any(numerator > ceiling for numerator in capped.numerators):
        raise InvariantError(f"the cap {pool.cap} left {max(capped.fractions())} above {pool.match_cap} base units")
    room_left = any(0 < numerator < ceiling for numerator in capped.numerators)
    if pool.cap is CapPolicy.REDISTRIBUTE and room_left and capped.total != scaled.total:
        raise InvariantError(f"redistribution lost {scaled.total - capped.total} base units")
