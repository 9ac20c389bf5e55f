"""What holds for every list of amounts when it becomes whole base units."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from qf.payouts import below_minimum, to_base_units
from qf.round import Rounding
from qf.units import Amounts
from tests.reference.twin_pool import twin_to_base_units

LARGEST = Rounding.LARGEST_REMAINDER

amounts_of_a_round = st.builds(
    Amounts,
    st.lists(st.one_of(st.integers(0, 30), st.integers(0, 10**30)), max_size=9).map(tuple),
    st.one_of(st.integers(1, 12), st.integers(1, 10**12)),
)
"""A few amounts, with many equal remainders."""


@st.composite
def cases(draw: st.DrawFn) -> tuple[Amounts, list[str]]:
    """Amounts and as many different project ids, in any order."""
    amounts = draw(amounts_of_a_round)
    names = st.text("abAZ019é猫-", max_size=3)
    return amounts, draw(st.lists(names, min_size=len(amounts), max_size=len(amounts), unique=True))


@given(cases(), st.sampled_from(Rounding))
def test_payouts_equal_the_naive_twin(case: tuple[Amounts, list[str]], rounding: Rounding) -> None:
    amounts, ids = case
    assert list(to_base_units(amounts, rounding, ids)) == twin_to_base_units(list(amounts.fractions()), rounding, ids)


@given(cases())
def test_the_sum_is_kept_and_each_is_within_one_unit(case: tuple[Amounts, list[str]]) -> None:
    amounts, ids = case
    payouts = to_base_units(amounts, LARGEST, ids)
    assert sum(payouts) == floor(amounts.total)
    assert all(floor(x) <= payout <= ceil(x) for payout, x in zip(payouts, amounts.fractions(), strict=True))


@given(cases())
def test_whoever_got_the_unit_had_the_larger_remainder(case: tuple[Amounts, list[str]]) -> None:
    amounts, ids = case
    payouts = to_base_units(amounts, LARGEST, ids)
    rests = [
        (floor(x) - x, name, payout > floor(x))
        for x, name, payout in zip(amounts.fractions(), ids, payouts, strict=True)
    ]
    lucky = [(rest, name) for rest, name, got in rests if got]
    others = [(rest, name) for rest, name, got in rests if not got]
    assert not lucky or not others or max(lucky) < min(others)


@given(cases(), st.randoms(use_true_random=False), st.sampled_from(Rounding))
def test_the_order_of_projects_changes_nothing(
    case: tuple[Amounts, list[str]], random: Random, rounding: Rounding
) -> None:
    amounts, ids = case
    order = list(range(len(ids)))
    random.shuffle(order)
    shuffled = Amounts(tuple(amounts.numerators[p] for p in order), amounts.denominator)
    before = to_base_units(amounts, rounding, ids)
    after = to_base_units(shuffled, rounding, [ids[p] for p in order])
    assert after == tuple(before[p] for p in order)


@given(cases(), st.integers(1, 10**9), st.sampled_from(Rounding))
def test_how_a_fraction_is_written_changes_nothing(
    case: tuple[Amounts, list[str]], factor: int, rounding: Rounding
) -> None:
    amounts, ids = case
    same = Amounts(tuple(n * factor for n in amounts.numerators), amounts.denominator * factor)
    assert to_base_units(same, rounding, ids) == to_base_units(amounts, rounding, ids)


@given(cases())
def test_no_project_is_lifted_above_a_whole_cap(case: tuple[Amounts, list[str]]) -> None:
    """The smallest whole cap nobody is above: the ceiling of the largest amount."""
    amounts, ids = case
    cap = ceil(max(amounts.fractions(), default=Fraction(0)))
    assert all(payout <= cap for payout in to_base_units(amounts, LARGEST, ids))


@given(cases())
def test_rounding_twice_changes_nothing(case: tuple[Amounts, list[str]]) -> None:
    amounts, ids = case
    payouts = to_base_units(amounts, LARGEST, ids)
    assert to_base_units(Amounts(payouts), LARGEST, ids) == payouts


@given(st.lists(st.integers(0, 20)), st.integers(0, 20))
def test_below_minimum_splits_the_projects_in_two(payouts: list[int], min_payout: int) -> None:
    small = below_minimum(payouts, min_payout)
    kept = [payout for p, payout in enumerate(payouts) if p not in small]
    assert all(0 < payouts[p] < min_payout for p in small)
    assert all(payout == 0 or payout >= min_payout for payout in kept)
    assert list(small) == sorted(set(small))
