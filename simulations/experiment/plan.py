"""An experiment: a scenario, what is varied in it, and which replications are run together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from qf.errors import Problem
from simulations.experiment.keys import FIXED, changed
from simulations.experiment.sweep import Sweep, Values, document_of_sweep, sweep_of
from simulations.parts import ScenarioError
from simulations.scenario import Scenario, read_document, scenario_of

UNSWEPT = (*FIXED, "scenario.seed", "scenario.replications")
"""Keys that cannot be varied: every cell is run with the same seeds, equally often, under the same name."""

CHUNK_SECONDS = 2.0
"""About how long one chunk should take: starting it costs under a millisecond, and a kill loses no more than it."""

ENTRY_SECONDS, MECHANISM_SECONDS = 1e-7, 0.003
"""About how long a run takes for each pair of donor and project, and for each mechanism. Measured on one core."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One scenario of an experiment.

    Attributes:
        number: from 0.
        values: what the sweep sets, by dotted key.
        scenario: the scenario with these values.
    """

    number: int
    values: Values
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class Chunk:
    """Replications of a cell that are run together: `first` to `last` - 1."""

    number: int
    cell: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Experiment:
    """A scenario, replicated in every cell of a sweep.

    Cells differ in what is swept and in nothing else: replication n of each draws from the same streams.
    """

    scenario: Scenario
    sweep: Sweep | None = None

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The scenarios that are run.

        Raises:
            ScenarioError: naming every cell that cannot be, and why.
        """
        if self.sweep is None:
            return (Cell(0, {}, self.scenario),)
        problems = [
            Problem("[sweep.over]", f"{key} cannot be varied", "every cell is run with the same seeds, equally often")
            for key in self.sweep.over
            if key in UNSWEPT
        ]
        cells: list[Cell] = []
        for number, values in enumerate([] if problems else self.sweep.cells(self.scenario.head.seed)):
            try:
                cells.append(Cell(number, values, changed(self.scenario, values)))
            except ScenarioError as error:
                problems += [problem for problem in _of_cell(values, error) if problem not in problems]
        if problems:
            raise ScenarioError(problems)
        return tuple(cells)

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """All replications of all cells, cut into chunks of about equal length; the same wherever they are run."""
        found: list[Chunk] = []
        many = self.scenario.head.replications
        for cell in self.cells:
            size = chunk_size(cell.scenario)
            for first in range(0, many, size):
                found.append(Chunk(len(found), cell.number, first, min(first + size, many)))
        return tuple(found)

    @property
    def document(self) -> dict[str, Any]:
        """The experiment as plain values, every default spelled out; `experiment_of` reads it back."""
        sweep = {} if self.sweep is None else {"sweep": document_of_sweep(self.sweep)}
        return {**self.scenario.document, **sweep}

    @property
    def digest(self) -> str:
        """The SHA-256 of the document; without a sweep, the digest of the scenario."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def experiment_of(document: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> Experiment:
    """Return the experiment that a document describes: that of a scenario, and a table `sweep` if it has one.

    >>> made = experiment_of({"scenario": {"id": "demo"}, "sweep": {"over": {"identity.price": [0.0, 0.5]}}})
    >>> [cell.scenario.parts.identity.price for cell in made.cells]
    [0.0, 0.5]

    Args:
        document: as it is written in TOML.
        settings: other values, by dotted key.

    Raises:
        ScenarioError: naming everything that is wrong.
    """
    problems: list[Problem] = []
    sweep = sweep_of(document["sweep"], problems) if "sweep" in document else None
    try:
        scenario = scenario_of({name: table for name, table in document.items() if name != "sweep"})
        scenario = changed(scenario, settings) if settings else scenario
    except ScenarioError as error:
        raise ScenarioError([*error.problems, *problems]) from None
    if problems:
        raise ScenarioError(problems)
    experiment = Experiment(scenario, sweep)
    assert experiment.cells  # made here, so that whatever is wrong with them is told before anything runs
    return experiment


def read_experiment(path: Path, settings: Mapping[str, Any] | None = None) -> Experiment:
    """Return the experiment in a TOML file, with other values by dotted key.

    Raises:
        ScenarioError: naming everything that is wrong.
    """
    return experiment_of(read_document(path), settings)


def chunk_size(scenario: Scenario) -> int:
    """Return how many replications make a chunk of about `CHUNK_SECONDS`; it depends on the scenario alone.

    >>> chunk_size(scenario_of({"scenario": {"id": "demo"}, "population": {"donors": 100_000}}))
    10
    """
    entries = getattr(scenario.parts.population, "donors", 1000) * scenario.parts.projects.count
    seconds = ENTRY_SECONDS * entries + MECHANISM_SECONDS * len(scenario.head.mechanisms)
    return max(1, round(CHUNK_SECONDS / seconds))


def _of_cell(values: Values, error: ScenarioError) -> Iterator[Problem]:
    told = ", ".join(f"{key} = {value!r}" for key, value in values.items())
    for problem in error.problems:
        where = "[sweep.over]" if problem.where.startswith("key ") else f"[sweep.over] {told}:"
        yield Problem(f"{where} {problem.where}", problem.what, problem.fix)
