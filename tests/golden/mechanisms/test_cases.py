"""Stored rounds, one file per mechanism: ideal matches to the last digit, and the payouts of a pool of 100,000.

The numbers were made by the program once, after they agreed with the twins in tests/reference; they must not change.
To add a mechanism, write its file with `expected` left empty, and copy what the failing test says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qf import round_of, settle
from qf.mechanisms import REGISTRY

FOLDER = Path(__file__).parent

ROUND = json.loads((FOLDER / "town.json").read_text("utf-8"))
"""The donations, weights and attributes that all cases share."""


def stored(id: str) -> list[dict[str, Any]]:
    path = FOLDER / f"{id}.json"
    return json.loads(path.read_text("utf-8"))["cases"] if path.is_file() else []


CASES = [(id, case) for id in REGISTRY for case in stored(id)]


def test_every_mechanism_has_a_case() -> None:
    assert [id for id in REGISTRY if not stored(id)] == [], "tests/golden/mechanisms/<id>.json is missing"
    names = {path.stem for path in FOLDER.glob("*.json")}
    assert names == {*REGISTRY, "town"}


@pytest.mark.parametrize(("id", "case"), CASES, ids=[f"{id}: {case['name']}" for id, case in CASES])
def test_mechanism_when_given_the_stored_round_then_the_stored_numbers(id: str, case: dict[str, Any]) -> None:
    assert computed(id, case) == case["expected"]


def computed(id: str, case: dict[str, Any]) -> dict[str, Any]:
    sections = {
        "round": {"id": "town", "unit": "JPY"},
        "pool": {"amount": "100000", "token": "JPY", **case.get("pool", {})},
        "mechanism": {"id": id, **case.get("parameters", {})},
        "weights": {"convention": case.get("convention", "inside_root"), "max_weight": "1.5"},
    }
    gifts = [[*row, False] for row in ROUND["donations"]] + [[*row, True] for row in case.get("against", [])]
    names = ("donor", "project", "amount", "against")
    columns = {name: [row[place] for row in gifts] for place, name in enumerate(names)}
    if "against" not in case:
        del columns["against"]
    result = settle(
        round_of(sections),
        columns,
        weights=ROUND["weights"] if case.get("weighted", True) else None,
        attributes=ROUND["attributes"],
    )
    return {
        "ideal_match": {project.project: str(project.ideal_match) for project in result.projects},
        "payout": {project: str(amount) for project, amount in result.payouts.items()},
        "unspent": str(result.unspent),
        "notes": list(result.notes),
    }
