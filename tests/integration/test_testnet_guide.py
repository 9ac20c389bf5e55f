"""The scripts of docs/how-to/run-a-round-on-a-testnet.md do what the guide says, on a chain of our own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from eth_account import Account

from qf.chain.chain_file import read_chain_file
from qf.chain.types import NATIVE
from tests.integration.chain.anvil import Anvil, anvil
from tests.unit.cli.command import REPOSITORY, qf, told

KEY = "0x" + "5e" * 32
"""Of whoever deploys and pays."""

PAYEES = {"bus": "0x" + "b5" * 20, "well": "0x" + "3e" * 20}

ROUND = """\
[round]
id = "testnet-1"
opens = "2020-01-01T00:00:00Z"
closes = "2100-01-01T00:00:00Z"
[mechanism]
preset = "yen"
[pool]
amount = "1000003"
token = "ETH"
decimals = 18
"""


GIFTS = """\
donor,project,amount,time
ann,bus,400,2026-01-01T00:00:00Z
bob,bus,900,2026-01-01T00:00:00Z
ann,well,100,2026-01-01T00:00:00Z
bob,well,100,2026-01-01T00:00:00Z
"""


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil() as running:
        running.rpc("evm_setAutomine", True)
        running.rpc("anvil_setBalance", Account.from_key(KEY).address, hex(10**18))
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of a round."""
    (tmp_path / "round.toml").write_text(ROUND, "utf-8")
    rows = [f"{project},,{payee}," for project, payee in PAYEES.items()]
    (tmp_path / "projects.csv").write_text("\n".join(["project,title,payout_address,owners", *rows, ""]), "utf-8")
    return tmp_path


def script(chain: Anvil, folder: Path, *arguments: object, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """Run a script of docs/examples as the guide does."""
    name, *rest = map(str, arguments)
    command = [sys.executable, str(REPOSITORY / "docs/examples" / name), *rest, "--rpc", "${RPC_URL}"]
    environment = {**os.environ, "RPC_URL": chain.url, "QF_KEY": key, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def address_in(text: str) -> str:
    (found,) = re.findall("0x[0-9a-fA-F]{40}(?![0-9a-fA-F])", text)
    return str(found)


def test_deploy_when_it_makes_a_round_then_its_chain_file_is_read_and_reconciles(chain: Anvil, folder: Path) -> None:
    done = script(chain, folder, "deploy.py", "round", "round.toml", "projects.csv", "--token", "eth=native")
    assert (done.returncode, done.stderr) == (0, "")
    text = (folder / "chain.toml").read_text("utf-8")
    assert '"${RPC_URL}"' in text and chain.url not in text
    (folder / "chain.toml").write_text(text.replace("${RPC_URL}", chain.url), "utf-8")
    entry = read_chain_file(folder / "chain.toml").chains[0].sources[0]
    assert entry.source.filters[0].addresses == (address_in(done.stdout).lower(),)
    chain.rpc("anvil_mine", hex(70))
    (folder / "donations.csv").write_text("donor,project,amount\n", "utf-8")
    files = [folder / name for name in ("round.toml", "chain.toml")]
    options = ["--donations", folder / "donations.csv", "--store", folder / "store.db", "-o", folder / "report.json"]
    found = told("chain", "reconcile", *files, *options, code=1)
    assert (found["found"], found["compared"]) == ({"incomplete": "1"}, "0")
    assert "the round closes at 4102444800" in found["unresolved"][0]["source"]


def test_pay_when_it_proposed_and_the_period_is_over_then_payees_have_what_the_bundle_says(
    chain: Anvil, folder: Path
) -> None:
    (folder / "gifts.csv").write_text(GIFTS, "utf-8")
    files = [folder / "round.toml", "--donations", folder / "gifts.csv", "--projects", folder / "projects.csv"]
    payouts = told("settle", *files, "-o", folder / "bundle")["payouts"]
    assert qf("payouts", "tree", folder / "bundle", "--token", "native", "-o", folder / "payouts.json").exit_code == 0
    terms = ["--token", "native", "--sponsor", "0x" + "59" * 20, "--sweep-after", f"{datetime.now(UTC).year + 2}-01-01"]
    contract = address_in(script(chain, folder, "deploy.py", "payout", *terms).stdout)
    sent = {"from": chain.accounts[0], "to": contract, "value": hex(1_000_003)}
    chain.rpc("eth_sendTransaction", sent)
    proposed = script(chain, folder, "pay.py", "propose", "payouts.json", "--contract", contract)
    assert proposed.returncode == 0 and "final at" in proposed.stdout
    early = script(chain, folder, "pay.py", "push", "payouts.json", "--contract", contract)
    assert (early.returncode, early.stderr) == (1, "error: the contract refuses: NotFinal\n")
    chain.rpc("evm_increaseTime", 7 * 86_400)
    chain.rpc("evm_mine")
    pushed = script(chain, folder, "pay.py", "push", "payouts.json", "--contract", contract)
    assert (pushed.returncode, pushed.stdout.count("Paid ")) == (0, 2)
    held = {project: int(chain.rpc("eth_getBalance", payee, "latest"), 16) for project, payee in PAYEES.items()}
    assert held == {project: int(amount) for project, amount in payouts.items()}
    assert sum(held.values()) == 1_000_003


def test_deploy_when_the_rules_have_no_window_then_it_says_so_and_deploys_nothing(chain: Anvil, folder: Path) -> None:
    (folder / "round.toml").write_text(ROUND.replace('closes = "2100-01-01T00:00:00Z"\n', ""), "utf-8")
    before = chain.head
    done = script(chain, folder, "deploy.py", "round", "round.toml", "projects.csv", "--token", f"eth={NATIVE}")
    assert done.returncode == 2 and "opens and closes" in done.stderr
    assert (chain.head, (folder / "chain.toml").exists()) == (before, False)
