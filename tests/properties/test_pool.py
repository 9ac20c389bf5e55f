"""What holds for every division of a pool: stage 9 against its naive twin, and the promises it makes."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import floor
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qf.caps import clip, iterate, one_pass, redistribute
from qf.errors import NoMatchError
from qf.payouts import to_base_units
from qf.pool import divide
from qf.round import CapPolicy, Pool, PoolPolicy, Rounding
from qf.units import Amounts, BaseUnits
from tests.reference.twin_pool import Row, TwinUndefined, twin_divide

sizes = st.one_of(st.integers(0, 12), st.integers(0, 1000), st.integers(0, 10**27))
"""Small numbers, so that equal amounts, exact caps and zeros are common; and wei."""

denominators = st.one_of(st.integers(1, 6), st.integers(1, 10**9))


@st.composite
def matches(draw: st.DrawFn, max_size: int = 7) -> tuple[Amounts, Amounts]:
    """Ideal matches and direct contributions of the same projects."""
    pairs = draw(st.lists(st.tuples(sizes, sizes), max_size=max_size))
    ideal = Amounts(tuple(first for first, _ in pairs), draw(denominators))
    return ideal, Amounts(tuple(second for _, second in pairs), draw(denominators))


@st.composite
def pools(draw: st.DrawFn, policies: tuple[PoolPolicy, ...] = tuple(PoolPolicy)) -> Pool:
    """Rules of every kind: policy, cap policy, no cap, a fraction or an amount."""
    amount = draw(sizes)
    fraction, most = Fraction(draw(st.integers(1, 99)), 100), draw(sizes)
    ways: tuple[dict[str, Any], ...] = ({}, {"match_cap_fraction": fraction}, {"match_cap_amount": most})
    return Pool(
        BaseUnits(amount),
        policy=draw(st.sampled_from(policies)),
        cap=draw(st.sampled_from(CapPolicy)),
        **draw(st.sampled_from(ways)),
    )


WITHOUT_ALPHA = (PoolPolicy.FILL, PoolPolicy.LEAVE, PoolPolicy.LOG_BOOST)

capped_cases = st.tuples(
    st.builds(Amounts, st.lists(sizes, max_size=7).map(tuple), denominators), st.one_of(sizes, st.integers(0, 10))
)
"""Scaled amounts and a cap."""


def swap(amounts: Amounts, order: list[int]) -> Amounts:
    """Return the amounts in another order."""
    return Amounts(tuple(amounts.numerators[p] for p in order), amounts.denominator)


@given(matches(), pools())
def test_a_division_equals_the_naive_twin(case: tuple[Amounts, Amounts], pool: Pool) -> None:
    ideal, direct = case
    try:
        expected: tuple[Row, Row, bool] | None = twin_divide(list(ideal.fractions()), list(direct.fractions()), pool)
    except TwinUndefined:
        expected = None
    if expected is None:
        with pytest.raises(NoMatchError):
            divide(ideal, direct, pool)
    else:
        division = divide(ideal, direct, pool)
        got = list(division.scaled.fractions()), list(division.capped.fractions()), division.saturated
        assert got == expected


@given(matches(), pools())
def test_never_more_than_the_pool_and_never_above_the_cap(case: tuple[Amounts, Amounts], pool: Pool) -> None:
    try:
        division = divide(*case, pool)
    except NoMatchError:
        return
    assert division.capped.total <= division.scaled.total <= pool.amount
    if pool.cap in {CapPolicy.CLIP, CapPolicy.REDISTRIBUTE, CapPolicy.ITERATIVE}:
        assert all(x <= pool.match_cap for x in division.capped.fractions())
    ids = [str(p) for p in range(len(division.capped))]
    payouts = to_base_units(division.capped, Rounding.LARGEST_REMAINDER, ids)
    assert sum(payouts) <= pool.amount
    if pool.cap in {CapPolicy.CLIP, CapPolicy.REDISTRIBUTE, CapPolicy.ITERATIVE}:
        assert all(payout <= pool.match_cap for payout in payouts)


@given(matches(), pools(), st.randoms(use_true_random=False))
def test_the_order_of_projects_changes_nothing(case: tuple[Amounts, Amounts], pool: Pool, random: Random) -> None:
    ideal, direct = case
    order = list(range(len(ideal)))
    random.shuffle(order)
    try:
        division = divide(ideal, direct, pool)
    except NoMatchError:
        return
    other = divide(swap(ideal, order), swap(direct, order), pool)
    assert other.scaled.fractions() == swap(division.scaled, order).fractions()
    assert other.capped.fractions() == swap(division.capped, order).fractions()
    assert other.saturated == division.saturated


@given(matches(), pools(), st.integers(1, 10**12), st.integers(1, 10**12))
def test_how_a_fraction_is_written_changes_nothing(
    case: tuple[Amounts, Amounts], pool: Pool, first: int, second: int
) -> None:
    ideal, direct = case
    try:
        division = divide(ideal, direct, pool)
    except NoMatchError:
        return
    same_ideal = Amounts(tuple(n * first for n in ideal.numerators), ideal.denominator * first)
    same_direct = Amounts(tuple(n * second for n in direct.numerators), direct.denominator * second)
    other = divide(same_ideal, same_direct, pool)
    assert other.capped.fractions() == division.capped.fractions()


@given(matches(), pools((PoolPolicy.FILL,)), st.fractions(Fraction(1, 1000), 1000))
def test_fill_uses_the_whole_pool_and_only_proportions_matter(
    case: tuple[Amounts, Amounts], pool: Pool, factor: Fraction
) -> None:
    ideal, direct = case
    assume(ideal.total and pool.cap is not CapPolicy.CLIP_IDEAL)
    division = divide(ideal, direct, pool)
    assert division.scaled.total == pool.amount
    assert divide(ideal.times(factor), direct, pool).capped.fractions() == division.capped.fractions()


@given(matches(), pools(WITHOUT_ALPHA))
def test_a_larger_ideal_match_never_gets_less_and_equal_ones_get_the_same(
    case: tuple[Amounts, Amounts], pool: Pool
) -> None:
    ideal, direct = case
    by_size = sorted(zip(ideal.fractions(), divide(ideal, direct, pool).capped.fractions(), strict=True))
    for (low, low_match), (high, high_match) in pairwise(by_size):
        assert low_match <= high_match
        assert low != high or low_match == high_match


@given(matches(), pools(WITHOUT_ALPHA), st.integers(0, 6))
def test_who_is_not_matched_gets_nothing(case: tuple[Amounts, Amounts], pool: Pool, where: int) -> None:
    ideal, direct = case
    empty = Amounts(tuple(0 if p == where else n for p, n in enumerate(ideal.numerators)), ideal.denominator)
    capped = divide(empty, direct, pool).capped
    assert all(n == 0 for n, asked in zip(capped.numerators, empty.numerators, strict=True) if asked == 0)


@given(capped_cases)
def test_water_filling_pins_at_the_cap_and_multiplies_all_others_by_one_factor(case: tuple[Amounts, int]) -> None:
    """y = min(cap, f x) with one f >= 1 for all: those below the cap keep their proportions."""
    before, cap = case
    after = redistribute(before, cap).fractions()
    rows = [(x, y) for x, y in zip(before.fractions(), after, strict=True) if x > 0]
    factors = {y / x for x, y in rows if y < cap}
    assert len(factors) <= 1
    assert all(y == cap for _, y in rows if y >= cap)
    for factor in factors:
        assert factor >= 1
        assert all(y == min(Fraction(cap), factor * x) for x, y in rows)


@given(capped_cases)
def test_water_filling_keeps_the_total_unless_everybody_is_at_the_cap(case: tuple[Amounts, int]) -> None:
    before, cap = case
    after = redistribute(before, cap)
    matched = sum(n > 0 for n in before.numerators)
    assert after.total == min(before.total, Fraction(cap) * matched)


@given(capped_cases)
def test_one_pass_gives_between_clip_and_redistribute(case: tuple[Amounts, int]) -> None:
    before, cap = case
    after = one_pass(before, cap)
    assert clip(before, cap).total <= after.total <= redistribute(before, cap).total
    assert all(x <= cap for x in after.fractions())


@given(capped_cases)
def test_capping_twice_changes_nothing(case: tuple[Amounts, int]) -> None:
    before, cap = case
    for policy in (clip, redistribute, iterate):
        once = policy(before, cap)
        assert policy(once, cap).fractions() == once.fractions()


@given(capped_cases)
def test_the_loop_on_integers_stays_below_water_filling_in_total(case: tuple[Amounts, int]) -> None:
    """Floors only ever lose money; and nobody below the cap ends with less than the floor of what it had."""
    before, cap = case
    after = iterate(before, cap)
    assert after.denominator == 1
    assert after.total <= redistribute(before, cap).total
    assert all(y >= min(floor(x), cap) for x, y in zip(before.fractions(), after.numerators, strict=True))
