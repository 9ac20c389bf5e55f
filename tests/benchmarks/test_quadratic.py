"""How long exact quadratic sums take, and how much memory, end to end: donation rows in, sums per project out.

QF_BENCH_ROWS sets the number of rows (default 10,000,000). Times that are compared are processor times of one thread,
taken in turn in one process, and the minimum of several rounds is used: other work may share the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

from qf.kernels import compiled as engine
from qf.kernels.aggregate import aggregate
from qf.kernels.tally import Tally, tally
from tests.benchmarks.float_twin import Columns, Floats, Round, float_sums, heavy_tailed_round, pandas_sums

ROWS = int(os.environ.get("QF_BENCH_ROWS", "10_000_000"))
"""Donations in the round."""

PROJECTS = 5_000
ROOT_BITS = 24

ROUNDS = 20
"""How often each call is timed."""

MAX_FLOAT_RATIO = 1.3
"""Exact sums may take this many times as long as the same algorithm in float64."""

MIN_PANDAS_RATIO = 10
"""pandas takes at least this many times as long."""

MAX_MEMORY_RATIO = 4.0
"""The whole process, interpreter and inputs included, peaks below this many times the inputs."""

FULL_ROWS = 5_000_000
"""The fewest rows to which these limits apply: below, the interpreter and the lists of results outweigh the rows."""

MEASURED_CHILD = """
import sys
import numpy as np
from qf.kernels import compiled
from qf.kernels.aggregate import aggregate
from qf.kernels.tally import tally
folder, identities, projects, path = sys.argv[1:]
compiled.has_compiler = lambda: path == "compiled"
columns = [np.load(f"{folder}/{name}.npy") for name in ("identity", "project", "amount")]
entries = aggregate(*columns, identities=int(identities), projects=int(projects))
tally(entries, inner=None, outer=None, projects=int(projects), root_bits=24)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) * 1024)
"""
"""VmHWM and not ru_maxrss: the latter is inherited from the parent that started the process."""


@pytest.fixture(scope="module")
def drawn() -> Round:
    return heavy_tailed_round(ROWS, PROJECTS)


def exact_sums(columns: Columns, identities: int, projects: int) -> Tally:
    entries = aggregate(*columns, identities=identities, projects=projects)
    return tally(entries, inner=None, outer=None, projects=projects, root_bits=ROOT_BITS)


def as_floats(columns: Columns) -> Floats:
    return columns.identity, columns.project, columns.amount.astype(np.float64)


def fastest(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the shortest processor time of each call, in seconds; calls take turns, and the first turn warms up."""
    best = dict.fromkeys(calls, float("inf"))
    for turn in range(rounds + 1):
        for name, call in calls.items():
            began = process_time()
            call()
            best[name] = min(best[name], process_time() - began) if turn else best[name]
    return best


def test_exact_sums_take_at_most_1_3_times_as_long_as_float_sums(benchmark: Any, drawn: Round) -> None:
    pytest.importorskip("numba")
    floats = as_floats(drawn.columns)
    calls: dict[str, Callable[[], object]] = {
        "exact": lambda: exact_sums(*drawn),
        "float64": lambda: float_sums(floats, drawn.identities, drawn.projects),
    }
    seconds = fastest(calls, ROUNDS)
    benchmark.extra_info.update(seconds, ratio=seconds["exact"] / seconds["float64"])
    benchmark.pedantic(exact_sums, drawn, rounds=3)
    assert ROWS < FULL_ROWS or seconds["exact"] <= MAX_FLOAT_RATIO * seconds["float64"], seconds


def test_exact_sums_are_ten_times_as_fast_as_pandas(benchmark: Any, drawn: Round) -> None:
    pytest.importorskip("numba")
    floats = as_floats(drawn.columns)
    seconds = fastest({"exact": lambda: exact_sums(*drawn), "pandas": lambda: pandas_sums(floats)}, 1)
    benchmark.extra_info.update(seconds, ratio=seconds["pandas"] / seconds["exact"])
    benchmark.pedantic(exact_sums, drawn, rounds=3)
    assert ROWS < FULL_ROWS or seconds["pandas"] >= MIN_PANDAS_RATIO * seconds["exact"], seconds


def test_numpy_path_gives_the_same_sums(benchmark: Any, drawn: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = exact_sums(*drawn)
    monkeypatch.setattr(engine, "has_compiler", lambda: False)
    assert benchmark.pedantic(exact_sums, drawn, rounds=2) == expected


def test_float_sums_are_close_to_the_exact_ones(drawn: Round) -> None:
    """The twin computes the same thing, so that comparing their times is fair."""
    exact, (columns, *sizes) = exact_sums(*drawn), drawn
    sums = float_sums(as_floats(columns), *sizes)
    roots = np.array([float(total) for total in exact.root_sum]) / 2.0**ROOT_BITS
    assert np.allclose(sums[:, 0], roots, rtol=1e-9)
    assert sums[:, 1].astype(np.int64).tolist() == exact.direct_sum
    assert sums[:, 2].astype(np.int64).tolist() == exact.donors


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.skipif(ROWS < FULL_ROWS, reason="the interpreter would outweigh the inputs")
@pytest.mark.parametrize("path", ["compiled", "numpy"])
def test_memory_peaks_below_four_times_the_inputs(benchmark: Any, drawn: Round, tmp_path: Path, path: str) -> None:
    for name, column in drawn.columns._asdict().items():
        np.save(tmp_path / f"{name}.npy", column)
    sizes = [str(size) for size in drawn[1:]]
    command = [sys.executable, "-c", MEASURED_CHILD, str(tmp_path), *sizes, path]
    subprocess.run(command, check=True, capture_output=True)  # fills numba's cache: compiling is not what is measured
    child = benchmark.pedantic(subprocess.run, (command,), {"check": True, "capture_output": True}, rounds=1)
    inputs = sum(column.nbytes for column in drawn.columns)
    ratio = int(child.stdout) / inputs
    benchmark.extra_info.update(peak_bytes=int(child.stdout), ratio=ratio)
    assert ratio < MAX_MEMORY_RATIO
