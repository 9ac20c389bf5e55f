"""What donors give: by habit, and in the equilibrium of Buterin, Hitzig and Weyl."""

from __future__ import annotations

import numpy as np
import pytest

from simulations.behaviour import Habit, Utility
from simulations.population.people import People


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def people(donors: int = 40, projects: int = 5, money: float = 100.0) -> People:
    value = rng().dirichlet(np.ones(projects), donors) * money
    return People(np.full(donors, money), value, np.ones((donors, projects), dtype=np.bool_))


def test_utility_when_all_is_known_and_paid_then_funding_is_worth_less_one() -> None:
    those = people()
    gifts = Utility(match=1.0, noise=0.0, rounds=60).give(rng(), those)
    assert np.sqrt(gifts).sum(axis=0) ** 2 == pytest.approx(those.worth - 1, rel=1e-9)


def test_utility_when_a_project_is_known_to_some_then_it_is_funded_by_what_they_value() -> None:
    those = people()
    knows = rng().random(those.value.shape) < 0.6
    gifts = Utility(match=1.0, noise=0.0, rounds=60).give(rng(), People(those.budget, those.value, knows))
    assert np.sqrt(gifts).sum(axis=0) ** 2 == pytest.approx((those.value * knows).sum(axis=0) - 1, rel=1e-9)
    assert not gifts[~knows].any()


@pytest.mark.parametrize("match", [0.05, 0.3, 1.0])
def test_utility_in_equilibrium_when_a_donor_gives_otherwise_then_it_is_worth_less_to_them(match: float) -> None:
    those = people(donors=25)
    gifts = Utility(match=match, noise=0.0, rounds=400).give(rng(), those)

    def utility(own: float, donor: int, project: int) -> float:
        column = gifts[:, project].copy()
        column[donor] = own
        funding = match * (np.sqrt(column).sum() ** 2 - column.sum()) + column.sum()
        return float(those.value[donor, project] * np.log1p(funding) - own)

    for donor, project in [(0, 0), (7, 3), (24, 4)]:
        best = gifts[donor, project]
        for factor in (0.9, 0.99, 1.01, 1.1):
            assert utility(best * factor, donor, project) < utility(best, donor, project)


def test_utility_when_money_is_short_then_nobody_gives_more_than_the_budget() -> None:
    those = people(donors=2, money=10.0)
    short = People(np.array([0.5, 10.0]), those.value, those.knows)
    gifts = Utility(match=1.0, noise=0.0).give(rng(), short)
    assert gifts.sum(axis=1)[0] == pytest.approx(0.5)
    assert (gifts.sum(axis=1) <= short.budget * (1 + 1e-12)).all()


def test_habit_when_focus_is_one_then_gifts_are_as_values_and_add_up_to_the_part() -> None:
    those = people()
    gifts = Habit(part=0.5, focus=1.0, least=0.0).give(rng(), those)
    assert gifts == pytest.approx(those.value / 2)


def test_habit_when_focus_is_large_then_the_favourite_has_all() -> None:
    those = people()
    gifts = Habit(focus=100.0, least=1.0).give(rng(), those)
    assert (gifts.argmax(axis=1) == those.value.argmax(axis=1)).all()
    assert gifts.sum(axis=1) == pytest.approx(those.budget, rel=0.6)


def test_habit_when_focus_is_none_then_all_known_projects_get_the_same() -> None:
    those = people(donors=3)
    knows = np.array([[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=np.bool_)
    gifts = Habit(focus=0.0, least=0.0).give(rng(), People(those.budget, those.value, knows))
    assert gifts.tolist() == [[50, 50, 0, 0, 0], [100, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
