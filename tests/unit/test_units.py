"""Numbers are read exactly or refused."""

from fractions import Fraction

import pytest

from qf.units import Amounts, format_decimal, parse_decimal, to_units


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("007", 7), ("1.50", Fraction(3, 2)), ("1e3", 1000), ("2.5E-1", Fraction(1, 4))]
)
def test_parse_decimal_when_plain_then_exact(text: str, value: Fraction) -> None:
    assert parse_decimal(text) == value


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "nan", "inf", "1,000", "１２", "1_000", ".5", "5.", " 1", "0x10", "1e1000", "1e400 "]
)
def test_parse_decimal_when_anything_else_then_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a plain decimal number"):
        parse_decimal(text)


def test_to_units_when_too_many_places_then_says_how_many_fit() -> None:
    with pytest.raises(ValueError, match=r"12\.345 has more than 2 decimal places"):
        to_units(Fraction("12.345"), 2)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(Fraction(2, 3), 0, "0"), (Fraction(-1, 3), 2, "-0.33"), (Fraction(-1, 1000), 2, "0"), (Fraction(100), 2, "100")],
)
def test_format_decimal_when_cut_then_never_rounded_up(value: Fraction, places: int, text: str) -> None:
    assert format_decimal(value, places) == text


def test_amounts_when_of_fractions_then_same_values_and_total() -> None:
    amounts = Amounts.of([Fraction(1, 6), Fraction(3, 4), 2])
    assert amounts.fractions() == (Fraction(1, 6), Fraction(3, 4), 2)
    assert amounts.total == Fraction(35, 12)
    assert amounts.times(Fraction(2, 5)).fractions() == (Fraction(1, 15), Fraction(3, 10), Fraction(4, 5))


@pytest.mark.parametrize(("numerators", "denominator"), [((-1,), 1), ((1,), 0), ((1,), -2)])
def test_amounts_when_negative_then_refused(numerators: tuple[int, ...], denominator: int) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        Amounts(numerators, denominator)
