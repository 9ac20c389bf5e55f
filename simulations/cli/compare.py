"""`compare`: mechanisms side by side, on the same donors."""

from __future__ import annotations

from typing import Annotated

import typer

from qf.errors import InputError, Problem
from simulations.cli.options import (
    Jobs,
    Mechanisms,
    Out,
    Replications,
    ScenarioFile,
    Scheduler,
    Seed,
    Set,
    experiment_in,
    results_of,
)
from simulations.metrics import EXTRA, METRICS
from simulations.parts import unknown

Measures = Annotated[str, typer.Option(help="Columns to compare, parted by commas.")]


def compare_command(
    scenario: ScenarioFile,
    mechanism: Mechanisms = None,
    measures: Measures = "",
    out: Out = None,
    jobs: Jobs = -1,
    scheduler: Scheduler = "",
    replications: Replications = None,
    seed: Seed = None,
    setting: Set = None,
) -> None:
    """Compare mechanisms on the same donors: means, and differences to the first, with their intervals."""
    wanted = [name.strip() for name in measures.split(",") if name.strip()]
    known = {**METRICS, **EXTRA}
    problems = [unknown("--measures", name, known) for name in wanted if name not in known]
    if problems:
        raise InputError(problems)
    extra = [name for name in wanted if name in EXTRA]
    experiment = experiment_in(scenario, setting, mechanism, replications, seed, extra)
    if len(experiment.scenario.head.mechanisms) < 2 and experiment.sweep is None:
        only = experiment.scenario.head.mechanisms[0]
        told = f"only {only} is named"
        raise InputError([Problem("[scenario] mechanisms", told, "name more with --mechanism quadratic,pairwise")])
    from simulations.report import print_comparison
    from simulations.report.measures import USUAL

    with results_of(experiment, out, jobs, scheduler) as results:
        print_comparison(results, wanted or list(USUAL))
