"""Every mechanism is held to the axioms it declares: True by hypothesis, False by a stored counterexample."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qf.mechanisms import REGISTRY, Axiom
from tests.properties.axioms import CHECKS, EXACT, Trial, gain, ideal
from tests.properties.counterexamples import COUNTEREXAMPLES
from tests.properties.trials import trials

DECLARED = [(id, axiom) for id, mechanism in REGISTRY.items() for axiom in Axiom if mechanism.axioms[axiom] is True]
DENIED = [(id, axiom) for id, mechanism in REGISTRY.items() for axiom in Axiom if mechanism.axioms[axiom] is False]
UNKNOWN = {("mix", Axiom.SYBIL_BOUNDED)}
"""What is declared as None; the reason stands as a comment beside it."""


def test_every_axiom_has_a_check_and_nothing_else_is_unknown() -> None:
    assert set(CHECKS) == set(Axiom)
    unknown = {(id, axiom) for id, mechanism in REGISTRY.items() for axiom in Axiom if mechanism.axioms[axiom] is None}
    assert unknown == UNKNOWN


@pytest.mark.parametrize(("id", "axiom"), DECLARED)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_axiom_when_declared_then_it_holds(id: str, axiom: Axiom, data: st.DataObject) -> None:
    trial = data.draw(trials(id))
    assert CHECKS[axiom](REGISTRY[id], trial), f"{id} is not {axiom}"


@pytest.mark.parametrize(("id", "axiom"), DENIED)
def test_axiom_when_denied_then_a_counterexample_is_stored_and_still_fails(id: str, axiom: Axiom) -> None:
    assert (id, axiom) in COUNTEREXAMPLES, f"tests/properties/counterexamples.py holds none for {id} {axiom}"
    assert not CHECKS[axiom](REGISTRY[id], COUNTEREXAMPLES[id, axiom])


def test_counterexamples_are_for_what_is_denied() -> None:
    assert set(COUNTEREXAMPLES) == set(DENIED)


@settings(max_examples=60)
@given(trial=trials("cluster_declared"))
def test_declared_group_when_hidden_then_the_match_of_no_project_rises(trial: Trial) -> None:
    mechanism, groups = REGISTRY["cluster_declared"], trial.attributes["group"]
    hidden = replace(
        trial, attributes={"group": {name: group for name, group in groups.items() if name != trial.donor}}
    )
    open_match, hidden_match = ideal(mechanism, trial), ideal(mechanism, hidden)
    assert all(hidden_match[project] <= open_match[project] * (1 + EXACT) for project in open_match)


@pytest.mark.parametrize("id", [id for id, axiom in DENIED if axiom is Axiom.SYBIL_BOUNDED])
def test_gain_of_accounts_when_not_bounded_then_it_keeps_growing(id: str) -> None:
    mechanism, trial = REGISTRY[id], COUNTEREXAMPLES[id, Axiom.SYBIL_BOUNDED]
    gains = [gain(mechanism, trial, accounts) for accounts in (2, 4, 8, 16, 32, 64)]
    assert gains[0] > 0
    assert all(more > less * 3 / 2 for less, more in pairwise(gains))
