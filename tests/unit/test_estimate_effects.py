"""What all projects are matched with, and what one donor moves: as two settlements say."""

from __future__ import annotations

from typing import Any

import pytest

import qf
from qf.estimate import Estimator
from qf.explain import explain_donations, explain_donor
from qf.inputs import Inputs
from qf.settle import settle_inputs

GIFTS = [("ann", "well", 400), ("bob", "well", 100), ("ann", "bus", 100), ("cy", "bus", 100), ("di", "inn", 9)]


@pytest.mark.parametrize("mechanism", ["quadratic", "pairwise", "cluster_profile"])
@pytest.mark.parametrize("evidence", [{}, {"links": {"ann": "bob"}}, {"weights": {"ann": "0.5"}}])
def test_matches_and_effects_are_those_of_settlements(mechanism: str, evidence: Any) -> None:
    round = qf.round_of(
        {"round": {"id": "r"}, "pool": {"amount": 100_000, "policy": "leave"}, "mechanism": {"id": mechanism}}
    )
    inputs = Inputs.of(round, GIFTS, **evidence)
    estimator = Estimator.of(round, inputs)
    matches = {each.project: each.capped_match for each in settle_inputs(round, inputs).projects}
    assert estimator.matches() == matches
    told = {each.project: (each.match, each.match_without) for each in explain_donor(round, inputs, "ann").projects}
    assert estimator.effects("ann") == told
    assert estimator.effects("nobody") == {}


def test_a_gift_that_was_added_is_in_the_matches() -> None:
    round = qf.preset("yen", pool=100_000, policy="leave")
    estimator = Estimator.of(round, Inputs.of(round, GIFTS))
    estimator.add("eve", "inn", 16)
    more = settle_inputs(round, Inputs.of(round, [*GIFTS, ("eve", "inn", 16)]))
    assert estimator.matches() == {each.project: each.capped_match for each in more.projects}


def test_donations_are_explained_without_those_of_others() -> None:
    round = qf.preset("yen", pool=100_000, min_donation=50)
    links = {"ann": "person", "di": "person"}
    whole = explain_donor(round, Inputs.of(round, GIFTS, links=links), "ann")
    own = [gift for gift in GIFTS if gift[0] in links]
    alone = explain_donations(round, Inputs.of(round, own, links=links), "di")
    assert alone.donations == whole.donations and alone.weight == whole.weight
    assert {each.project: each.reason is None for each in alone.donations} == {"bus": True, "well": True, "inn": False}
