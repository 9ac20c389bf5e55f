"""The committed artifacts are what the sources compile to, byte for byte."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
CONTRACTS = REPOSITORY / "contracts"
COMMITTED = [*(REPOSITORY / "qf/chain/artifacts").glob("*.json"), *(CONTRACTS / "test/artifacts").glob("*.json")]


def test_artifacts_when_compiled_again_then_every_byte_is_the_same(
    tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    node = require_tool("node")
    if not (CONTRACTS / "node_modules" / "solc").is_dir():
        pytest.skip("the compiler is not installed: npm ci in contracts/")
    command = [node, str(CONTRACTS / "tools" / "compile.mjs"), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.json")}
    assert made == {path.name: path.read_bytes() for path in COMMITTED}
