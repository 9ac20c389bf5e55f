"""What is measured: against the twins of `qf`, scipy, and small rounds worked out by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import kendalltau, spearmanr

import qf.compare.metrics as twin
from qf.result import RoundResult
from simulations import run_once, scenario_of
from simulations.figures import gini, spearman
from simulations.gifts import Gifts
from simulations.metrics import EXTRA, METRICS, View
from simulations.metrics.distance import kendall, kullback_leibler, l1, total_variation
from simulations.metrics.inequality import gini_published, hhi, lorenz, top_share
from simulations.metrics.welfare import best_division
from simulations.scenario import EXTRA_MEASURES, Scenario
from simulations.settling import settle_all
from simulations.world import world


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def small(mechanism: str = "quadratic", **tables: Any) -> Scenario:
    return scenario_of(
        {
            "scenario": {"id": "small", "mechanisms": [mechanism]},
            "projects": {"count": 5},
            "population": {"donors": 40},
            "pool": {"amount": "1000000"},
            **tables,
        }
    )


def view_of(scenario: Scenario) -> View:
    made = world(scenario, 0)
    results = []
    for scene in (made.before, made.after):
        settled = settle_all(scenario.choices, scene.gifts, accounts=scene.accounts, projects=scene.projects)
        result = settled[scenario.choices[0].name]
        assert isinstance(result, RoundResult)
        results.append(result)
    return View.of(scenario, made, scenario.choices[0], (results[0], results[1], results[1]))


@pytest.mark.parametrize("seed", range(5))
def test_inequality_when_compared_with_qf_then_it_is_the_same(seed: int) -> None:
    values = rng(seed).integers(0, 50, 9)
    as_float = values.astype(np.float64)
    assert gini(as_float) == pytest.approx(float(twin.gini(values.tolist())))
    assert hhi(as_float) == pytest.approx(float(twin.hhi(values.tolist())))
    assert top_share(as_float) == pytest.approx(float(twin.top_share(values.tolist())))
    assert gini_published(as_float) == pytest.approx(gini(as_float) - 1 / 9)
    curve = lorenz(as_float)
    assert 1 - (curve[1:] + curve[:-1]).sum() / 9 == pytest.approx(gini(as_float))  # twice the area under the diagonal


def test_top_share_when_there_are_fewer_then_it_is_all() -> None:
    assert top_share(np.array([1.0, 3.0]), 10) == 1
    assert top_share(np.array([1.0, 3.0, 4.0]), 2) == pytest.approx(7 / 8)
    assert (hhi(np.zeros(3)), top_share(np.zeros(3)), gini_published(np.zeros(3))) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_rank_correlations_when_compared_with_scipy_then_they_are_the_same(seed: int) -> None:
    one, two = rng(seed).integers(0, 6, (2, 20)).astype(np.float64)
    assert spearman(one, two) == pytest.approx(spearmanr(one, two).statistic)
    assert kendall(one, two) == pytest.approx(kendalltau(one, two).statistic)


def test_rank_correlations_when_nothing_differs_then_there_is_none() -> None:
    assert math.isnan(spearman(np.ones(3), np.arange(3.0)))
    assert math.isnan(kendall(np.ones(3), np.arange(3.0)))


def test_distances_when_worked_out_by_hand_then_they_are_the_same() -> None:
    one, two = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5])
    assert (l1(one, two), total_variation(one, two)) == (1.0, 0.5)
    assert kullback_leibler(one, two) == pytest.approx(math.log(2), abs=1e-6)
    assert 1 < kullback_leibler(two, one) < math.inf
    assert kullback_leibler(two, two) == 0


@pytest.mark.parametrize("seed", range(4))
def test_best_division_when_searched_for_then_nothing_is_better(seed: int) -> None:
    worth, money = rng(seed).exponential(5, 4), 6.0
    best = best_division(worth, money)
    assert best.sum() == pytest.approx(money)
    found = minimize(
        lambda funds: -worth @ np.log1p(funds),
        np.full(4, money / 4),
        bounds=[(0, money)] * 4,
        constraints={"type": "eq", "fun": lambda funds: funds.sum() - money},
        method="SLSQP",
    )
    assert worth @ np.log1p(best) >= -found.fun - 1e-6


def test_extra_measures_are_those_that_a_scenario_may_ask_for() -> None:
    assert tuple(EXTRA) == EXTRA_MEASURES
    assert not set(EXTRA) & set(METRICS)


def test_run_when_measures_are_asked_for_then_they_are_columns() -> None:
    scenario = small("quadratic", attacks=[{"model": "sybil", "accounts": 5}])
    usual = run_once(scenario, 0)[0]
    asked = run_once(replace(scenario, head=replace(scenario.head, measures=EXTRA_MEASURES)), 0)[0]
    assert set(asked) - set(usual) == set(EXTRA)
    assert all(math.isfinite(asked[name]) for name in EXTRA)
    assert {name: asked[name] for name in usual} == pytest.approx(usual, nan_ok=True)


def test_run_when_the_first_mechanism_fails_then_only_distances_to_it_are_missing() -> None:
    tables = {"scenario": {"id": "x", "mechanisms": ["cluster_connection", "quadratic"]}, "projects": {"count": 1}}
    first, second = run_once(scenario_of({**tables, "population": {"donors": 9}}), 0)
    assert first["error"]
    assert math.isnan(first["gini"]) and math.isnan(second["share_l1"])
    assert second["leverage"] > 0


def test_money_when_a_cap_clips_then_what_nobody_gets_is_leakage() -> None:
    pool = {"amount": "1000000", "cap": "clip", "match_cap_fraction": "0.2"}
    row = run_once(small(pool=pool), 0)[0]
    assert row["cap_leakage"] == pytest.approx(row["unspent_fraction"])
    assert row["cap_leakage"] > 0.01
    assert run_once(small(), 0)[0]["cap_leakage"] == 0


def test_leverage_and_left_out_when_worked_out_by_hand_then_they_are_the_same() -> None:
    view = view_of(small())
    given = view.made.before.gifts
    assert METRICS["leverage"](view) == pytest.approx(10_000 / (given.amount.sum() / 100))
    nothing = replace(view, payout=np.where(np.arange(5) == 0, 100.0, 0.0))
    donors = {donor: set(given.project[given.donor == donor].tolist()) for donor in set(given.donor.tolist())}
    assert METRICS["left_out"](nothing) == pytest.approx(
        sum(0 not in projects for projects in donors.values()) / len(donors)
    )


def test_fork_when_measured_then_copies_are_one_project() -> None:
    row = run_once(small("equal", attacks=[{"model": "fork", "copies": 3, "part": 0.0, "target": "largest"}]), 0)[0]
    assert row["attack_gain"] == pytest.approx(10_000 * (3 / 7 - 1 / 5), abs=0.02)
    assert row["top_share"] == pytest.approx(3 / 7, abs=1e-4)


def test_fork_when_donors_divide_then_each_is_counted_once() -> None:
    view = view_of(small(attacks=[{"model": "fork", "copies": 2, "part": 1.0, "target": "largest"}]))
    given = view.made.before.gifts
    assert view.donors.tolist() == [len(set(given.donor[given.project == project].tolist())) for project in range(5)]


def test_overlap_when_counted_pair_by_pair_then_it_is_the_same() -> None:
    view = view_of(small())
    given = view.made.after.gifts
    donors = [set(given.donor[given.project == project].tolist()) for project in range(5)]
    pairs = list(itertools.combinations(donors, 2))
    jaccard = np.mean([len(one & two) / max(1, len(one | two)) for one, two in pairs])
    cosine = np.mean([len(one & two) / max(1, math.sqrt(len(one) * len(two))) for one, two in pairs])
    assert EXTRA["overlap_jaccard"](view) == pytest.approx(jaccard)
    assert EXTRA["overlap_cosine"](view) == pytest.approx(cosine)


def test_regret_when_worked_out_donor_by_donor_then_it_is_the_same() -> None:
    view = view_of(small())
    regrets = [np.abs(view.share - row / row.sum()).sum() for row in view.made.people.value]
    assert EXTRA["utilitarian_l1"](view) == pytest.approx(np.mean(regrets))
    assert EXTRA["egalitarian_l1"](view) == pytest.approx(max(regrets))


def test_probing_when_payouts_do_not_depend_on_gifts_then_nothing_changes_them() -> None:
    view = view_of(small("equal"))
    assert (EXTRA["robustness"](view), EXTRA["extractable"](view), EXTRA["marginal_leverage"](view)) == (0, 0, 0)
    for name in ("bribery_cost", "removal_cost", "adding_cost"):
        assert math.isnan(EXTRA[name](view))


def test_bribery_when_payouts_are_proportional_then_the_cost_is_that_of_the_formula() -> None:
    view = view_of(small("proportional"))
    own = int(np.argsort(view.payout, kind="stable")[2])
    step = (view.direct.sum() - view.direct[own]) / 4096
    assert EXTRA["bribery_cost"](view) == pytest.approx(0.1 * view.direct[own], abs=step + 0.5)


def test_adding_and_removing_when_heads_count_then_one_less_is_not_enough() -> None:
    view = view_of(small("headcount"))
    own = int(np.argsort(view.payout, kind="stable")[2])
    heads, share = view.donors.sum(), view.donors[own]
    added = next(n for n in range(1000) if (share + n) / (heads + n) >= 1.1 * view.payout[own] / 10_000 - 1e-9)
    assert EXTRA["adding_cost"](view) == added
    given = view.made.after.gifts
    totals = np.bincount(given.donor, weights=given.amount, minlength=40)
    totals[given.donor[given.project == own]] = 0
    order = np.argsort(-totals, kind="stable")
    removed = next(
        n
        for n in range(40)
        if share / (~np.isin(given.donor, order[:n])).sum() >= 1.1 * view.payout[own] / 10_000 - 1e-9
    )
    assert EXTRA["removal_cost"](view) == removed


def test_marginal_leverage_when_payouts_are_proportional_then_it_is_that_of_the_formula() -> None:
    view = view_of(small("proportional"))
    given = view.direct
    expected = 10_000 * ((given + 1) / (given.sum() + 1) - given / given.sum())
    assert EXTRA["marginal_leverage"](view) == pytest.approx(expected.mean(), abs=0.01)


def test_extractable_when_payouts_are_proportional_then_it_is_that_of_the_formula() -> None:
    view = view_of(small("proportional"))
    gifts = view.made.after.gifts
    donor = int(np.argmax(np.bincount(gifts.donor, weights=gifts.amount)))
    own = np.zeros(5)
    np.add.at(own, gifts.project[gifts.donor == donor], gifts.amount[gifts.donor == donor] / 100)
    gains = 0.99 * (own.sum() - own) / view.direct.sum() * 10_000
    assert EXTRA["extractable"](view) == pytest.approx(gains.max(), rel=1e-3)


def test_optimality_gap_when_everybody_gives_the_same_to_one_project_then_there_is_none() -> None:
    view = view_of(small())
    donors = np.arange(10, dtype=np.int32)
    gifts = Gifts(donors, np.zeros(10, np.int32), np.full(10, 400, np.int64))
    scene = replace(view.made.after, gifts=gifts)
    alone = replace(
        view,
        made=replace(view.made, after=scene),
        donors=np.array([10.0, 0, 0, 0, 0]),
        direct=np.array([40.0, 0, 0, 0, 0]),
    )
    assert EXTRA["optimality_gap"](alone) == pytest.approx(0, abs=1e-9)


def test_attack_when_nobody_attacks_then_there_is_nothing_to_measure() -> None:
    row = run_once(small(), 0)[0]
    assert (row["attack_gain"], row["attack_cost"], row["attack_profit"], row["captured"], row["moved"]) == (0,) * 5
    assert math.isnan(row["attack_roi"]) and math.isnan(row["break_even_price"])


def test_attack_when_accounts_cost_the_break_even_price_then_it_pays_nothing() -> None:
    attack = {"model": "sybil", "accounts": 20, "amount": 2.0, "cover": 1, "target": "smallest"}
    free = run_once(small(attacks=[attack]), 0)[0]
    price = free["break_even_price"]
    assert price > 0
    paid = run_once(small(attacks=[attack], identity={"model": "unknown", "price": price}), 0)[0]
    assert paid["attack_profit"] == pytest.approx(0, abs=1e-9)
    assert paid["attack_cost"] == pytest.approx(20 * 1.0 + 20 * price)
    assert free["attack_roi"] == pytest.approx(free["attack_profit"] / 20)
