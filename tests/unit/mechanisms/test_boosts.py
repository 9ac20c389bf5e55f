"""Boosts: how their text is read, what f gives at its ends, and that nothing ambient changes a digit."""

from __future__ import annotations

import decimal
from fractions import Fraction

import pytest

import qf
from qf import InputError, round_of, settle
from qf.mechanisms.boosts import combined, read_boosts

GIFTS = [("ann", "well", 100), ("bob", "well", 100)]


@pytest.mark.parametrize(
    "text",
    [
        "tec",
        "tec:cubic",
        ":linear",
        "tec:linear:max",
        "tec:linear:max=x",
        "tec:linear:max=0.5",
        "tec:linear:max=2:max=3",
        "tec:linear:mean=1",
        "tec:normal:mean=1",
        "tec:normal:mean=1:deviation=0",
        "tec:logistic:midpoint=1:steepness=0",
        "tec:linear,",
    ],
)
def test_read_boosts_when_malformed_then_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_boosts(text)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("threshold:max=3:threshold=2", {"b": 3, "c": 3}),
        ("linear:max=3:threshold=2", {"b": 1 + Fraction(2, 8), "c": 3}),
        ("log_linear:max=3:threshold=9", {"c": 3}),
        ("normal:mean=2:deviation=4:max=3", {"a": 1, "b": 1, "c": 3}),
        ("normal:mean=2:deviation=14:max=3", {"a": 1, "b": 1, "c": 2}),
        ("logistic:midpoint=9:steepness=1:max=3:threshold=9", {"c": 2}),
    ],
)
def test_values_when_of_each_kind_then_as_the_formula_says(kind: str, expected: dict[str, Fraction]) -> None:
    [boost] = read_boosts(f"tec:{kind}")
    assert boost.values({"a": Fraction(0), "b": Fraction(2), "c": Fraction(9)}) == expected


def test_combined_when_nothing_is_known_then_nothing() -> None:
    values = [Fraction(0), Fraction(2), Fraction(3)]
    assert [combined(values, rule) for rule in ("max", "sum", "product")] == [3, 5, 6]
    assert [combined([], rule) for rule in ("max", "sum", "product")] == [0, 0, 0]
    assert combined([Fraction(1, 2), Fraction(1)], "product") == 1
    assert combined([Fraction(1, 2), Fraction(1, 4)], "product") == combined([Fraction(1, 2)], "max") == Fraction(1, 2)


def tunable(boosts: str, **attributes: dict[str, object]) -> Fraction:
    rules = {
        "round": {"id": "t"},
        "pool": {"amount": 1_000},
        "mechanism": {"id": "tunable", "boosts": boosts, "root_bits": 40},
    }
    return settle(round_of(rules), GIFTS, attributes=attributes)["well"].ideal_match


def test_tunable_when_evidence_is_not_given_then_refused() -> None:
    with pytest.raises(InputError, match="attribute tec: is not given"):
        tunable("tec:linear")


def test_tunable_when_evidence_is_no_number_then_everybody_is_named() -> None:
    with pytest.raises(InputError) as error:
        tunable("tec:linear", tec={"ann": "-1", "bob": "many", "cy": "3"})
    assert [problem.where for problem in error.value.problems] == ["attribute tec of ann", "attribute tec of bob"]


def test_tunable_when_the_ambient_decimal_context_is_poor_then_the_same_digits() -> None:
    boosts, holders = "tec:log_linear:max=8:threshold=2", {"ann": "3.7", "cy": "99.5"}
    normal = tunable(boosts, tec=holders)
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        assert tunable(boosts, tec=holders) == normal


def test_tunable_when_the_largest_holder_gave_nothing_then_it_still_sets_the_top() -> None:
    alone = tunable("tec:linear:max=8:threshold=1", tec={"ann": 5})
    below = tunable("tec:linear:max=8:threshold=1", tec={"ann": 5, "whale": 5_000})
    assert below < alone


@pytest.mark.parametrize(("rule", "boost"), [("max", 1 + 3), ("sum", 1 + 5), ("product", 1 + 6)])
def test_tunable_when_two_boosts_meet_then_combined_by_the_rule(rule: str, boost: int) -> None:
    """One donor with b = 2 and b = 3: S**2 = c * boost, as nothing is subtracted."""
    parameters = {
        "id": "tunable",
        "subtract": "nothing",
        "boosts": "one:threshold:max=2:threshold=1,two:threshold:max=3:threshold=1",
        "combine": rule,
        "factor": "1",
    }
    round = qf.preset("yen", pool=1, parameters=parameters)
    result = qf.settle(round, [("ann", "well", 100)], attributes={"one": {"ann": 1}, "two": {"ann": 1}})
    assert abs(result["well"].ideal_match - 100 * boost) < Fraction(1, 10**5)
