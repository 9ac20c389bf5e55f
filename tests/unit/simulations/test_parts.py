"""Parts of a scenario: what is read, what is refused, and what is suggested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from qf.errors import Problem
from simulations.parts import Models, ScenarioError, document_of, key, read_model, read_part


@dataclass(frozen=True, slots=True)
class Rain:
    model: ClassVar[str] = "rain"
    litres: float = key("how much", 2.0, least=0.0, most=10.0)


@dataclass(frozen=True, slots=True)
class Snow:
    model: ClassVar[str] = "snow"
    flakes: int = key("how many", least=1)


WEATHER: Models = {kind.model: kind for kind in (Rain, Snow)}


@dataclass(frozen=True, slots=True)
class Day:
    name: str = key("what it is called")
    weather: Any = key("how it is", Rain, models=WEATHER)
    later: tuple[Any, ...] = key("how it will be", (), models=WEATHER)
    wind: str = key("from where", "north", options=("north", "south"))
    hours: tuple[float, ...] = key("when", (1.0,), above=0.0)
    dry: bool = key("whether it is", False)

    def __post_init__(self) -> None:
        if self.dry and isinstance(self.weather, Snow):
            raise ScenarioError.at("dry", "snow is not dry", "leave one out")


def told(table: Any) -> list[str]:
    problems: list[Problem] = []
    assert read_part(Day, table, "[day]", problems) is None
    return [str(problem) for problem in problems]


def read(table: Any) -> Day:
    problems: list[Problem] = []
    day = read_part(Day, table, "[day]", problems)
    assert day is not None and problems == []
    return day


def test_what_is_not_given_has_its_default_and_a_table_without_model_is_of_the_usual_kind() -> None:
    assert read({"name": "a"}) == Day("a", Rain(2.0))
    assert read({"name": "a", "weather": {"litres": 3}}).weather == Rain(3.0)
    assert read({"name": "a", "weather": "rain"}).weather == Rain()


def test_every_part_is_read_back_from_its_document() -> None:
    day = Day("a", Snow(3), (Rain(1.0), Snow(1)), "south", (2.0, 3.5))
    assert read(document_of(day)) == day


def test_all_that_is_wrong_is_named_at_once_with_what_was_meant() -> None:
    wrong = {
        "nmae": "a", "weather": {"model": "rian"}, "later": [{"model": "snow", "flakes": 0}, {"model": "rain", "l": 1}],
        "wind": "noth", "hours": [1, 0], "dry": 1,
    }  # fmt: skip
    assert told(wrong) == [
        "[day]: 'nmae' is not known; did you mean name?",
        "[day] name: is missing; what it is called",
        "[day] weather model: 'rian' is not known; did you mean rain?",
        "[day] later 1 flakes: 0 is below 1; how many",
        "[day] later 2: 'l' is not known; known: litres, model",
        "[day] wind: 'noth' is none of north, south; did you mean north?; from where",
        "[day] hours: 0 is not above 0.0; when",
        "[day] dry: 1 is not true or false; whether it is",
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "is not a finite number"),
        (float("inf"), "is not a finite number"),
        ("2", "is not a number"),
        (True, "is not a number"),
        (11, "is above 10"),
        (-0.1, "is below 0"),
    ],
)
def test_a_number_is_finite_and_within_its_limits(value: Any, why: str) -> None:
    [problem] = told({"name": "a", "weather": {"litres": value}})
    assert problem.startswith("[day] weather litres: ") and why in problem


def test_a_whole_number_is_no_fraction_and_no_truth_value() -> None:
    for value in (1.0, True, "1", None):
        problems: list[Problem] = []
        assert read_model(WEATHER, {"model": "snow", "flakes": value}, "w", problems) is None
        assert "is not a whole number" in str(problems[0])


def test_what_a_part_refuses_by_itself_is_named_where_it_stands() -> None:
    assert told({"name": "a", "dry": True, "weather": {"model": "snow", "flakes": 1}}) == [
        "[day] dry: snow is not dry; leave one out"
    ]


def test_what_is_no_table_is_refused() -> None:
    assert told([1]) == ["[day]: [1] is not a table; write its keys and values"]
    problems: list[Problem] = []
    assert read_model(WEATHER, {}, "w", problems) is None
    assert str(problems[0]) == "w model: is missing; one of rain, snow"
