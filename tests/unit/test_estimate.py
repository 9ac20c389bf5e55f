"""The live estimate: worked examples, what it says in words, and what it refuses."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import qf
from qf.estimate import Estimator, division
from qf.estimate.division import handed_out, water
from qf.inputs import Inputs

GIFTS = [("ann", "well", 400), ("bob", "well", 100), ("ann", "bus", 100), ("cy", "bus", 100)]


def estimator(round: qf.Round, gifts: Any = GIFTS, **evidence: Any) -> Estimator:
    return Estimator.of(round, Inputs.of(round, gifts, **evidence))


def leave(**rules: Any) -> qf.Round:
    return qf.preset("yen", pool=100_000, policy="leave", **rules)


def test_estimate_when_a_new_donor_then_two_pairs_of_roots() -> None:
    """(20 + 10 + 10)**2 - 600 = 1000 instead of (20 + 10)**2 - 500 = 400."""
    estimate = estimator(leave()).estimate("well", 100)
    assert (estimate.match_before, estimate.match_after, estimate.gain) == (400, 1000, 600)
    assert (estimate.low, estimate.high, estimate.exact) == (600, 600, True)
    assert (estimate.donor, estimate.weight, estimate.reason, estimate.note) == (None, 10_000, None, "")
    assert estimate.formula == "Quadratic funding"


def test_estimate_when_the_donor_gave_before_then_the_root_of_the_new_total() -> None:
    """bob gave 100 and gives 300 more: (20 + 20)**2 - 800 = 800."""
    assert estimator(leave()).estimate("well", 300, donor="bob").match_after == 800


def test_estimate_when_a_linked_account_gives_then_it_is_the_same_person() -> None:
    estimate = estimator(leave(), links={"bobs-wallet": "bob"}).estimate("well", 300, donor="bobs-wallet")
    assert estimate.match_after == 800


def test_estimate_when_weight_is_a_quarter_then_half_the_root() -> None:
    """(20 + 10 + 5)**2 - 525 = 700."""
    estimate = estimator(leave(), weights={"dan": "0.25"}).estimate("well", 100, donor="dan")
    assert (estimate.match_after, estimate.weight) == (700, 2_500)
    assert any("0.25" in sentence for sentence in estimate.could_change)


def test_estimate_when_weight_is_nothing_then_no_gain_and_why() -> None:
    for evidence, rules in (({"weights": {"dan": 0}}, {}), ({}, {"default": "0"})):
        estimate = estimator(leave(**rules), **evidence).estimate("well", 100, donor="dan")
        assert (estimate.gain, estimate.reason) == (0, qf.Reason.NO_WEIGHT)
        assert estimate.note.startswith("The weight of the donor is 0")


def test_estimate_when_below_the_minimum_then_no_gain_until_it_is_reached() -> None:
    live = estimator(leave(min_donation="500"), [*GIFTS, ("dan", "well", 400)])
    small = live.estimate("well", 50, donor="dan")
    assert (small.gain, small.reason) == (0, qf.Reason.BELOW_MINIMUM)
    assert "500 JPY to a project in all" in small.note
    alone = live.estimate("well", 2_500, donor="eve")
    assert alone.match_after == 0  # nobody else reached the minimum, so there is no pair
    assert live.add("dan", "well", 225) is None
    assert live.estimate("well", 2_500, donor="eve").match_after == 2 * 25 * 50


def test_estimate_when_each_gift_has_a_minimum_then_earlier_ones_do_not_help() -> None:
    estimate = estimator(leave(min_donation="90", min_donation_scope="donation")).estimate("well", 89, donor="ann")
    assert (estimate.gain, estimate.reason) == (0, qf.Reason.BELOW_MINIMUM)
    assert "90 JPY for each gift" in estimate.note


def test_estimate_when_the_account_is_excluded_or_an_owner_then_no_gain_and_why() -> None:
    live = estimator(leave(excluded_donors=["eve"]), projects=["bus", {"id": "well", "owners": ["dan"]}])
    assert live.estimate("well", 100, donor="eve").reason is qf.Reason.DONOR_EXCLUDED
    assert live.estimate("well", 100, donor="dan").reason is qf.Reason.SELF_DONATION
    assert live.estimate("bus", 100, donor="dan").reason is None


def test_estimate_when_the_round_has_dates_then_the_gift_is_within_them() -> None:
    round = leave(opens="2025-04-01T00:00:00+09:00", closes="2025-05-01T00:00:00+09:00")
    gifts = [qf.Donation(*gift, time=1_744_000_000) for gift in GIFTS]
    assert estimator(round, gifts).estimate("well", 100).gain == 600


def test_estimate_when_project_or_amount_is_wrong_then_told() -> None:
    live = estimator(leave())
    with pytest.raises(qf.ProjectError, match="project wel: is not in this round; did you mean well"):
        live.estimate("wel", 100)
    with pytest.raises(qf.ProjectError, match="none with a similar name"):
        live.estimate("zzzzzz", 100)
    for amount in (0, -1, "1.5", "many", float("nan")):
        with pytest.raises(qf.DonationError):
            live.estimate("well", amount)
    with pytest.raises(qf.MissingPriceError):
        live.estimate("well", 1, token="ETH")


def test_estimate_when_a_token_has_a_price_then_worth_that() -> None:
    live = estimator(leave(), prices={"TOK": ("0.5", 2)})
    assert live.estimate("well", 200, token="TOK").match_after == 1000
    assert any(sentence.startswith("Prices") for sentence in live.estimate("well", 1).could_change)


def test_estimate_when_the_pool_is_filled_then_projects_compete() -> None:
    """Ideal 400 and 200 of a pool of 600; after the gift 1000 and 200."""
    estimate = estimator(qf.preset("yen", pool=600)).estimate("well", 100)
    assert (estimate.match_before, estimate.match_after) == (400, 500)


def test_estimate_when_nobody_gave_then_the_first_gift_can_be_asked() -> None:
    estimate = estimator(leave(), [], projects=["well"]).estimate("well", 100)
    assert (estimate.gain, estimate.exact) == (0, True)


def test_estimate_when_the_formula_is_undefined_then_nothing_and_why() -> None:
    round = qf.preset("clrfund", pool=10**6, parameters={"voice_credit_factor": 1})
    estimate = estimator(round, [], projects=["well"]).estimate("well", 100)
    assert estimate.gain == 0
    assert estimate.note.startswith("Nothing is matched: nothing to match")


def test_estimate_when_a_voter_has_no_credits_left_then_refused() -> None:
    round = qf.preset("yen", pool=100, parameters={"id": "quadratic_voting", "credits": "600"})
    live = estimator(round)
    assert live.estimate("well", 100, donor="ann").exact
    with pytest.raises(qf.InputError, match="spent 601 credits"):
        live.estimate("well", 101, donor="ann")


def test_cart_when_two_gifts_to_one_project_then_one_estimate() -> None:
    well, bus = estimator(leave()).cart([("well", 100), ("bus", 100), ("well", 200)], donor="bob")
    assert (well.project, well.amount, well.match_after) == ("well", 300, 800)
    assert (bus.project, bus.match_after) == ("bus", 600)


def test_add_when_recorded_then_the_next_estimate_knows() -> None:
    live = estimator(leave())
    assert live.add("dan", "well", 100) is None
    assert live.estimate("well", 100, donor="eve").match_before == 1000
    assert live.estimate("well", 300, donor="dan").match_after == (20 + 10 + 20) ** 2 - 900


@pytest.mark.parametrize("mechanism", ["quadratic", "pairwise"])
def test_given_when_gifts_are_added_then_sums_and_donors_of_all_that_counts(mechanism: str) -> None:
    round = qf.preset("yen", pool=1_000, parameters={"id": mechanism}, min_donation="100")
    gifts = [("ann", "well", 400), ("ann", "well", 100), ("bob", "well", 50), ("bob", "bus", 300), ("cy", "bus", 100)]
    estimator = Estimator.of(round, Inputs.of(round, gifts[:3], projects=["bus", "park", "well"]))
    assert estimator.given() == {"bus": (0, 0), "park": (0, 0), "well": (500, 1)}
    for gift in gifts[3:]:
        estimator.add(*gift)
    estimator.add("bob", "well", 60)
    assert estimator.given() == {"bus": (400, 2), "park": (0, 0), "well": (610, 2)}


def test_estimate_when_integer_names_then_found() -> None:
    columns = {"donor": np.array([0, 1]), "project": np.array([3, 3]), "amount": np.array([400, 100])}
    assert estimator(leave(), columns).estimate("3", 300, donor="1").match_after == 800
    assert estimator(leave(), columns).estimate("3", 100, donor="01").match_after == 1000


@pytest.mark.parametrize("cap", ["redistribute", "one_pass"])
def test_estimate_when_a_cap_hands_out_then_others_profit(cap: str) -> None:
    round = qf.preset("yen", pool=600, cap=cap, match_cap_fraction="0.6")
    live = estimator(round)
    assert live.estimate("well", 100).match_after == 360
    assert live.estimate("well", 100).gain == 0
    assert live.estimate("bus", 1, donor="ann").match_before == 240


def test_estimate_when_not_additive_and_donor_unknown_then_a_range() -> None:
    gifts = [*GIFTS, ("dan", "well", 900), ("dan", "bus", 900)]
    live = estimator(leave(parameters={"id": "pairwise"}), gifts)
    new = live.estimate("well", 100)
    assert not new.exact
    assert new.low < new.gain == new.high
    assert "what else a donor supports" in new.note
    known = live.estimate("well", 100, donor="ann")
    assert known.exact and known.low == known.gain == known.high
    assert live.estimate("well", 100) == new


def test_estimate_when_iterative_cap_of_many_projects_then_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    gifts = [(f"d{n}", f"p{project}", (project + 1) * (n + 1)) for project in range(30) for n in range(4)]
    round = qf.preset("yen", pool=10**6, cap="iterative", match_cap_fraction="0.05")
    exact = estimator(round, gifts).estimate("p3", 500, donor="new")
    monkeypatch.setattr(division, "EXACT_PROJECTS", 0)
    bounded = estimator(round, gifts).estimate("p3", 500, donor="new")
    assert exact.exact and not bounded.exact
    assert bounded.low <= exact.gain <= bounded.high
    assert bounded.high - bounded.low < exact.match_after / 100
    assert "the range says how far" in bounded.note


def test_water_when_all_are_pinned_then_nothing_is_shared() -> None:
    assert water([5, 6], 11, Fraction(3)) == (5, Fraction(1), 2)
    assert handed_out([5, 6], 11, Fraction(3)) == 1


def test_could_change_when_rules_ask_for_it_then_said() -> None:
    round = qf.preset("yen", pool=600, match_cap_fraction="0.5", min_payout=5)
    told = " ".join(estimator(round).estimate("well", 1).could_change)
    for word in ("More donations", "Exclusions", "The cap", "The minimum payout", "Rounding"):
        assert word in told
    assert "Prices" not in told and "Weights" not in told
