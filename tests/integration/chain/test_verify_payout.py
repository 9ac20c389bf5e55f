"""`qf verify --rpc --payout`: a contract that pays by another result, or by none, is told from the one that does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars", reason="polars is not installed")

from qf.chain.payouts import PayoutList, payouts_of_bundle
from qf.chain.types import Address
from tests.integration.chain import vault as on_chain
from tests.integration.chain.anvil import Anvil, anvil
from tests.integration.chain.test_commands import PRICES, ROUND, reconcile, settle, sync
from tests.integration.chain.vault import Vault, project_key
from tests.unit.cli.command import qf, told

DAY = 86_400


class Payout:
    """A `MatchingPayout` that holds the pool, and the bundle it should pay."""

    def __init__(self, vault: Vault, bundle: Path) -> None:
        self.vault, self.chain, self.bundle = vault, vault.chain, bundle
        self.operator = self.chain.accounts[0]
        self.list: PayoutList = payouts_of_bundle(bundle, token=vault.token)
        kinds = ("address",) * 4 + ("uint64",) * 3 + ("uint256",)
        now = int(self.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        values = (vault.token, *(self.operator,) * 3, DAY, DAY, now + 365 * DAY, 0)
        self.contract: Address = on_chain._deploy(self.chain, "MatchingPayout", kinds, values)
        self.send("mint(address,uint256)", self.contract, self.list.total, to=vault.token)

    def send(self, signature: str, *values: Any, to: str = "") -> None:
        """Send a call, and make it final."""
        on_chain._send(self.chain, self.operator, to or self.contract, on_chain._call(signature, *values), 500_000)
        self.chain.rpc("anvil_mine", "0x8")

    def propose(self, payees: int = 3) -> None:
        digests = (bytes.fromhex(text[2:]) for text in (self.list.tree.root, self.list.result))
        self.send("propose(bytes32,bytes32,uint256,uint256)", *digests, self.list.total, payees)

    def verified(self, code: int = 0) -> Any:
        return told("verify", self.bundle, "--rpc", self.chain.url, "--payout", self.contract, code=code)


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil("--accounts", "6", "--slots-in-an-epoch", "1") as running:
        yield running


@pytest.fixture
def payout(chain: Anvil, tmp_path: Path) -> Payout:
    vault = Vault.deploy(chain)
    for number, account in enumerate(chain.accounts):
        vault.give(account, [(number % 3, 10**18 * (number + 1)), ((number + 1) % 3, 10**18)])
    chain.rpc("anvil_mine", "0x8")
    (tmp_path / "round.toml").write_text(ROUND.replace("[pool]", f'[pool]\ntoken = "{vault.token}"'))
    (tmp_path / "prices.csv").write_text(PRICES)
    (tmp_path / "chain.toml").write_text(vault.chain_toml())
    payees = [f"{project_key(number)},0x{0xF000 + number:040x}\n" for number in range(3)]
    (tmp_path / "projects.csv").write_text("project,payout_address\n" + "".join(payees))
    named = ("--projects", tmp_path / "projects.csv")
    sync(tmp_path)
    reconcile(tmp_path, *named)
    done: Any = settle(tmp_path, "--reconciliation", tmp_path / "r.json", *named)
    assert done.exit_code == 0, done.stderr
    return Payout(vault, tmp_path / "bundle")


def test_payout_when_it_pays_the_bundle_then_root_and_whether_it_is_final_are_told(payout: Payout) -> None:
    payout.propose()
    answer = payout.verified()
    assert (answer["root"], answer["payout_final"]) == (payout.list.tree.root, False)
    payout.chain.rpc("evm_increaseTime", DAY + 1)
    payout.chain.rpc("anvil_mine", "0x8")
    assert payout.verified()["payout_final"] is True


def test_payout_when_it_pays_only_the_first_then_the_payees_are_named(payout: Payout) -> None:
    payout.propose(payees=1)
    answer = payout.verified(code=1)
    assert answer["where"].endswith(", payees")
    assert (answer["published"], answer["computed"]) == ("3", "1")


def test_payout_when_nothing_stands_or_it_is_challenged_then_the_state_is_named(payout: Payout) -> None:
    assert "void" in payout.verified(code=1)["computed"]
    payout.propose()
    payout.send("challenge(uint256,bytes32,string)", 1, bytes(32), "")
    answer = payout.verified(code=1)
    assert (answer["where"].rpartition(", ")[2], answer["computed"]) == ("state", "challenged")
    payout.send("uphold(uint256)", 2)
    assert "void" in payout.verified(code=1)["computed"]


def test_payout_when_the_address_is_of_something_else_then_said(payout: Payout) -> None:
    for address in (payout.vault.contract, payout.vault.token, payout.operator):
        done = qf("verify", payout.bundle, "--rpc", payout.chain.url, "--payout", address)
        assert (done.exit_code, "is no MatchingPayout" in done.stderr) == (2, True)


def test_payout_when_its_code_was_changed_then_refused(payout: Payout) -> None:
    payout.propose()
    code = payout.chain.rpc("eth_getCode", payout.contract, "latest")
    payout.chain.rpc("anvil_setCode", payout.contract, code[:-2] + ("00" if code[-2:] != "00" else "01"))
    payout.chain.rpc("anvil_mine", "0x8")
    done = qf("verify", payout.bundle, "--rpc", payout.chain.url, "--payout", payout.contract)
    assert (done.exit_code, "is no MatchingPayout" in done.stderr) == (2, True)
