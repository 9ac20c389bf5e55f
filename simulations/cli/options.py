"""Arguments that several commands share, and how a command gets from them to results."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from qf.cli.compare import choices
from qf.errors import InputError, Problem
from simulations.experiment import Experiment, Results, read_experiment, run


def require_jobs(jobs: int) -> int:
    """Return the number of processes, if there can be so many."""
    if jobs == 0 or jobs < -1:
        raise typer.BadParameter("name at least 1, or -1 for one on each core")
    return jobs


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="What is simulated.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for results; run again, it does what is missing.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Processes; -1: one for each core.", callback=require_jobs)]
Scheduler = Annotated[str, typer.Option(metavar="URL", help="Run on a Dask cluster instead: tcp://host:8786.")]
Replications = Annotated[int | None, typer.Option("--replications", "-n", help="How often each cell is run.")]
Seed = Annotated[int | None, typer.Option(help="Another seed than that of the scenario.")]
Mechanisms = Annotated[
    str | None, typer.Option("--mechanism", "-m", help="Other mechanisms: quadratic,pairwise:strength=10,octant.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another value: population.donors=1000.")
]

DEFAULT_OUT = Path("out")
"""Where results go without --out, each in a folder with the id of the scenario."""


def experiment_in(
    scenario: Path,
    settings: list[str] | None,
    mechanisms: str | None,
    replications: int | None,
    seed: int | None,
    measures: list[str] | None = None,
) -> Experiment:
    """Return the experiment of a file with the changes of the command line.

    Raises:
        InputError: naming everything that is wrong.
    """
    changes = _settings(settings or [])
    changes |= {"scenario.mechanisms": choices(mechanisms)} if mechanisms is not None else {}
    changes |= {"scenario.replications": replications} if replications is not None else {}
    changes |= {"scenario.seed": seed} if seed is not None else {}
    changes |= {"scenario.measures": measures} if measures else {}
    return read_experiment(scenario, changes)


@contextmanager
def results_of(experiment: Experiment, out: Path | None, jobs: int, scheduler: str) -> Iterator[Results]:
    """Run an experiment, in a folder that goes away afterwards if none is named."""
    if out is not None:
        yield run(experiment, out, jobs=jobs, scheduler=scheduler)
        return
    with TemporaryDirectory(prefix="simulations.") as folder:
        yield run(experiment, Path(folder), jobs=jobs, scheduler=scheduler)


def _settings(texts: list[str]) -> dict[str, Any]:
    """Return `key=value` as values: what TOML reads as a value, else text.

    >>> _settings(["population.donors=10", "identity=detection", "scenario.mechanisms=['equal']"])
    {'population.donors': 10, 'identity': 'detection', 'scenario.mechanisms': ['equal']}
    """
    problems = [Problem(f"--set {text}", "has no value", "write KEY=VALUE") for text in texts if "=" not in text]
    if problems:
        raise InputError(problems)
    return {key.strip(): _value(value.strip()) for key, _, value in (text.partition("=") for text in texts)}


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
