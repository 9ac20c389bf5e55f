"""Stage 10: whole base units that add up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from qf import payouts
from qf.errors import InvariantError
from qf.payouts import _check, below_minimum, to_base_units
from qf.round import Rounding
from qf.units import Amounts

LARGEST = Rounding.LARGEST_REMAINDER


def test_the_missing_unit_goes_to_the_largest_remainder() -> None:
    amounts = Amounts.of([Fraction("13.6"), Fraction("21.7"), Fraction("64.7")])
    assert to_base_units(amounts, LARGEST, ["a", "b", "c"]) == (13, 22, 65)


def test_a_remainder_of_a_half_is_no_rounding_by_itself() -> None:
    amounts = Amounts.of([Fraction("0.5"), Fraction("2.5"), Fraction(3)])
    assert to_base_units(amounts, LARGEST, ["b", "a", "c"]) == (0, 3, 3)


def test_equal_remainders_go_by_project_id_not_by_position() -> None:
    thirds = Amounts((5, 2, 2), 3)
    assert to_base_units(thirds, LARGEST, ["z", "y", "x"]) == (1, 1, 1)
    assert to_base_units(Amounts((2, 2, 2), 3), LARGEST, ["z", "y", "x"]) == (0, 1, 1)


def test_project_ids_are_compared_by_code_point() -> None:
    """No locale, no case folding, no numbers read in text: Z < a < あ, and p10 < p9."""
    assert to_base_units(Amounts((1, 1), 2), LARGEST, ["a", "Z"]) == (0, 1)
    assert to_base_units(Amounts((1, 1), 2), LARGEST, ["あ", "a"]) == (0, 1)
    assert to_base_units(Amounts((1, 1), 2), LARGEST, ["p9", "p10"]) == (0, 1)


def test_the_size_of_an_amount_does_not_count_only_its_remainder() -> None:
    amounts = Amounts.of([Fraction("1000.1"), Fraction("0.9")])
    assert to_base_units(amounts, LARGEST, ["a", "b"]) == (1000, 1)


def test_what_does_not_fill_a_whole_unit_is_not_paid() -> None:
    assert to_base_units(Amounts((1, 1), 3), LARGEST, ["a", "b"]) == (0, 0)
    assert to_base_units(Amounts((2, 3), 3), LARGEST, ["a", "b"]) == (0, 1)


def test_floor_leaves_the_rest_unspent() -> None:
    amounts = Amounts.of([Fraction("13.6"), Fraction("21.6"), Fraction("64.8")])
    assert to_base_units(amounts, Rounding.FLOOR, ["a", "b", "c"]) == (13, 21, 64)


@pytest.mark.parametrize("rounding", list(Rounding))
def test_whole_amounts_stay_as_they_are(rounding: Rounding) -> None:
    assert to_base_units(Amounts((20, 0, 14), 2), rounding, ["a", "b", "c"]) == (10, 0, 7)
    assert to_base_units(Amounts(()), rounding, []) == ()


def test_a_project_on_a_whole_cap_is_not_lifted_above_it() -> None:
    """Three sit on the cap of 10 and two have a remainder: the one missing unit goes to one of the two."""
    amounts = Amounts.of([Fraction(10), Fraction(10), Fraction(10), Fraction("9.5"), Fraction("9.5")])
    assert to_base_units(amounts, LARGEST, ["a", "b", "c", "d", "e"]) == (10, 10, 10, 10, 9)


def test_wei_are_exact_where_a_float_is_not() -> None:
    """Defect: int(float * 10**18) turned 123456.789012345678 into ...345669025792."""
    wei = 123456_789012345678000001
    assert to_base_units(Amounts((wei * 7, 7), 7), LARGEST, ["a", "b"]) == (wei, 1)


@pytest.mark.parametrize("ids", [["a"], ["a", "b", "c"]])
@pytest.mark.parametrize("rounding", list(Rounding))
def test_every_amount_needs_an_id(ids: list[str], rounding: Rounding) -> None:
    with pytest.raises(ValueError) as raised:
        to_base_units(Amounts((1, 1), 2), rounding, ids)
    assert str(raised.value) == f"{len(ids)} project ids for 2 amounts"


def test_below_minimum_names_the_small_and_not_the_empty() -> None:
    assert below_minimum((0, 1, 4, 5, 6, 3), 5) == (1, 2, 5)
    assert below_minimum((0, 1, 4), 0) == ()
    assert below_minimum((0, 1, 4), 1) == ()
    assert below_minimum((), 5) == ()


AWAY = "a payout is a whole base unit or more away from its exact amount"


@pytest.mark.parametrize(
    ("paid", "exact", "rounding", "told"),
    [
        ((3, 1), "1.5 2.5", LARGEST, AWAY),
        ((0, 4), "1.5 2.5", Rounding.FLOOR, AWAY),
        ((1, 3), "2 2.5", LARGEST, AWAY),
        ((3, 2), "2 2.5", LARGEST, AWAY),
        ((1, 2), "1.5 2.5", LARGEST, "payouts add up to 3 base units instead of 4"),
        ((2, 3), "1.5 2.5", LARGEST, "payouts add up to 5 base units instead of 4"),
        ((2, 3), "1.5 2.5", Rounding.FLOOR, "payouts add up to 5 base units instead of 4"),
    ],
)
def test_payouts_that_do_not_add_up_are_a_bug_and_said(
    paid: tuple[int, ...], exact: str, rounding: Rounding, told: str
) -> None:
    with pytest.raises(InvariantError) as raised:
        _check(paid, Amounts.of([Fraction(x) for x in exact.split()]), rounding)
    assert str(raised.value) == told


def test_every_payout_is_checked_against_an_amount() -> None:
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is longer"):
        _check((1,), Amounts((1, 1)), Rounding.FLOOR)


def test_units_that_are_not_handed_out_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "_by_remainder", lambda amounts, ids: [])
    with pytest.raises(InvariantError, match="payouts add up to 0 base units instead of 1"):
        to_base_units(Amounts((1, 1), 2), LARGEST, ["a", "b"])


def test_payouts_that_add_up_pass() -> None:
    exact = Amounts.of([Fraction("1.5"), Fraction("2.5")])
    _check((1, 3), exact, LARGEST)
    _check((2, 2), exact, LARGEST)
    _check((1, 2), exact, Rounding.FLOOR)
    _check((1, 3), exact, Rounding.FLOOR)
