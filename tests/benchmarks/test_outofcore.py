"""How long a dataset takes out of core, and how much memory all processes together.

QF_BENCH_DATASET_ROWS sets the number of donations (default 5,000,000; the promise is about 100,000,000 within 2 GB).
Memory does not grow with the rows, but for what the parent keeps per part.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("polars", reason="polars is not installed")

import polars as pl

ROWS = int(os.environ.get("QF_BENCH_DATASET_ROWS", "5_000_000"))
"""Donations in the dataset."""

FILE_ROWS = 5_000_000
"""Donations in a file of it."""

MAX_BYTES = 2 * 10**9
"""The peak of the resident memory of all processes of a settlement, added up."""

CHILD = """
import json, os, sys, threading, time

def resident():
    parents, bytes_of = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = dict(line.split(":", 1) for line in open(f"/proc/{name}/status") if ":" in line)
        except OSError:
            continue
        parents[int(name)] = int(status["PPid"])
        bytes_of[int(name)] = int(status.get("VmRSS", "0 kB").split()[0]) * 1024
    def ours(process):
        while process not in (0, os.getpid()):
            process = parents.get(process, 0)
        return process == os.getpid()
    return sum(size for process, size in bytes_of.items() if ours(process))

def watch():
    while True:
        peak[0] = max(peak[0], resident())
        time.sleep(0.1)

if __name__ == "__main__":
    from qf.outofcore import settle_out_of_core
    from qf.rules import preset
    peak = [0]
    threading.Thread(target=watch, daemon=True).start()
    began = time.perf_counter()
    result = settle_out_of_core(preset("yen", pool=10**12), sys.argv[1], sys.argv[2], workers=int(sys.argv[3]))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_bytes": peak[0], "donations": result.donations}))
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tenth as many donors as donations, heavy-tailed, and 5,000 projects."""
    folder = tmp_path_factory.mktemp("dataset")
    for first in range(0, ROWS, FILE_ROWS):
        random, rows = np.random.default_rng(first), min(FILE_ROWS, ROWS - first)
        columns = {
            "donor": (ROWS / 10 * random.random(rows) ** 1.5).astype(np.int64),
            "project": (5_000 * random.random(rows) ** 2.5).astype(np.int64),
            "amount": np.maximum(1, np.rint(random.lognormal(7, 1.5, rows))).astype(np.int64),
        }
        pl.DataFrame(columns).write_parquet(folder / f"{first:012}.parquet", row_group_size=500_000)
    return folder


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_dataset_is_settled_within_bounded_memory(
    benchmark: Any, dataset: Path, tmp_path: Path, workers: int
) -> None:
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    command = [sys.executable, str(script), str(dataset), str(tmp_path / "bundle"), str(workers)]
    options = {"check": True, "capture_output": True, "env": {**os.environ, "PYTHONPATH": str(Path.cwd())}}
    child = benchmark.pedantic(subprocess.run, (command,), options, rounds=1)
    told = json.loads(child.stdout)
    benchmark.extra_info.update(told)
    assert told["donations"] == ROWS
    assert told["peak_bytes"] < MAX_BYTES
