"""Donors made up: moments and closed forms of every model."""

from __future__ import annotations

import numpy as np
import pytest

from qf.round import WeightRule
from simulations.identity import Detection, Scores
from simulations.population.awareness import Sample
from simulations.population.budgets import LogNormal, Pareto, Same
from simulations.population.people import Synthetic
from simulations.population.valuations import (
    VALUATIONS,
    CoreAndVisitors,
    Dirichlet,
    Euclidean,
    MallowsDirichlet,
    PlackettLuce,
    PolyaUrn,
)
from simulations.projects import Projects

MANY = 40_000
QUALITY = np.array([0.5, 0.3, 0.15, 0.05])


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def test_log_normal_when_drawn_then_median_and_mean_are_those_of_the_formula() -> None:
    drawn = LogNormal(median=20.0, sigma=0.5).draw(rng(), MANY)
    assert np.median(drawn) == pytest.approx(20, rel=0.02)
    assert drawn.mean() == pytest.approx(20 * np.exp(0.125), rel=0.02)


def test_pareto_when_drawn_then_the_tail_is_that_of_the_formula() -> None:
    drawn = Pareto(least=5.0, shape=1.5, most=1000.0).draw(rng(), MANY)
    assert drawn.min() >= 5 and drawn.max() <= 1000
    assert (drawn > 20).mean() == pytest.approx((5 / 20) ** 1.5, rel=0.05)


def test_same_when_drawn_then_all_are_equal() -> None:
    assert set(Same(7.0).draw(rng(), 5).tolist()) == {7.0}


def test_projects_when_spread_is_none_then_all_are_equally_good() -> None:
    assert Projects(4, 0.0).quality(rng()).tolist() == [0.25] * 4
    assert np.log(Projects(MANY, 1.5).quality(rng())).std() == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize("model", VALUATIONS)
def test_valuations_when_drawn_then_every_row_is_of_sum_one_and_not_negative(model: str) -> None:
    rows = VALUATIONS[model]().draw(rng(), 500, QUALITY)
    assert rows.shape == (500, 4)
    assert (rows >= 0).all()
    assert rows.sum(axis=1) == pytest.approx(1)


def test_dirichlet_when_drawn_then_mean_and_variance_are_those_of_the_formula() -> None:
    rows = Dirichlet(2.0).draw(rng(), MANY, QUALITY)
    assert rows.mean(axis=0) == pytest.approx(QUALITY, abs=0.005)
    assert rows.var(axis=0) == pytest.approx(QUALITY * (1 - QUALITY) / (2.0 * 4 + 1), rel=0.05)


def test_mallows_when_nothing_is_shared_or_all_then_it_is_dirichlet_or_the_base() -> None:
    assert MallowsDirichlet(0.0).draw(rng(), 3, QUALITY) == pytest.approx(np.tile(QUALITY, (3, 1)))
    rows = MallowsDirichlet(1.0).draw(rng(), MANY, QUALITY)
    assert rows.mean(axis=0) == pytest.approx(0.25, abs=0.005)
    assert rows.var(axis=0) == pytest.approx(0.25 * 0.75 / 5, rel=0.05)


def test_polya_urn_when_drawn_then_as_many_rows_are_different_as_the_formula_says() -> None:
    copies, donors = 0.05, 2000
    distinct = [
        len(np.unique(PolyaUrn(copies).draw(np.random.default_rng(seed), donors, QUALITY), axis=0))
        for seed in range(20)
    ]
    expected = (1 / (1 + copies * np.arange(donors))).sum()
    assert np.mean(distinct) == pytest.approx(expected, rel=0.08)
    assert len(np.unique(PolyaUrn(0.0).draw(rng(), 50, QUALITY), axis=0)) == 50


def test_euclidean_when_distance_does_not_matter_then_only_quality_does() -> None:
    assert Euclidean(sharpness=0.0).draw(rng(), 3, QUALITY) == pytest.approx(np.tile(QUALITY, (3, 1)))
    near = Euclidean(sharpness=20.0).draw(rng(), 500, np.full(4, 0.25))
    assert near.max(axis=1).mean() > 0.85


def test_plackett_luce_when_drawn_then_favourites_are_as_the_weights() -> None:
    rows = PlackettLuce(cohesion=2.0, decay=0.5).draw(rng(), MANY, QUALITY)
    first = np.bincount(rows.argmax(axis=1), minlength=4) / MANY
    assert first == pytest.approx(QUALITY**2 / (QUALITY**2).sum(), abs=0.01)
    assert np.sort(rows[0])[::-1] == pytest.approx(np.array([8, 4, 2, 1]) / 15)


def test_core_when_everybody_belongs_to_one_then_the_own_project_has_the_loyalty() -> None:
    rows = CoreAndVisitors(core=1.0, loyalty=0.8).draw(rng(), 400, QUALITY)
    assert (rows[np.arange(400), np.arange(400) % 4] >= 0.8).all()
    visitors = CoreAndVisitors(core=0.0).draw(rng(), MANY, QUALITY)
    assert visitors.mean(axis=0) == pytest.approx(QUALITY, abs=0.005)


def test_sample_when_drawn_then_as_many_projects_are_known_as_asked() -> None:
    fame = np.full(200, 1 / 200)
    known = Sample(projects=5.0).draw(rng(), 20_000, fame).sum(axis=1)
    assert known.min() == 1
    assert known.mean() == pytest.approx(5, rel=0.03)
    assert known.var() == pytest.approx(5 * 4, rel=0.1)  # geometric with t = 4 / 5


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_sample_when_one_project_is_known_then_it_is_as_likely_as_its_fame(weight: float) -> None:
    known = Sample(projects=1.0, fame_weight=weight).draw(rng(), MANY, QUALITY)
    assert (known.sum(axis=1) == 1).all()
    assert known.mean(axis=0) == pytest.approx(QUALITY**weight / (QUALITY**weight).sum(), abs=0.01)


def test_herding_when_donors_follow_then_knowledge_is_more_unequal() -> None:
    quality = np.full(50, 1 / 50)
    shares = [
        np.sort(Synthetic(donors=2000, herding=herding).draw(rng(), quality).knows.sum(axis=0))
        for herding in (0.0, 1.0)
    ]
    assert shares[1][-5:].sum() > 1.2 * shares[0][-5:].sum()


def test_people_when_drawn_then_values_add_up_to_the_budget() -> None:
    people = Synthetic(donors=100).draw(rng(), QUALITY)
    assert people.value.sum(axis=1) == pytest.approx(people.budget)
    assert people.worth.sum() == pytest.approx(people.budget.sum())


def test_detection_when_drawn_then_rates_are_as_asked() -> None:
    sybil = np.arange(MANY) % 2 == 0
    weights = Detection(recall=0.8, false_alarm=0.1).weigh(rng(), sybil, WeightRule())
    assert set(weights.tolist()) == {0, 10_000}
    assert (weights[sybil] == 0).mean() == pytest.approx(0.8, abs=0.01)
    assert (weights[~sybil] == 0).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("score", "weight"), [(14.9, 0), (15.0, 5000), (20.0, 7500), (25.0, 10_000), (40.0, 10_000)])
def test_scores_when_there_is_no_curve_then_it_is_the_passport_curve(score: float, weight: int) -> None:
    found = Scores(honest=score, sybil=0.0, spread=0.0).weigh(rng(), np.array([False, True]), WeightRule())
    assert found.tolist() == [weight, 0]
