"""The benchmark of the service still runs, on a few hundred donations; what it measures then says nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.service.rows import ROWS


@pytest.mark.slow
def test_the_benchmark_of_the_service_measures_both_databases_and_writes_its_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    sizes = "--donations", "300", "--seconds", "1", "--soak", "2"
    command = [sys.executable, "-m", "tests.benchmarks.service.bench", str(page), *sizes]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    lines = page.read_text("utf-8").splitlines()
    found = {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[2:] for line in lines if line.startswith("| ")}
    assert {row.name for row in ROWS} < set(found)
    assert found["answers that were no success"] == ["0", "0 |"]
