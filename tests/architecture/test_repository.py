"""What is committed: nothing of one machine, no package host, and a wheel that holds `qf` only."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, REPOSITORY, repository_files

# Each pattern has one letter in brackets, so that it does not find itself.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"/wor[k]/(main|shared|steering|\.library)|/roo[t]/|/hom[e]/[a-z]|/tm[p]/bash_"
    ),
    "a package registry": re.compile(r"pythonhoste[d]\.org|pyp[i]\.org|npmj[s]\.org|[d]ebian\.org/debian"),
}

LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))

PINNED = re.compile(r"[a-z0-9.-]+==\S+( ; [^\\]+)? \\")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    faults = []
    for path in repository_files():
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
            if FORBIDDEN[what].search(line):
                faults.append(f"{path.relative_to(REPOSITORY)}:{number} {line.strip()[:100]}")
    assert faults == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_pins_by_hash_and_names_no_source(lock: Path) -> None:
    lines = [line for line in lock.read_text("utf-8").splitlines() if not line.startswith("#")]
    pins = [line for line in lines if not line.startswith("    --hash=sha256:")]
    assert pins
    assert [line for line in pins if not PINNED.fullmatch(line)] == []


def test_the_wheel_holds_qf_only_and_all_of_it(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    if not (REPOSITORY / "README.md").is_file():
        pytest.skip("no README.md yet, which the metadata of the wheel needs")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name for name in names if ".dist-info/" not in name}
    wanted = {str(path.relative_to(REPOSITORY)) for path in PACKAGE.rglob("*.*") if "__pycache__" not in path.parts}
    wanted.add("qf/py.typed")
    assert wanted - packed == set()
    assert [name for name in sorted(packed) if not name.startswith("qf/")] == []
