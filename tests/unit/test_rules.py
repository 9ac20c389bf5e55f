"""A round file says everything, or every mistake in it is named."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import qf
from qf.round import CapPolicy
from qf.rules import document_of, preset_names, round_of

SMALLEST = {"round": {"id": "demo"}, "pool": {"amount": "1000"}}


@pytest.mark.parametrize("name", preset_names())
def test_preset_when_written_and_read_again_then_the_same_round(name: str) -> None:
    round = qf.preset(name, pool=10**20)
    document = document_of(round)
    assert round_of(document) == round
    assert document["mechanism"].keys() == {"id", *qf.mechanism(round.mechanism.id).parameters}


def test_round_when_smallest_then_defaults() -> None:
    round = round_of(SMALLEST)
    assert round.mechanism.id == "quadratic"
    assert round.mechanism.parameters == {"root_bits": "24", "subtract": "direct"}
    assert round.pool.match_cap == 1000


def test_round_when_values_override_a_preset_then_theirs_win() -> None:
    document = {
        **SMALLEST,
        "mechanism": {"preset": "octant", "root_bits": 8},
        "pool": {"amount": 10, "cap": "iterative"},
    }
    round = round_of(document)
    assert round.mechanism.parameters == {"root_bits": "8", "subtract": "nothing"}
    assert round.pool.cap is CapPolicy.ITERATIVE
    assert round.pool.match_cap_fraction == Fraction(1, 5)


def test_round_when_cap_amount_overrides_a_preset_fraction_then_the_fraction_is_gone() -> None:
    round = qf.preset("octant", pool=1000, match_cap_amount=10)
    assert (round.pool.match_cap, round.pool.match_cap_fraction) == (10, 1)


def test_round_when_another_mechanism_overrides_a_preset_then_its_parameters_are_dropped() -> None:
    assert qf.preset("octant", pool=1, parameters={"id": "quadratic"}).mechanism.parameters["subtract"] == "nothing"


@pytest.mark.parametrize("fraction", ["0.0435", Fraction("0.0435")])
def test_cap_when_4_35_percent_then_no_basis_point_is_lost(fraction: Any) -> None:
    assert qf.preset("yen", pool=1_000_000, match_cap_fraction=fraction).pool.match_cap == 43_500


def test_dates_when_written_in_any_zone_then_one_moment() -> None:
    for moment in ("2025-04-01T00:00:00+09:00", "2025-03-31T15:00:00Z", datetime(2025, 3, 31, 15, tzinfo=UTC)):
        round = round_of({**SMALLEST, "round": {"id": "demo", "opens": moment}})
        assert document_of(round)["round"]["opens"] == "2025-03-31T15:00:00Z"


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("round", "id", "", "is empty"),
        ("round", "opens", "yesterday", "is not a moment"),
        ("round", "opens", "2025-04-01T00:00:00", "has no time zone"),
        ("round", "opens", "2025-04-01T00:00:00.5Z", "whole second"),
        ("round", "unit_decimals", "78", "more than 77"),
        ("round", "titel", "x", "did you mean title"),
        ("pool", "amount", 0.5, "put the number in quotes"),
        ("pool", "amount", "-1", "not a plain decimal"),
        ("pool", "amount", "1.5", "not a whole number"),
        ("pool", "amount", True, "not a number"),
        ("pool", "match_cap_fraction", "0", "above 0"),
        ("pool", "match_cap_fraction", "1.01", "at most 1"),
        ("pool", "match_cap_fraction", "20%", "not a plain decimal"),
        ("pool", "match_cap_amount", "0", "is 0"),
        ("pool", "policy", "fil", "is not one of fill, leave"),
        ("mechanism", "root_bits", "65", "whole number from 0 to 64"),
        ("mechanism", "root_bits", "２", "whole number"),
        ("mechanism", "rootbits", "2", "did you mean root_bits"),
        ("mechanism", "id", "quadratc", "did you mean quadratic"),
        ("mechanism", "root_bits", 2.0, "neither text nor integer"),
        ("mechanism", "preset", "yem", "did you mean yen"),
        ("eligibility", "min_donation", "0.5", "more than 0 decimal places"),
        ("eligibility", "allow_self_donation", "yes", "neither true nor false"),
        ("eligibility", "excluded_donors", "ann", "is not a list"),
        ("weights", "curve", [["15", "0.5"], ["15", "1"]], "scores do not rise"),
        ("weights", "curve", [["15", "2"]], "goes above max_weight"),
        ("weights", "curve", [["15"]], "is not [score, weight]"),
        ("weights", "default", "0.00001", "more than four decimal places"),
        ("weights", "default", "1.5", "is above max_weight"),
        ("weights", "convention", "trust", "quadratic cannot apply trust"),
        ("wieghts", "default", "1", "did you mean weights"),
    ],
)
def test_round_when_a_value_is_wrong_then_it_is_named(section: str, key: str, value: Any, told: str) -> None:
    document: dict[str, Any] = {**SMALLEST, section: {**SMALLEST.get(section, {}), key: value}}
    with pytest.raises(qf.RoundError) as caught:
        round_of(document)
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1


def test_round_when_much_is_wrong_then_all_is_named() -> None:
    with pytest.raises(qf.RoundError) as caught:
        round_of(
            {"round": {"opens": 20, "closes": 10}, "pool": {"match_cap_amount": 1, "match_cap_fraction": "1"}, "x": 1}
        )
    assert len(caught.value.problems) == 5


def test_preset_when_a_rule_is_not_known_then_suggested() -> None:
    with pytest.raises(qf.RoundError, match="did you mean match_cap_amount"):
        qf.preset("yen", pool=1, match_cap_ammount=3)


def test_preset_when_the_pool_is_given_twice_then_refused() -> None:
    with pytest.raises(qf.RoundError, match="'amount' is not known"):
        qf.preset("yen", pool=5, amount=7)


def test_mix_when_resolved_then_the_parameters_of_its_parts_are_spelled_out() -> None:
    round = qf.preset("yen", pool=5, parameters={"id": "mix"})
    spelled = document_of(round)["mechanism"]
    assert spelled["second.root_bits"] == "24"
    assert "first.style" in spelled
    assert round_of(document_of(round)) == round


def test_alpha_when_there_is_a_minimum_payout_then_refused() -> None:
    with pytest.raises(qf.RoundError, match="alpha pays contributions back"):
        qf.preset("clrfund", pool=5, min_payout=1)


@pytest.mark.parametrize(
    "values", [{"amount": -5}, {"match_cap_fraction": Fraction(2)}, {"match_cap_fraction": Fraction(0)}]
)
def test_pool_when_impossible_then_refused_at_once(values: Any) -> None:
    with pytest.raises(qf.RoundError):
        qf.Pool(**{"amount": 1, **values})


def test_preset_when_values_are_numpy_decimal_or_none_then_read() -> None:
    round = qf.preset("yen", pool=np.int64(1000), match_cap_amount=None, min_payout=Decimal(5))
    assert (round.pool.amount, round.pool.match_cap, round.pool.min_payout) == (1000, 1000, 5)
    assert qf.preset("octant", pool=1, parameters={"preset": "yen"}).mechanism.parameters["subtract"] == "nothing"


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("round", "opens", 1743433200000, "is it in milliseconds"),
        ("round", "opens", -1, "between 1970"),
        ("round", "title", "T\x1b]0;pwned\x07", "control characters"),
        ("pool", "amount", "9" * 5000, "is more than"),
        ("pool", "amount", "1e999", "is more than"),
        ("pool", "match_cap_fraction", Fraction(1, 3), "no finite decimal form"),
    ],
)
def test_round_when_a_value_cannot_be_published_then_refused(section: str, key: str, value: Any, told: str) -> None:
    document: dict[str, Any] = {**SMALLEST, section: {**SMALLEST[section], key: value}}
    with pytest.raises(qf.RoundError, match=told):
        round_of(document)
