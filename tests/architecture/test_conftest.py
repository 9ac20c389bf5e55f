"""The rules of tests/conftest.py, tried on a small suite of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import REPOSITORY

SKIPS = """
import pytest

def test_tool(require_tool):
    require_tool("no-such-program-anywhere")

def test_shared(shared):
    pass

@pytest.mark.skip(reason="just so")
def test_marked():
    pass

@pytest.mark.xfail(strict=True, reason="known")
def test_known_fault():
    assert False
"""

CONNECTS = """
import socket

def test_connects():
    with socket.socket() as end:
        end.settimeout(1)
        assert end.connect_ex(("127.0.0.1", 1)) != 0
"""


def run_suite(folder: Path, files: dict[str, str], *options: str, ci: bool = False) -> tuple[int, str]:
    """Return the exit code and the output of pytest on a repository that holds only `files` and our conftest."""
    for name, text in {**files, "pyproject.toml": (REPOSITORY / "pyproject.toml").read_text("utf-8")}.items():
        path = folder / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    shutil.copy(REPOSITORY / "tests" / "conftest.py", folder / "repository" / "tests" / "conftest.py")
    hidden = {"CI", "QF_SHARED", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "tests"]
    done = subprocess.run(
        command,
        cwd=folder / "repository",
        env={**environment, "CI": "true"} if ci else environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_missing_skips_with_a_reason(tmp_path: Path) -> None:
    code, told = run_suite(tmp_path, {"tests/unit/test_skips.py": SKIPS})
    assert code == 0, told
    assert "3 skipped, 1 xfailed" in told
    assert "the program no-such-program-anywhere is not installed" in told
    assert "no shared data" in told


def test_what_is_missing_fails_in_ci(tmp_path: Path) -> None:
    code, told = run_suite(tmp_path, {"tests/unit/test_skips.py": SKIPS}, ci=True)
    assert code == 1, told
    assert "1 failed, 1 xfailed, 2 errors" in told
    assert "CI=true allows no skip: Skipped: no shared data" in told


def test_a_file_that_skips_as_a_whole_fails_in_ci(tmp_path: Path) -> None:
    whole = "import pytest\npytest.importorskip('no_such_module')\ndef test_never(): pass\n"
    code, told = run_suite(tmp_path, {"tests/unit/test_whole.py": whole}, ci=True)
    assert code == 2, told
    assert "CI=true allows no skip" in told


@pytest.mark.parametrize(("kind", "outcome"), [("unit", "1 failed"), ("integration", "1 passed")])
def test_only_some_kinds_may_connect(tmp_path: Path, kind: str, outcome: str) -> None:
    _, told = run_suite(tmp_path, {f"tests/{kind}/test_connects.py": CONNECTS})
    assert outcome in told, told


def test_each_test_has_the_kind_of_its_folder(tmp_path: Path) -> None:
    files = {"tests/unit/deep/test_a.py": "def test_a(): pass", "tests/golden/test_a.py": "def test_b(): pass"}
    _, told = run_suite(tmp_path, files, "-m", "golden", "-v")
    assert "1 passed, 1 deselected" in told, told


def test_a_test_outside_the_kinds_is_refused(tmp_path: Path) -> None:
    code, told = run_suite(tmp_path, {"tests/test_a.py": "def test_a(): pass"})
    assert code == pytest.ExitCode.USAGE_ERROR, told
    assert "tests live in tests/<kind>/" in told


def test_a_second_kind_is_refused(tmp_path: Path) -> None:
    marked = "import pytest\n@pytest.mark.golden\ndef test_a(): pass\n"
    code, told = run_suite(tmp_path, {"tests/unit/test_a.py": marked})
    assert code == pytest.ExitCode.USAGE_ERROR, told
    assert "is of kind unit by its folder, but is marked golden" in told
