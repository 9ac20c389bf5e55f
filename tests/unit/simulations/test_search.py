"""The search for attacks: never worse than the usual ones, within its means, the same each time."""

from __future__ import annotations

import math
from functools import cache

import pytest

import simulations.search
from simulations import scenario_of
from simulations.attacks.base import target
from simulations.search import (
    Field,
    Limits,
    Outcome,
    Strategy,
    capture_curve,
    handmade,
    search,
    unprofitable_price,
)
from simulations.world import world

MECHANISMS = ("quadratic", "pairwise", "cluster_profile", "cluster_connection", "proportional")
LIMITS = Limits(budget=60.0, accounts=20, price=0.5, members=6, reward=2.0)


@cache
def field_of(mechanism: str) -> Field:
    scenario = scenario_of(
        {
            "scenario": {"id": "searched", "mechanisms": [mechanism]},
            "projects": {"count": 6},
            "population": {"donors": 60},
            "pool": {"amount": "200000"},
        }
    )
    made = world(scenario, 0)
    own = target("median", None, made.before)  # type: ignore[arg-type]
    return Field.of(made.before, scenario.choices[0], own)


@cache
def found_in(mechanism: str) -> tuple[Outcome, ...]:
    return search(field_of(mechanism), LIMITS, tries=30, steps=90)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_search_when_done_then_no_usual_strategy_is_better(mechanism: str) -> None:
    usual = [
        field_of(mechanism).outcome(strategy, LIMITS)
        for strategy in handmade(LIMITS)
        if strategy.outlay(LIMITS) <= LIMITS.budget
    ]
    assert found_in(mechanism)[0].profit >= max(outcome.profit for outcome in usual)
    assert found_in(mechanism)[0].profit == max(outcome.profit for outcome in found_in(mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_search_when_done_then_everything_was_within_its_means(mechanism: str) -> None:
    for outcome in found_in(mechanism):
        strategy = outcome.strategy
        assert outcome.outlay <= LIMITS.budget + 1e-9
        assert 1 <= strategy.accounts <= (LIMITS.members if strategy.ring else LIMITS.accounts)
        assert 0 <= strategy.cover <= 5
        fee = LIMITS.reward if strategy.ring else LIMITS.price
        lost = strategy.accounts * strategy.cover * strategy.cover_amount
        assert outcome.cost == pytest.approx(lost + strategy.accounts * fee)
        assert math.isnan(outcome.break_even) == strategy.ring


def test_search_when_done_again_then_it_finds_the_same() -> None:
    assert search(field_of("pairwise"), LIMITS, tries=30, steps=90) == found_in("pairwise")


def test_search_when_the_rule_discounts_those_alike_then_cover_is_found() -> None:
    best = found_in("cluster_profile")[0]
    alone = field_of("cluster_profile").outcome(Strategy(20, 1.0), LIMITS)
    assert best.strategy.cover > 0
    assert best.profit > 2 * alone.profit


def test_outcome_when_nothing_is_shared_out_then_it_is_the_gain_of_the_formula() -> None:
    field = field_of("proportional")
    direct = field.scene.gifts.direct(6)
    outcome = field.outcome(Strategy(10, 2.0), Limits(budget=100))
    gain = 2000 * ((direct[field.own] + 20) / (direct.sum() + 20) - direct[field.own] / direct.sum())
    assert outcome.gain == pytest.approx(gain, abs=0.02)
    assert (outcome.cost, outcome.outlay, outcome.captured) == (0, 20, pytest.approx(gain / 2000, abs=1e-5))


def test_capture_curve_when_there_is_more_money_then_no_less_is_captured() -> None:
    curve = capture_curve(field_of("cluster_connection"), LIMITS, [100, 5, 25], tries=10, steps=30)
    captured = [outcome.captured for outcome in curve]
    assert captured == sorted(captured)
    assert captured[0] < captured[-1]


def test_capture_curve_when_a_larger_budget_finds_less_then_the_smaller_one_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    field = field_of("proportional")
    strategies = {5.0: Strategy(1, 5.0), 25.0: Strategy(1, 1.0)}
    monkeypatch.setattr(
        simulations.search, "search", lambda field, limits, goal: (field.outcome(strategies[limits.budget], limits),)
    )
    curve = capture_curve(field, LIMITS, [5.0, 25.0])
    assert [outcome.strategy for outcome in curve] == [strategies[5.0]] * 2


def test_search_when_it_climbs_then_it_finds_better_neighbours() -> None:
    field = field_of("cluster_connection")
    usual = search(field, LIMITS, tries=0, steps=0)
    climbed = search(field, LIMITS, tries=0, steps=90)
    assert climbed[0].profit > usual[0].profit
    assert len(usual) < len(climbed) <= len(usual) + 90


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_unprofitable_price_when_accounts_cost_it_then_no_strategy_pays(mechanism: str) -> None:
    field = field_of(mechanism)
    price = unprofitable_price(field, LIMITS, tries=20, steps=60)
    assert price > 0
    dear = Limits(budget=10_000.0, accounts=20, price=price * 1.5)
    for strategy in handmade(Limits(budget=60.0, accounts=20)):
        assert field.outcome(strategy, dear).profit < 0
