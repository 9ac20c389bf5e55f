"""The whole round: worked examples, and the defects of others that must not come back."""

from fractions import Fraction

import numpy as np
import pytest

import qf

WORKED = [("a1", "A", 1), ("a2", "A", 4), ("a3", "A", 9), ("b1", "B", 16), ("b2", "B", 16)]


@pytest.mark.parametrize(
    ("pool", "policy", "subtract", "expected"),
    [
        (20, "fill", "direct", ["8.148", "11.851"]),
        (20, "fill", "nothing", ["7.2", "12.8"]),
        (1000, "leave", "direct", ["22", "32"]),
        (1000, "fill", "direct", ["407.407", "592.592"]),
    ],
)
def test_settle_when_worked_example_then_as_in_the_literature(
    pool: int, policy: str, subtract: str, expected: list[str]
) -> None:
    round = qf.preset("yen", pool=pool, policy=policy, parameters={"subtract": subtract})
    result = qf.settle(round, WORKED)
    assert [qf.units.format_decimal(project.scaled_match, 3) for project in result.projects] == expected
    assert result.saturated is (pool == 20)


def test_settle_when_leave_and_unsaturated_then_the_rest_is_unspent() -> None:
    result = qf.settle(qf.preset("yen", pool=1000, policy="leave"), WORKED)
    assert result.payouts == {"A": 22, "B": 32}
    assert result.unspent == 946


def test_settle_when_a_gift_is_split_in_100_then_no_more_match() -> None:
    """Root per donation gave the splitter 90,909 of 100,000 JPY; root per donor gives 9,091."""
    once = [("ann", "hers", 10_000)] + [(f"d{n}", "theirs", 1_000) for n in range(10)]
    often = [("ann", "hers", 100)] * 100 + once[1:]
    round = qf.preset("yen", pool=100_000, parameters={"subtract": "nothing"})
    assert qf.settle(round, often).payouts == qf.settle(round, once).payouts == {"hers": 9_091, "theirs": 90_909}


def test_settle_when_nobody_gave_then_all_is_unspent() -> None:
    result = qf.settle(qf.preset("yen", pool=100), [], projects=["a", "b"])
    assert result.payouts == {"a": 0, "b": 0}
    assert (result.unspent, result.donors, result.donations) == (100, 0, 0)
    assert qf.settle(qf.preset("yen", pool=100), []).payouts == {}


def test_settle_when_all_are_capped_then_what_is_left_is_said() -> None:
    round = qf.preset("yen", pool=100, match_cap_fraction="0.2", parameters={"subtract": "nothing"})
    result = qf.settle(round, [("a", "p", 1), ("b", "q", 1)])
    assert (result.payouts, result.unspent) == ({"p": 20, "q": 20}, 60)
    assert all(project.capped for project in result.projects)


def test_settle_when_two_projects_share_a_title_then_they_stay_two() -> None:
    projects = [{"id": "p1", "title": "Well"}, {"id": "p2", "title": "Well"}]
    result = qf.settle(qf.preset("yen", pool=10), [("a", "p1", 1), ("b", "p1", 1)], projects=projects)
    assert result.payouts == {"p1": 10, "p2": 0}


def test_settle_when_payouts_in_wei_then_no_digit_goes_through_a_float() -> None:
    pool = 123_456_789_012_345_678_901_234
    result = qf.settle(qf.preset("yen", pool=pool), [("a", "p", 3), ("b", "p", 5), ("a", "q", 7), ("c", "q", 2)])
    assert sum(result.payouts.values()) == pool


def test_settle_when_on_root_then_as_inside_root_with_squared_weights() -> None:
    gifts = [("a", "p", 10**12), ("b", "p", 25 * 10**10), ("c", "p", 4 * 10**10)]
    on_root = qf.settle(
        qf.preset("yen", pool=1, convention="on_root"), gifts, weights={"a": "1", "b": "0.5", "c": "0.2"}
    )
    inside = qf.settle(qf.preset("yen", pool=1), gifts, weights={"a": "1", "b": "0.25", "c": "0.04"})
    difference = on_root["p"].ideal_match / inside["p"].ideal_match - 1
    assert abs(difference) < Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("convention", "expected"), [("inside_root", "97.78174"), ("on_root", "62.5"), ("pairwise_min", "65")]
)
def test_settle_when_weights_of_the_reference_then_its_match(convention: str, expected: str) -> None:
    """c = 100, 25, 4, 1 with w = 1, 1/2, 1/4, 0: the figures of the literature, cut to five places."""
    gifts = [("a", "p", 100), ("b", "p", 25), ("c", "p", 4), ("d", "p", 1)]
    weights = {"a": 1, "b": "0.5", "c": "0.25", "d": 0}
    round = qf.preset("yen", pool=1, convention=convention, parameters={"root_bits": 40})
    match = qf.settle(round, gifts, weights=weights)["p"].ideal_match
    assert abs(match - Fraction(expected)) < Fraction(1, 10**4)


def test_settle_when_min_payout_then_small_ones_are_shared_among_the_others() -> None:
    gifts = [("a", "p", 100), ("b", "p", 100), ("a", "q", 1), ("b", "q", 1)]
    result = qf.settle(qf.preset("yen", pool=101, min_payout=5), gifts)
    assert result.payouts == {"p": 101, "q": 0}
    left = qf.settle(qf.preset("yen", pool=1000, policy="leave", min_payout=5), gifts)
    assert (left.payouts, left.unspent) == ({"p": 200, "q": 0}, 800)


def test_settle_when_payout_token_differs_from_the_unit_then_its_price_decides() -> None:
    round = qf.preset("yen", pool=10**19, token="ETH", decimals=18, policy="leave")
    with pytest.raises(qf.MissingPriceError, match="no price for ETH"):
        qf.settle(round, WORKED)
    result = qf.settle(round, WORKED, prices={"ETH": (11, 18)})
    assert abs(result.payouts["A"] - 2 * 10**18) <= 10**6
    assert abs(result.payouts["B"] - 32 * 10**18 // 11) <= 10**6
    fill = qf.settle(qf.preset("yen", pool=10**19, token="ETH", decimals=18), WORKED)
    assert fill.saturated is None
    assert sum(fill.payouts.values()) == 10**19


def test_settle_when_split_gifts_are_in_tokens_then_only_their_sum_is_cut() -> None:
    prices = {"TOK": ("0.3", 0)}
    whole = [qf.Donation("a", "p", 10, token="TOK"), qf.Donation("b", "p", 4)]
    split = [qf.Donation("a", "p", 1, token="TOK", id=str(n)) for n in range(10)] + whole[1:]
    round = qf.preset("yen", pool=100)
    assert qf.settle(round, whole, prices=prices)["p"].contributed == 7
    assert qf.settle(round, split, prices=prices)["p"].contributed == 7


def test_settle_when_integer_arrays_then_as_with_names() -> None:
    rng = np.random.default_rng(7)
    donor, project = rng.integers(0, 50, 500), rng.integers(0, 12, 500)
    amount = rng.integers(1, 10**6, 500)
    round = qf.preset("yen", pool=10**9)
    numbers = qf.settle(round, {"donor": donor, "project": project, "amount": amount})
    rows = [(str(d), str(p), int(a)) for d, p, a in zip(donor, project, amount, strict=True)]
    assert numbers == qf.settle(round, rows)


def test_result_when_asked_for_a_project_then_found_or_key_error() -> None:
    result = qf.settle(qf.preset("yen", pool=10), WORKED)
    assert result["A"].contributed == 14
    with pytest.raises(KeyError):
        result["Z"]


def test_result_when_it_does_not_add_up_then_refused() -> None:
    from dataclasses import replace

    result = qf.settle(qf.preset("yen", pool=10), WORKED)
    with pytest.raises(qf.InvariantError, match="paid 10 and left 1 of a pool of 10"):
        replace(result, unspent=1)


def test_settle_when_alpha_and_units_differ_then_contributions_are_converted_too() -> None:
    rules = {"decimals": 2, "unit_decimals": 0, "unit": "T", "token": "T"}
    round = qf.preset("clrfund", pool=10_000, parameters={"voice_credit_factor": 1}, **rules)
    result = qf.settle(round, [("a", "p", 4), ("b", "p", 4), ("c", "q", 9)])
    assert result.payouts == {"p": 9100, "q": 900}


def test_settle_when_small_projects_are_taken_out_then_saturated_is_what_was_asked_for() -> None:
    gifts = [("a", "p", 100), ("b", "p", 100), *((donor, "q", 1) for donor in ("a", "b"))]
    result = qf.settle(qf.preset("yen", pool=201, policy="leave", min_payout=5), gifts)
    assert (result.payouts, result.saturated) == ({"p": 200, "q": 0}, True)


def test_settle_when_ideal_matches_are_clipped_then_those_at_the_cap_are_capped() -> None:
    rules = {"policy": "leave", "cap": "clip_ideal", "match_cap_amount": 30}
    result = qf.settle(qf.preset("yen", pool=50, **rules), WORKED)
    assert {project.project: project.capped for project in result.projects} == {"A": False, "B": True}


def test_settle_when_nothing_is_capped_then_nobody_is() -> None:
    result = qf.settle(
        qf.preset("yen", pool=50, match_cap_fraction="0.5"), [("a", "p", 1), ("b", "p", 1), ("a", "q", 1)]
    )
    assert {project.project: project.capped for project in result.projects} == {"p": True, "q": False}
    uncapped = qf.settle(qf.preset("yen", pool=50), [("a", "p", 1), ("b", "p", 1)])
    assert not uncapped["p"].capped


def test_settle_when_the_round_is_a_document_then_as_if_read_from_a_file() -> None:
    document = {"round": {"id": "yen"}, "pool": {"amount": 20}, "mechanism": {"preset": "yen"}}
    assert qf.settle(document, WORKED) == qf.settle(qf.preset("yen", pool=20), WORKED)
