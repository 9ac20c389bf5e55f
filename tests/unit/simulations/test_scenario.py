"""A scenario as one object: read, written, told apart by its digest, refused with reasons."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulations import read_scenario, run_once, scenario_of
from simulations.parts import ScenarioError
from simulations.scenario import Scenario
from simulations.world import world

SMALL: dict[str, Any] = {
    "scenario": {"id": "small", "seed": 7, "mechanisms": ["quadratic", "pairwise:strength=25"]},
    "pool": {"amount": "100000", "match_cap_fraction": "0.4"},
    "projects": {"count": 6},
    "population": {"donors": 40},
    "attacks": [{"model": "sybil", "accounts": 5, "cover": 1}],
}


def changed(section: str, **keys: Any) -> Scenario:
    return scenario_of({**SMALL, section: {**SMALL.get(section, {}), **keys}})


def faults(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        scenario_of(document)
    return [str(problem) for problem in caught.value.problems]


def test_a_scenario_is_read_back_from_its_document_with_the_same_digest() -> None:
    scenario = scenario_of(SMALL)
    again = scenario_of(scenario.document)
    assert again.document == scenario.document and again.digest == scenario.digest


def test_spelling_out_a_default_changes_no_digest_and_any_other_choice_does() -> None:
    digest = scenario_of(SMALL).digest
    assert changed("behaviour", model="habit", part=1).digest == digest
    others = [
        changed("scenario", seed=8),
        changed("scenario", mechanisms=["pairwise:strength=25", "quadratic"]),
        changed("pool", amount="100001"),
        changed("projects", spread=0.5),
        changed("population", herding=0.1),
        changed("behaviour", focus=2),
        changed("identity", model="detection"),
    ]
    assert len({digest, *(other.digest for other in others)}) == 1 + len(others)


def test_all_that_is_wrong_is_named_before_anything_runs() -> None:
    wrong = {
        "scenario": {"id": "x", "sede": 1, "mechanisms": ["quadratc", "pairwise:strenth=2"]},
        "pool": {"amuont": "5", "amount": 5.5},
        "population": {"donors": 0, "budgets": {"model": "lognormal"}},
        "atacks": [],
    }
    told = faults(wrong)
    assert told[0] == "the scenario: 'atacks' is not known; did you mean attacks?"
    assert "[scenario]: 'sede' is not known; did you mean seed?" in told
    assert "[population] donors: 0 is below 1; how many donors there are" in told
    assert "[population] budgets model: 'lognormal' is not known; did you mean log_normal?" in told
    assert any("'amuont' is not known; did you mean amount?" in each for each in told)
    assert any(each.startswith("[pool] amount: ") for each in told)


def test_mechanisms_are_those_that_qf_compares() -> None:
    told = faults({"scenario": {"id": "x", "mechanisms": ["quadratc", "pairwise:strenth=2", "equal", "equal"]}})
    assert any("'quadratc'" in each and "did you mean quadratic?" in each for each in told)
    assert any("'pairwise:strenth=2'" in each for each in told)
    assert "[scenario] mechanisms: one is named twice; name each once" in told
    assert faults({"scenario": {"id": "x", "mechanisms": []}}) == [
        "[scenario] mechanisms: there are none; name at least one: quadratic"
    ]


def test_a_file_that_is_missing_or_no_toml_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.toml: No such file"):
        read_scenario(tmp_path / "nowhere.toml")
    (tmp_path / "odd.toml").write_bytes(b"[scenario\n")
    with pytest.raises(ScenarioError, match=r"odd\.toml"):
        read_scenario(tmp_path / "odd.toml")
    (tmp_path / "latin.toml").write_bytes(b'[scenario]\nid = "\xe9"\n')
    with pytest.raises(ScenarioError, match=r"latin\.toml"):
        read_scenario(tmp_path / "latin.toml")


def test_the_same_seed_gives_the_same_rows_and_another_seed_or_replication_others() -> None:
    scenario = scenario_of(SMALL)
    rows = repr(run_once(scenario, 3))
    assert repr(run_once(scenario, 3)) == rows
    assert repr(run_once(scenario, 4)) != rows and repr(run_once(changed("scenario", seed=8), 3)) != rows


def test_rows_depend_neither_on_hash_seeds_nor_on_what_ran_before() -> None:
    program = "import sys, json; from simulations import *; print(run_once(scenario_of(json.loads(sys.argv[1])), 3))"
    told = {
        subprocess.run(
            [sys.executable, "-c", program, json.dumps(SMALL)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    scenario = scenario_of(SMALL)
    run_once(scenario, 9)
    assert told == {f"{run_once(scenario, 3)}\n"}


def test_another_attack_mechanism_or_identity_meets_the_same_donors() -> None:
    first = world(scenario_of(SMALL), 2)
    for other in (changed("scenario", mechanisms=["equal"]), changed("identity", model="scores"), without_attack()):
        second = world(other, 2)
        assert np.array_equal(first.people.value, second.people.value)
        assert np.array_equal(first.before.gifts.amount, second.before.gifts.amount)


def without_attack() -> Scenario:
    return scenario_of({**SMALL, "attacks": []})


def test_payouts_of_a_run_add_up_with_what_is_unspent() -> None:
    for row in run_once(scenario_of(SMALL), 0):
        assert row["error"] == "" and 0 <= row["unspent_fraction"] <= 1
        assert row["top_share"] * (1 - row["unspent_fraction"]) <= 0.4 + 1e-9
