"""`attack`: what attackers make of a scenario under each mechanism."""

from __future__ import annotations

from qf.errors import InputError
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


def attack_command(
    scenario: ScenarioFile,
    mechanism: Mechanisms = None,
    out: Out = None,
    jobs: Jobs = -1,
    scheduler: Scheduler = "",
    replications: Replications = None,
    seed: Seed = None,
    setting: Set = None,
) -> None:
    """Tell what an attack gains and costs under each mechanism, and at which price of an account it pays nothing."""
    experiment = experiment_in(scenario, setting, mechanism, replications, seed)
    if not any(cell.scenario.parts.attacks for cell in experiment.cells):
        fix = 'add a table [[attacks]] with model = "sybil"'
        raise InputError.at(str(scenario), "nobody attacks in it", fix)
    from simulations.report import print_attack

    with results_of(experiment, out, jobs, scheduler) as results:
        print_attack(results)
