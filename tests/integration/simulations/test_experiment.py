"""An experiment gives the same bytes whoever runs it, and loses nothing that was finished."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from qf.errors import QfError
from simulations.experiment import Experiment, Results, UnfinishedError, experiment_of, plan, read_results, run
from simulations.experiment.folder import CURVES, EXPERIMENT, PARTS, RUNS, Folder
from simulations.parts import ScenarioError

REPOSITORY = Path(__file__).resolve().parents[3]

DOCUMENT: dict[str, Any] = {
    "scenario": {"id": "small", "replications": 40, "mechanisms": ["quadratic", "pairwise"]},
    "population": {"donors": 40},
    "projects": {"count": 6},
    "attacks": [{"model": "sybil", "accounts": 5}],
    "sweep": {"over": {"identity.price": [0.0, 1.5], "attacks.0.cover": [0, 2]}},
}

DRIVER = """
import json, sys
from pathlib import Path
from simulations.experiment import experiment_of, plan, run
plan.CHUNK_SECONDS = float(sys.argv[3])
run(experiment_of(json.loads(sys.argv[1])), Path(sys.argv[2]))
"""
"""Runs an experiment in a process of its own, in chunks of so many seconds."""


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """Return an experiment of sixteen chunks."""
    monkeypatch.setattr(plan, "CHUNK_SECONDS", 0.06)
    made = experiment_of(DOCUMENT)
    assert len(made.chunks) == 16
    return made


def written(results: Results) -> tuple[bytes, bytes]:
    """Return the tables as they are on the disk."""
    return (results.folder / RUNS).read_bytes(), (results.folder / CURVES).read_bytes()


def printed(program: str, **environment: str) -> str:
    """Return what a Python program prints in a process of its own."""
    around = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
    return subprocess.run(
        [sys.executable, "-c", program], env=around, capture_output=True, text=True, check=True
    ).stdout


def started(folder: Path, seconds: float = 2.0, hash_seed: str = "random") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", DRIVER, json.dumps(DOCUMENT), str(folder), str(seconds)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment)


def test_results_when_one_process_two_or_a_cluster_ran_it_then_they_are_the_same_bytes(
    experiment: Experiment, tmp_path: Path
) -> None:
    from distributed import LocalCluster

    alone = written(run(experiment, tmp_path / "one"))
    assert written(run(experiment, tmp_path / "two", jobs=2)) == alone
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert written(run(experiment, tmp_path / "cluster", scheduler=cluster.scheduler_address)) == alone


def test_results_when_chunks_are_cut_otherwise_and_run_backwards_then_they_are_the_same_bytes(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = written(run(experiment, tmp_path / "usual"))
    monkeypatch.setattr(plan, "CHUNK_SECONDS", 0.1)
    missing = Folder.missing
    monkeypatch.setattr(Folder, "missing", lambda folder: missing(folder)[::-1])
    other = experiment_of(DOCUMENT)
    assert len(other.chunks) != len(experiment.chunks)
    assert written(run(other, tmp_path / "other")) == usual


def test_results_when_the_seed_of_hashes_differs_then_they_are_the_same_bytes(tmp_path: Path) -> None:
    runs = [started(tmp_path / seed, hash_seed=seed) for seed in ("1", "2")]
    assert [process.wait(timeout=120) for process in runs] == [0, 0]
    assert written(read_results(tmp_path / "1")) == written(read_results(tmp_path / "2"))


def test_donors_when_blas_has_more_threads_then_they_are_the_same_bytes() -> None:
    program = (
        "import hashlib, numpy as np; from simulations.population.valuations import Euclidean;"
        "drawn = Euclidean(dimensions=20).draw(np.random.default_rng(1), 10_007, np.full(211, 1 / 211));"
        "print(hashlib.sha256(drawn.tobytes()).hexdigest())"
    )
    assert printed(program, OPENBLAS_NUM_THREADS="1") == printed(program, OPENBLAS_NUM_THREADS="2")


def test_results_when_the_seed_of_the_scenario_differs_then_every_run_differs(
    experiment: Experiment, tmp_path: Path
) -> None:
    first = run(experiment, tmp_path / "1").runs
    other = run(experiment_of(DOCUMENT, {"scenario.seed": 2}), tmp_path / "2").runs
    assert not (first["welfare"] == other["welfare"]).any()


def test_cells_when_they_are_run_then_they_meet_the_same_donors(experiment: Experiment, tmp_path: Path) -> None:
    runs = run(experiment, tmp_path / "results").runs
    by_price = {price: runs.filter(pl.col("identity.price") == price) for price in (0.0, 1.5)}
    assert by_price[0.0]["welfare"].to_list() == by_price[1.5]["welfare"].to_list()
    dearer = by_price[1.5]["attack_cost"] - by_price[0.0]["attack_cost"]
    assert dearer.to_list() == pytest.approx([5 * 1.5] * len(dearer))


def test_runs_when_read_then_there_is_a_row_for_each_run_and_the_file_says_what_it_is(
    experiment: Experiment, tmp_path: Path
) -> None:
    results = run(experiment, tmp_path / "results")
    assert results.runs.columns[:5] == ["cell", "identity.price", "attacks.0.cover", "replication", "mechanism"]
    assert results.runs.columns[-1] == "error"
    rows = results.runs.select("cell", "replication", "mechanism").rows()
    assert rows == [(c, r, m) for c in range(4) for r in range(40) for m in ("quadratic", "pairwise")]
    told = pl.read_parquet_metadata(results.folder / RUNS)
    assert told["digest"] == experiment.digest
    assert experiment_of(json.loads(told["experiment"])).digest == experiment.digest
    assert sorted(path.name for path in results.folder.iterdir()) == sorted([EXPERIMENT, RUNS, CURVES])


def test_run_when_it_was_killed_then_only_what_is_missing_is_run(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "killed"
    process = started(folder, seconds=0.06)
    finished = wait_for_parts(folder / PARTS, 2)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    kept = {path.name: path.read_bytes() for path in parts(folder / PARTS)}
    assert len(kept) >= finished
    if len(kept) == 16:
        pytest.fail("it was done before it could be killed; make the experiment larger")
    played: list[int] = []
    keep = Folder.keep
    monkeypatch.setattr(
        Folder, "keep", lambda self, chunk, part: (played.append(chunk.number), keep(self, chunk, part))
    )
    results = run(experiment, folder)
    assert len(played) == 16 - len(kept)
    assert not {f"{number:06}.parquet" for number in played} & set(kept)
    assert written(results) == written(run(experiment, tmp_path / "fresh"))


def test_run_when_a_worker_is_killed_then_what_was_finished_is_kept(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, killed = Folder.keep, list[int]()

    def keep_and_kill(self: Folder, chunk: Any, part: Any) -> None:
        keep(self, chunk, part)
        if not killed:
            worker = next(child for child in psutil.Process().children() if is_worker(child))
            worker.kill()
            killed.append(worker.pid)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "keep", keep_and_kill)
        with pytest.raises(UnfinishedError, match="a worker was killed") as failed:
            run(experiment, tmp_path / "killed", jobs=2)
    kept = len(parts(tmp_path / "killed" / PARTS))
    assert kept >= 1
    assert failed.value.left == 16 - kept
    assert written(run(experiment, tmp_path / "killed")) == written(run(experiment, tmp_path / "fresh"))


def test_run_when_it_is_finished_then_nothing_is_run_again(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(run(experiment, tmp_path / "results"))
    monkeypatch.setattr(Folder, "keep", lambda *_: pytest.fail("a chunk was run again"))
    assert written(run(experiment, tmp_path / "results")) == first


def test_run_when_the_folder_holds_another_experiment_then_it_is_refused(
    experiment: Experiment, tmp_path: Path
) -> None:
    run(experiment, tmp_path / "results")
    with pytest.raises(ScenarioError, match="another experiment"):
        run(experiment_of(DOCUMENT, {"population.donors": 41}), tmp_path / "results")


def test_run_when_other_code_began_it_then_it_is_refused(experiment: Experiment, tmp_path: Path) -> None:
    folder = Folder.begin(tmp_path / "results", experiment)
    manifest = json.loads((folder.path / EXPERIMENT).read_text("utf-8"))
    (folder.path / EXPERIMENT).write_text(json.dumps({**manifest, "code": "0" * 64}), "utf-8")
    with pytest.raises(ScenarioError, match="another version of the code"):
        run(experiment, folder.path)


def test_run_when_there_is_no_scheduler_then_it_says_so(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[run.__module__], "PATIENCE", "1s")
    with pytest.raises(QfError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:1"):
        run(experiment, tmp_path / "results", scheduler="tcp://127.0.0.1:1")


def is_worker(process: psutil.Process) -> bool:
    """Return whether it is a living worker of joblib."""
    return process.status() != psutil.STATUS_ZOMBIE and "popen_loky_posix" in " ".join(process.cmdline())


def parts(folder: Path) -> list[Path]:
    """Return the chunks in a folder that are finished."""
    return sorted(path for path in folder.glob("*.parquet") if path.name.count(".") == 1)


def wait_for_parts(folder: Path, count: int) -> int:
    deadline = time.monotonic() + 60
    while len(found := parts(folder)) < count:
        if time.monotonic() > deadline:
            pytest.fail("no chunk was finished within a minute")
        time.sleep(0.005)
    return len(found)
