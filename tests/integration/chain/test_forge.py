"""The tests of the contracts in Solidity: fuzzing, invariants, hostile tokens, every way to give."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
FORGE = CONTRACTS / "node_modules" / ".bin" / "forge"
MEASURED = "received = balance < before ? 0 : balance - before;"
CLAIMED = "received = asked; before;"


@pytest.fixture(name="project")
def _project(tmp_path: Path, require_tool: Callable[[str], str]) -> Path:
    require_tool("node")
    if not FORGE.exists():
        pytest.skip("forge is not installed: npm ci in contracts/")
    for name in ("src", "test", "tools"):
        shutil.copytree(CONTRACTS / name, tmp_path / name)
    shutil.copy(CONTRACTS / "foundry.toml", tmp_path)
    (tmp_path / "node_modules").symlink_to(CONTRACTS / "node_modules")
    return tmp_path


def forge(project: Path, *arguments: str) -> dict[str, str]:
    """Return the status of each test by its name."""
    command = [str(FORGE), "test", "--json", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=600)
    answer = next((line for line in done.stdout.splitlines() if line.startswith('{"test/')), None)
    assert answer, done.stdout + done.stderr
    suites = json.loads(answer).values()
    return {name: result["status"] for suite in suites for name, result in suite["test_results"].items()}


def test_contracts_when_forge_tests_them_then_every_test_passes(project: Path) -> None:
    results = forge(project)
    assert [name for name, status in results.items() if status != "Success"] == []
    assert len(results) >= 60


def test_contracts_when_the_claimed_amount_is_credited_then_tests_fail(project: Path) -> None:
    source = project / "src" / "Books.sol"
    assert MEASURED in source.read_text("utf-8")
    source.write_text(source.read_text("utf-8").replace(MEASURED, CLAIMED), "utf-8")
    results = forge(project)
    failed = {name.partition("(")[0] for name, status in results.items() if status == "Failure"}
    assert failed >= {
        "invariant_credited_is_held_and_withdrawn_in_every_token",
        "testFuzz_fee_on_transfer_credits_what_arrived_to_the_last_unit",
        "test_liar_that_moves_nothing_is_refused",
    }


def test_contracts_when_formatted_then_nothing_changes(project: Path) -> None:
    done = subprocess.run([str(FORGE), "fmt", "--check"], cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
