"""`run`: an experiment, its tables and its report."""

from __future__ import annotations

from qf.cli.output import fact, out
from simulations.cli.options import (
    DEFAULT_OUT,
    Jobs,
    Mechanisms,
    Out,
    Replications,
    ScenarioFile,
    Scheduler,
    Seed,
    Set,
    experiment_in,
)
from simulations.experiment import run


def run_command(
    scenario: ScenarioFile,
    out_folder: Out = None,
    jobs: Jobs = -1,
    scheduler: Scheduler = "",
    replications: Replications = None,
    seed: Seed = None,
    mechanism: Mechanisms = None,
    setting: Set = None,
) -> None:
    """Simulate a scenario: tables, a report with drawings, and a summary."""
    experiment = experiment_in(scenario, setting, mechanism, replications, seed)
    folder = out_folder or DEFAULT_OUT / experiment.scenario.head.id
    results = run(experiment, folder, jobs=jobs, scheduler=scheduler)
    from simulations.report import print_summary, write_report

    report = write_report(results)
    print_summary(results)
    out.print()
    fact("tables", f"{folder}/runs.parquet, {folder}/curves.parquet")
    fact("report", report)
