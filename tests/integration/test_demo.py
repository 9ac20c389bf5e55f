"""`make demo`: what it prints is what it wrote, what went wrong was found, and everything adds up. And a real round."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.examples.chain.anvil import program
from tests.unit.cli.command import qf, told

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "docs/examples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the demo ran in: `printed` holds what it printed, `demo` what it wrote."""
    try:
        program()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("run")
    code = f"import demo, pathlib; demo.OUTPUT = pathlib.Path({str(folder / 'demo')!r}); demo.main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{EXAMPLES}{os.pathsep}{REPOSITORY}", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "printed").write_text(done.stdout, "utf-8")
    return folder


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    return (folder / "printed").read_text("utf-8")


def document(folder: Path, name: str) -> Any:
    return json.loads((folder / "demo" / name).read_text("utf-8"))


def payouts(folder: Path, bundle: str) -> dict[str, int]:
    return {each["project"]: int(each["payout"]) for each in document(folder, f"{bundle}/result.json")["projects"]}


def last_words(printed: str) -> dict[str, str]:
    """Return the names and values under the last heading."""
    _, _, end = printed.partition("7  It adds up\n")
    return dict(re.findall(r"^(\w+) {3,}(\S.*)$", end, re.MULTILINE))


def test_demo_when_it_ends_then_its_last_words_are_those_of_its_files(folder: Path, printed: str) -> None:
    said, result, paid = last_words(printed), document(folder, "bundle/result.json"), document(folder, "payouts.json")
    assert said["digest"] == hashlib.sha256((folder / "demo/bundle/result.json").read_bytes()).hexdigest()
    assert paid["result"] == f"0x{said['digest']}"
    assert said["root"] == paid["root"]
    assert said["donations"].startswith(f"{result['totals']['donations']}, ")
    amounts = {each["project"]: int(each["amount"]) for each in paid["payouts"]}
    assert amounts == payouts(folder, "bundle") and len(amounts) == 12
    assert sum(amounts.values()) + int(result["unspent"]) == int(result["totals"]["pool"]) == 8 * 10**18


def test_demo_when_a_ledger_is_kept_by_hand_then_each_mistake_is_found_and_nothing_else(folder: Path) -> None:
    mistakes = ["different_amount", "duplicated", "failed_transaction", "missing_in_ledger", "orphaned"]
    found = sorted(line["finding"] for line in document(folder, "by_hand.json")["lines"])
    assert found == [*mistakes, "spoofed_emitter"]
    clean = document(folder, "bundle/reconciliation.json")
    assert clean["lines"] == [] and clean["compared"] == document(folder, "bundle/result.json")["totals"]["donations"]


def test_demo_when_the_chain_is_reorganised_then_it_is_said_and_the_ledger_is_the_new_chain(
    folder: Path, printed: str
) -> None:
    before, after = re.findall(r"^31337 +\d+ +(?:yes|not yet) +\d+ +(\d+) +0 *$", printed, re.MULTILINE)
    assert (before, after) == ("0", "8")
    early, late = ((folder / f"demo/{name}.csv").read_text("utf-8").splitlines() for name in ("early", "donations"))
    assert 0 < len(set(early) - set(late)) <= 8


def test_demo_when_wallets_are_one_person_then_they_move_less_of_the_pool(folder: Path, printed: str) -> None:
    before, after = (payouts(folder, bundle)["market-wifi"] for bundle in ("without_links", "bundle"))
    assert before > 1.5 * after
    for bundle in ("without_links", "bundle"):
        assert sum(payouts(folder, bundle).values()) == 8 * 10**18
    assert len(re.findall(r"^market-wifi by ", printed, re.MULTILINE)) == 2


def test_demo_when_its_bundle_is_verified_without_the_chain_then_it_holds_too(folder: Path, printed: str) -> None:
    verified = told("verify", folder / "demo/bundle")
    assert verified["digest"] == last_words(printed)["digest"]
    assert "How to check this yourself" in (folder / "demo/report.html").read_text("utf-8")


def test_demo_when_a_printed_command_is_run_again_then_it_does_the_same(folder: Path, printed: str) -> None:
    commands = [shlex.split(line) for line in re.findall(r"^\$ qf (.*)$", printed, re.MULTILINE)]
    assert [" ".join(words[:2]) for words in commands if words[0] in ("chain", "payouts")] == [
        *["chain sync"] * 2,
        *["chain reconcile"] * 2,
        *(f"payouts {name}" for name in ("tree", "check", "attest", "signer")),
    ]
    again = folder / "again"
    (settle,) = (words for words in commands if words[0] == "settle" and words[-1].endswith("/bundle"))
    assert qf(*settle[:-1], again).exit_code == 0
    assert (again / "result.json").read_bytes() == (folder / "demo/bundle/result.json").read_bytes()


def test_demo_when_it_ends_then_nothing_is_left_but_its_folder(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} <= {"demo", "printed", "again"}
    assert not [path for path in (folder / "demo").iterdir() if path.name.startswith(".")]


def test_gitcoin_round_9_when_its_log_is_in_the_shared_data_then_it_is_settled(shared: Path, tmp_path: Path) -> None:
    if not (shared / "data/gitcoin_gr9").is_dir():
        pytest.skip("the log of Gitcoin round 9 is not in the shared data")
    lines = runpy.run_path(str(EXAMPLES / "gitcoin_round_9.py"))["write_round_9"](shared / "data", tmp_path)
    assert lines.total() == 80_354
    settled = told(
        "settle", tmp_path / "round.toml", "--donations", tmp_path / "donations.csv", "-o", tmp_path / "bundle"
    )
    assert settled["donations"] == "69015"
    assert told("verify", tmp_path / "bundle")["digest"] == settled["digest"]
