"""How long pairwise matching takes, and how much memory: compressed rows in, matches out.

QF_BENCH_PAIRWISE sets the sizes, donors x projects (default "40000x1000 100000x1500"). The limits, which hold for the
default sizes, are in CPU seconds of one thread, since other work shares the machine.
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
from numpy.typing import NDArray

from qf.kernels.aggregate import aggregate
from qf.kernels.pairwise import pairwise_match
from tests.benchmarks.float_twin import heavy_tailed_round

SIZES = os.environ.get("QF_BENCH_PAIRWISE", "40000x1000 100000x1500").split()

MAX_SECONDS = {"40000x1000": 1.5, "100000x1500": 8.0}
"""Limits by size."""

MIN_DENSE_RATIO = 20
"""Dense blocks of pairs, in NumPy, take at least this many times as long."""

DENSE_SIZE = "10000x500"
"""What the dense blocks are compared at."""

MAX_EXTRA_BYTES = 200_000_000
"""How far the peak of the process may lie above what it held with the inputs loaded."""

STRENGTH = 25.0

GIFTS_PER_DONOR = 3.5
"""Of the heavy-tailed population; its median is 2."""

ROUNDS = 5

CompressedRows = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]

MEASURED_CHILD = """
import sys
import numpy as np
from {module} import {function} as match

def memory(line):
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(status[line].split()[0]) * 1024

rows = [np.load(f"{folder}/{{name}}.npy") for name in ("start", "project", "amount")]
small = np.array([0, 2, 4]), np.array([0, 1, 1, 2], dtype=np.int32), np.ones(4)
match(*small, projects=3, {options})
before = memory("VmRSS")
match(*rows, projects={projects}, {options})
print(memory("VmHWM") - before)
"""
"""Prints the peak after the call less what was resident before it; the small call has loaded the compiled loops."""


def sizes_of(size: str) -> tuple[int, int]:
    donors, projects = (int(part) for part in size.split("x"))
    return donors, projects


def drawn_rows(donors: int, projects: int) -> CompressedRows:
    """Return a heavy-tailed round as compressed rows, in whole units."""
    columns, identities, _ = heavy_tailed_round(int(donors * GIFTS_PER_DONOR), projects)
    start, project, amount = aggregate(*columns, identities=identities, projects=projects)
    return start, project, amount / 100


def fastest(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least CPU time of each call, in seconds, the calls taking turns; the first round only warms up."""
    best = dict.fromkeys(calls, float("inf"))
    for turn in range(rounds + 1):
        for name, call in calls.items():
            began = process_time()
            call()
            best[name] = min(best[name], process_time() - began) if turn else best[name]
    return best


def extra_memory(tmp_path: Path, rows: CompressedRows, **names: object) -> int:
    """Return how many bytes a call needs beyond its inputs, measured in a process of its own."""
    for name, column in zip(("start", "project", "amount"), rows, strict=True):
        np.save(tmp_path / f"{name}.npy", column)
    command = [sys.executable, "-c", MEASURED_CHILD.format(folder=tmp_path, **names)]
    subprocess.run(command, check=True, capture_output=True)  # fills numba's cache: compiling is not what is measured
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def dense_blocks(start: NDArray[np.int64], project: NDArray[np.int32], amount: NDArray[Any], projects: int) -> Any:
    """Return the same matches from dense blocks of 500 donors x all donors, as one writes it in NumPy."""
    donors = len(start) - 1
    roots = np.zeros((donors, projects))
    roots[np.repeat(np.arange(donors), np.diff(start)), project] = np.sqrt(amount)
    match = np.zeros(projects)
    for low in range(0, donors, 500):
        block = roots[low : low + 500]
        factor = STRENGTH / (STRENGTH + block @ roots.T)
        factor[np.arange(len(block)), np.arange(low, low + len(block))] = 0
        match += (block * (factor @ roots)).sum(axis=0)
    return match


@pytest.mark.benchmark(timer=process_time)
@pytest.mark.parametrize("size", SIZES)
def test_pairwise_match_is_fast_enough(benchmark: Any, size: str) -> None:
    pytest.importorskip("numba")
    donors, projects = sizes_of(size)
    rows = drawn_rows(donors, projects)
    popularity = np.bincount(rows[1])
    options = {"projects": projects, "strength": STRENGTH}
    seconds = fastest({size: lambda: pairwise_match(*rows, **options)}, ROUNDS)[size]
    benchmark.extra_info.update(seconds=seconds, entries=len(rows[1]), steps=int((popularity**2).sum()) // 2)
    benchmark.pedantic(pairwise_match, rows, options, rounds=1)
    assert seconds <= MAX_SECONDS.get(size, float("inf"))


@pytest.mark.benchmark(timer=process_time)
def test_pairwise_match_is_twenty_times_as_fast_as_dense_blocks(benchmark: Any) -> None:
    pytest.importorskip("numba")
    donors, projects = sizes_of(DENSE_SIZE)
    rows = drawn_rows(donors, projects)
    options = {"projects": projects, "strength": STRENGTH}
    calls: dict[str, Callable[[], Any]] = {
        "sparse": lambda: pairwise_match(*rows, **options),
        "dense": lambda: dense_blocks(*rows, projects),
    }
    seconds = fastest(calls, 1)
    benchmark.extra_info.update(seconds, ratio=seconds["dense"] / seconds["sparse"])
    found = benchmark.pedantic(pairwise_match, rows, options, rounds=3)
    assert np.allclose(found, calls["dense"](), rtol=1e-10)
    assert seconds["dense"] >= MIN_DENSE_RATIO * seconds["sparse"], seconds


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("size", SIZES)
def test_pairwise_match_needs_little_memory(benchmark: Any, size: str, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    donors, projects = sizes_of(size)
    names = {"module": "qf.kernels.pairwise", "function": "pairwise_match", "options": f"strength={STRENGTH}"}
    child = (tmp_path, drawn_rows(donors, projects))
    extra = benchmark.pedantic(extra_memory, child, names | {"projects": projects}, rounds=1)
    benchmark.extra_info.update(extra_bytes=extra)
    assert extra <= MAX_EXTRA_BYTES
