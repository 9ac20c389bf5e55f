"""`make demo`: settles, verifies, explains and reports, with the shared data and without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def demo(output: Path, shared: Path) -> str:
    """Run the demo into `output`, and return what it prints."""
    examples = REPOSITORY / "docs/examples"
    program = f"import demo, pathlib; demo.OUTPUT = pathlib.Path({str(output)!r}); demo.main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{examples}{os.pathsep}{REPOSITORY}", "QF_SHARED": str(shared)},
        cwd=output.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_demo_when_there_is_no_shared_data_then_the_invented_town_is_settled(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    printed = demo(tmp_path / "demo", tmp_path / "nothing")
    for text in ("Town round 2025", "verified: 12 projects, 698 donations", "second-account-07", "report.html"):
        assert text in printed
    assert "How to check this yourself" in (tmp_path / "demo/report.html").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "nothing"]


def test_demo_when_there_is_shared_data_then_gitcoin_round_9_is_settled(shared: Path, tmp_path: Path) -> None:
    if not (shared / "data/gitcoin_gr9").is_dir():
        pytest.skip("the log of Gitcoin round 9 is not in the shared data")
    printed = demo(tmp_path / "demo", shared)
    assert "80,354 lines in the log" in printed
    assert "verified:" in printed and "69,015 donations" in printed
    assert "Gitcoin Grants round 9" in (tmp_path / "demo/report.html").read_text("utf-8")
