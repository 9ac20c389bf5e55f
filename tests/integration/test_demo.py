"""`make demo`: what it prints is what it wrote, what went wrong was found, and everything adds up. And a real round."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest
from eth_account import Account

from docs.examples.chain.anvil import program
from docs.examples.service.client import Client
from tests.unit.cli.command import qf, told

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "docs/examples"

PATIENCE = 90
"""Seconds in which the demo has to end when it is told to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the demo ran in, which was asked to stay, and then to go.

    `printed` holds what it printed, `demo` what it wrote, `seen` what there was to see while it stayed.
    """
    try:
        program()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("run")
    code = f"import demo, pathlib; demo.OUTPUT = pathlib.Path({str(folder / 'demo')!r}); demo.main()"
    with (folder / "errors").open("w") as errors:
        demo = subprocess.Popen(
            [sys.executable, "-c", code, "--stay"],
            env={**os.environ, "PYTHONPATH": f"{EXAMPLES}{os.pathsep}{REPOSITORY}", "COLUMNS": "100"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        stayed = read_until("until you press Enter.", demo.stdout)
        (folder / "seen").write_text(json.dumps(visit(stayed) if demo.poll() is None else {}), "utf-8")
        rest, _ = demo.communicate("\n", timeout=PATIENCE)
        (folder / "printed").write_text(stayed + rest, "utf-8")
        assert (demo.returncode, (folder / "errors").read_text("utf-8")) == (0, "")
        assert session_of(demo.pid) == []
        yield folder
    finally:
        for left in session_of(demo.pid):
            os.kill(left, signal.SIGKILL)


def read_until(end: str, stream: IO[str] | None) -> str:
    """Return what a process prints up to some words, or all of it if they do not come."""
    assert stream is not None
    read = ""
    while not read.endswith(end) and (letter := stream.read(1)):
        read += letter
    return read


def session_of(leader: int) -> list[int]:
    """Return the processes that are alive of those that a process began."""
    told = subprocess.run(["ps", "-e", "-o", "pid=,sess=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    return [int(pid) for pid, session, state in rows if int(session) == leader and not state.startswith("Z")]


def visit(printed: str) -> dict[str, Any]:
    """Go to each address of the demo and sign in with a key of it, and return what there is to see."""
    _, _, end = printed.partition("9  Where it is\n")
    places = dict(re.findall(r"^(\S.*?) {3,}(\S+)$", end, re.MULTILINE))
    with closing(Client(places["pages of the service"], Account.from_key(places["a donor"]))) as donor:
        gifts = donor.get("rounds/harbour/donations/mine")["donations"]
    return {
        "page": httpx2.get(places["pages of the service"], follow_redirects=True).status_code,
        "round": httpx2.get(places["the round"]).json(),
        "result": httpx2.get(f"{places['the round']}/result").json(),
        "title": httpx2.get(places["OpenAPI document"]).json()["info"]["title"],
        "algorithms": [key["alg"] for key in httpx2.get(places["keys of its tokens"]).json()["keys"]],
        "code": [code_of(places["node of chain 31337"], places[name]) for name in ("DonationRound", "MatchingPayout")],
        "gifts": gifts,
    }


def code_of(node: str, address: str) -> str:
    """Return the code of a contract, 0x if there is none."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getCode", "params": [address, "latest"]}
    return str(httpx2.post(node, json=asked).json()["result"])


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    return (folder / "printed").read_text("utf-8")


def document(folder: Path, name: str) -> Any:
    return json.loads((folder / "demo" / name).read_text("utf-8"))


def payouts(folder: Path, bundle: str) -> dict[str, int]:
    return {each["project"]: int(each["payout"]) for each in document(folder, f"{bundle}/result.json")["projects"]}


def last_words(printed: str) -> dict[str, str]:
    """Return the names and values under the heading of the sums."""
    _, _, end = printed.partition("8  It adds up\n")
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


def test_demo_when_it_stays_then_its_addresses_show_the_round_and_its_keys_sign_in(folder: Path) -> None:
    seen = document(folder, "../seen")
    assert seen["page"] == 200 and seen["title"] == "qf" and seen["algorithms"] == ["ES256"]
    assert seen["round"]["state"] == "published" and seen["round"]["projects"] == 12
    assert all(len(code) > 1_000 for code in seen["code"])
    assert len(seen["gifts"]) == 3 and all(gift["counted"] for gift in seen["gifts"])


def test_demo_when_the_service_settles_the_round_then_it_pays_the_same_and_its_bundle_recomputes(folder: Path) -> None:
    result = document(folder, "../seen")["result"]
    said = {each["project"]: int(each["payout"]) for each in result["summary"]["projects"]}
    assert said == payouts(folder, "published") == payouts(folder, "bundle")
    assert told("verify", folder / "demo/published")["digest"] == result["result_digest"]
    assert (folder / "demo/published/result.json").read_bytes() == (folder / "demo/again/result.json").read_bytes()
    theirs, ours = (document(folder, f"{bundle}/result.json")["digests"] for bundle in ("published", "bundle"))
    assert [name for name in ours if ours[name] != theirs[name]] == ["links.csv"]


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
    assert {path.name for path in folder.iterdir()} <= {"demo", "printed", "seen", "errors", "again"}
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
