"""Rules that make one division of many ballots, against a naive reading of their definitions."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest

from simulations.ballots import RULES, capped_median, mallows, quorum_median

BALLOTS = np.array([[0.0, 7.0, 3.0], [5.0, 0.0, 5.0], [2.0, 2.0, 6.0], [9.0, 1.0, 0.0]])


@pytest.mark.parametrize("rule", RULES)
def test_rule_when_all_agree_then_the_division_is_theirs(rule: str) -> None:
    same = np.tile([4.0, 4.0], (3, 1))
    expected = [0.4, 0.4] if rule == "capped_median" else [4.0, 4.0]  # of 8, a project may have 5 %
    assert RULES[rule](same, 8.0).round(9).tolist() == expected


def test_quorum_median_when_zeros_are_left_out_then_it_is_the_median_of_the_others() -> None:
    middle = np.array([median([x for x in column if x > 0]) for column in BALLOTS.T])
    assert quorum_median(BALLOTS, 10.0) == pytest.approx(10.0 * middle / middle.sum())


def test_quorum_median_when_too_few_gave_or_too_little_then_nothing_is_divided_to_it() -> None:
    ballots = np.array([[9.0, 1.0, 0.0], [9.0, 1.0, 0.0], [9.0, 0.5, 0.5]])
    assert quorum_median(ballots, 10.0, quorum=2, least=2.0).tolist() == [10.0, 0.0, 0.0]
    assert quorum_median(np.zeros((2, 2)), 10.0).tolist() == [0.0, 0.0]


def test_capped_median_when_it_is_paid_then_no_project_is_above_the_cap_and_none_below_the_least() -> None:
    ballots = mallows(np.random.default_rng(3), 40, 63, 8e6, 0.5)
    paid = capped_median(ballots, 8e6)
    assert paid.max() <= 400_000 * (1 + 1e-12)
    assert ((paid == 0) | (paid >= 800)).all()
    assert paid.sum() <= 8e6 * (1 + 1e-12)


def test_mallows_when_nothing_is_dispersed_then_all_ballots_are_the_base() -> None:
    ballots = mallows(np.random.default_rng(3), 5, 4, 10.0, 0.0)
    assert (ballots == ballots[0]).all()
    assert ballots.sum(axis=1) == pytest.approx(10.0)
