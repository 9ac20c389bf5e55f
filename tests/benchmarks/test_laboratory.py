"""How long an experiment takes: 10,000 donors, 200 projects, six mechanisms, on one process and on two.

QF_BENCH_REPLICATIONS sets how many replications are run (default 72, eight chunks); the bar is for 1,000 on two cores.
What a run costs is counted in CPU seconds of one thread, since other work shares the machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from simulations.experiment import Experiment, experiment_of, run
from simulations.running import run_once

REPLICATIONS = int(os.environ.get("QF_BENCH_REPLICATIONS", "72"))

CORES = 2

BAR_RUNS, BAR_SECONDS = 1000, 180.0
"""So many replications in less than so many seconds on so many cores."""

MIN_SCALING = 0.8
"""Two processes do at least this part of twice the work of one."""

MECHANISMS = ["quadratic", "pairwise", "cluster_profile", "cluster_connection", "proportional", "headcount"]


def experiment(replications: int = REPLICATIONS) -> Experiment:
    return experiment_of(
        {
            "scenario": {"id": "large", "replications": replications, "mechanisms": MECHANISMS},
            "population": {"donors": 10_000},
            "projects": {"count": 200},
        }
    )


def test_a_thousand_large_rounds_take_less_than_three_minutes_on_two_cores(benchmark: Any) -> None:
    scenario = experiment().scenario
    run_once(scenario, 0)  # compiled
    began = process_time()
    benchmark.pedantic(lambda: [run_once(scenario, n) for n in range(10)], rounds=1)
    seconds = (process_time() - began) / 10
    benchmark.extra_info.update(seconds_a_run=seconds, a_thousand_on_two_cores=seconds * BAR_RUNS / CORES)
    assert seconds * BAR_RUNS / CORES < BAR_SECONDS


def test_two_processes_do_nearly_twice_the_work_of_one(benchmark: Any, tmp_path: Path) -> None:
    made = experiment()
    run(experiment(2 * CORES), tmp_path / "warm", jobs=CORES)  # workers are there, and have compiled
    alone = seconds_of(lambda: run(made, tmp_path / "one", jobs=1))
    together = benchmark.pedantic(lambda: seconds_of(lambda: run(made, tmp_path / "two", jobs=CORES)), rounds=1)
    scaling = alone / together / CORES
    benchmark.extra_info.update(one=alone, two=together, scaling=scaling)
    assert scaling >= MIN_SCALING


def seconds_of(work: Any) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
