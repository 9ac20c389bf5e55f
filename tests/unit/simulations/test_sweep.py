"""What a sweep varies, and how a slip in it is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulations.experiment import changed, experiment_of
from simulations.experiment.sweep import LatinHypercube, Range
from simulations.parts import ScenarioError
from simulations.scenario import scenario_of

PLAIN: dict[str, Any] = {"scenario": {"id": "plain"}, "attacks": [{"model": "sybil"}]}
OTHERS = {"to": 10, "from": 1}


def problems_of(sweep: Any) -> str:
    with pytest.raises(ScenarioError) as refused:
        experiment_of({**PLAIN, "sweep": sweep})
    return "\n".join(str(problem) for problem in refused.value.problems)


def test_grid_when_two_keys_are_varied_then_every_combination_is_a_cell_and_the_last_changes_fastest() -> None:
    over = {"population.donors": [10, 20], "identity.price": [0.0, 1.0, 2.0]}
    cells = experiment_of({**PLAIN, "sweep": {"over": over}}).cells
    found = [(cell.scenario.parts.population.donors, cell.scenario.parts.identity.price) for cell in cells]
    assert found == [(10, 0.0), (10, 1.0), (10, 2.0), (20, 0.0), (20, 1.0), (20, 2.0)]
    assert [cell.number for cell in cells] == list(range(6))


def test_cell_when_compared_with_the_scenario_then_only_what_is_swept_differs() -> None:
    made = experiment_of({**PLAIN, "sweep": {"over": {"attacks.0.accounts": [7]}}})
    (cell,) = made.cells
    plain, swept = made.scenario.document, cell.scenario.document
    assert swept["attacks"][0].pop("accounts") == 7
    assert plain["attacks"][0].pop("accounts") == 100
    assert swept == plain


def test_latin_hypercube_when_drawn_then_each_part_of_each_range_has_one_point() -> None:
    points = 40
    sweep = LatinHypercube(points, {"a": Range(-1.0, 3.0), "b": Range(1.0, 10_000.0, "log")})
    cells = sweep.cells(seed=5)
    linear = np.array([(cell["a"] + 1) / 4 for cell in cells])
    ratio = np.array([np.log10(cell["b"]) / 4 for cell in cells])
    for places in (linear, ratio):
        assert sorted(np.floor(places * points).astype(int)) == list(range(points))
    assert sweep.cells(seed=5) == cells
    assert sweep.cells(seed=6) != cells


def test_range_when_both_ends_are_whole_then_every_whole_number_is_as_likely() -> None:
    span = Range(1, 3, whole=True)
    drawn = [span.at((place + 0.5) / 300) for place in range(300)]
    assert {value: drawn.count(value) for value in drawn} == {1: 100, 2: 100, 3: 100}
    assert all(type(value) is int for value in drawn)


def test_sweep_when_written_and_read_again_then_it_is_the_same_experiment() -> None:
    latin = {"model": "latin_hypercube", "cells": 4, "over": {"population.donors": {"from": 10, "to": 99}}}
    for sweep in (latin, {"over": {"identity": ["unknown", {"model": "detection", "recall": 0.5}]}}):
        made = experiment_of({**PLAIN, "sweep": sweep})
        again = experiment_of(made.document)
        assert again.digest == made.digest
        assert [cell.scenario.digest for cell in again.cells] == [cell.scenario.digest for cell in made.cells]


@pytest.mark.parametrize(
    ("sweep", "told"),
    [
        (
            {"over": {"population.donor": [1]}},
            "population.donor: is not in the scenario; did you mean population.donors",
        ),
        ({"over": {"donors": [1]}}, "did you mean population.donors?"),
        ({"over": {"attacks.1.accounts": [1]}}, "attacks.1.accounts: is not in the scenario; did you mean attacks.0"),
        ({"over": {"identity.price": [0.0, -1.0]}}, "identity.price = -1.0: [identity] price: -1.0 is below 0"),
        ({"over": {"scenario.mechanisms": [["quadratik"]]}}, "did you mean quadratic?"),
        (
            {"over": {"pool.policy": ["alpha"], "scenario.mechanisms": [["equal"]]}},
            "equal gives proportions, not money",
        ),
        ({"over": {"scenario.seed": [1, 2]}}, "scenario.seed cannot be varied"),
        ({"over": {"identity.price": 1.0}}, "1.0 is not a list of values"),
        ({"over": {"identity.price": []}}, "is not a list of values"),
        ({"over": {"identity.price": [1.0, 1.0]}}, "listed twice"),
        ({"over": {}}, "is empty"),
        ({}, "is empty"),
        ([], "is not a table"),
        ({"ofer": {}}, "'ofer' is not known; did you mean over?"),
        ({"model": "gird", "over": {"identity.price": [1.0]}}, "did you mean grid?"),
        ({"over": {"identity.price": [1.0]}, "cells": 3}, "means nothing in a grid"),
        ({"model": "latin_hypercube", "over": {"identity.price": OTHERS}}, "cells: is missing"),
        ({"model": "latin_hypercube", "cells": 0, "over": {"identity.price": OTHERS}}, "0 is not a whole number"),
        ({"model": "latin_hypercube", "cells": 2, "over": {"identity.price": [1]}}, "is not a table"),
        ({"model": "latin_hypercube", "cells": 2, "over": {"identity.price": {"from": 1}}}, "has no range"),
        ({"model": "latin_hypercube", "cells": 2, "over": {"identity.price": {"from": 2, "to": 1}}}, "not below 1"),
        (
            {"model": "latin_hypercube", "cells": 2, "over": {"identity.price": {**OTHERS, "from": 0, "scale": "log"}}},
            "0 is not above 0",
        ),
        ({"model": "latin_hypercube", "cells": 2, "over": {"identity.price": {**OTHERS, "scale": "lg"}}}, "mean log"),
        ({"over": {"population.donors": list(range(1, 1002)), "attacks.0.accounts": list(range(1, 1002))}}, "1002001"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sweep_when_something_is_wrong_then_it_is_named_with_what_to_write(sweep: Any, told: str) -> None:
    assert told in problems_of(sweep)


def test_experiment_when_scenario_and_sweep_are_both_wrong_then_both_are_told() -> None:
    with pytest.raises(ScenarioError) as refused:
        experiment_of({"scenario": {"id": "x", "sede": 1}, "sweep": {"ofer": {}}})
    assert "did you mean seed?" in str(refused.value) and "did you mean over?" in str(refused.value)


def test_changed_when_a_part_is_replaced_then_its_own_defaults_stand_and_inner_keys_come_after() -> None:
    scenario = scenario_of(PLAIN)
    by_name = changed(scenario, {"identity.recall": 0.25, "identity": "detection"})
    by_model = changed(scenario, {"identity.recall": 0.25, "identity.model": "detection"})
    assert by_name.parts.identity == by_model.parts.identity
    assert (by_name.parts.identity.recall, by_name.parts.identity.false_alarm) == (0.25, 0.05)


def test_changed_when_a_number_stands_for_text_of_a_round_then_it_is_taken() -> None:
    made = changed(scenario_of(PLAIN), {"pool.amount": 5000, "pool.match_cap_fraction": 0.25})
    assert (made.rules.pool.amount, float(made.rules.pool.match_cap_fraction)) == (5000, 0.25)
