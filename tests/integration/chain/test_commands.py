"""From a chain to a verified bundle by the commands: sync, reconcile, settle, verify; and what happens to a cheat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("polars", reason="polars is not installed")

from qf.canonical import canonical_json, digest, digest_of_parts
from tests.integration.chain.anvil import Anvil, anvil
from tests.integration.chain.vault import Vault
from tests.unit.cli.command import qf, told

ROUND = """
[round]
id = "harbour"
unit = "JPY"
reconciled = true

[pool]
amount = "1000000"
"""

PRICES = "token,price,decimals\njpyx,1,18\n"


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil("--accounts", "6", "--slots-in-an-epoch", "1") as running:
        yield running


@pytest.fixture
def vault(chain: Anvil, tmp_path: Path) -> Vault:
    """A vault with six gifts, all of them final, and the files that read and settle them."""
    made = Vault.deploy(chain)
    for number, account in enumerate(chain.accounts):
        made.give(account, [(number % 3, 10**18 * (number + 1)), ((number + 1) % 3, 10**18)])
    chain.rpc("evm_mine")
    chain.rpc("anvil_mine", "0x8")
    (tmp_path / "round.toml").write_text(ROUND)
    (tmp_path / "prices.csv").write_text(PRICES)
    (tmp_path / "chain.toml").write_text(made.chain_toml())
    return made


def sync(folder: Path, *options: object) -> dict[str, object]:
    where = ("--store", folder / "store", "--donations", folder / "donations.csv")
    answer: dict[str, object] = told("chain", "sync", folder / "chain.toml", *where, *options)
    return answer


def reconcile(folder: Path, *options: object, code: int = 0) -> dict[str, object]:
    files = ("--donations", folder / "donations.csv", "--prices", folder / "prices.csv", "--store", folder / "store")
    named = ("chain", "reconcile", folder / "round.toml", folder / "chain.toml", *files, "-o", folder / "r.json")
    answer: dict[str, object] = told(*named, *options, code=code)
    return answer


def settle(folder: Path, *options: object) -> object:
    files = ("--donations", folder / "donations.csv", "--prices", folder / "prices.csv", "-o", folder / "bundle")
    return qf("settle", folder / "round.toml", *files, *options)


def settled(folder: Path) -> Path:
    sync(folder)
    reconcile(folder)
    assert settle(folder, "--reconciliation", folder / "r.json").exit_code == 0  # type: ignore[attr-defined]
    return folder / "bundle"


def test_round_when_read_reconciled_and_settled_then_it_verifies_from_the_chain_alone(
    vault: Vault, tmp_path: Path
) -> None:
    bundle = settled(tmp_path)
    answer = told("verify", bundle, "--rpc", vault.chain.url)
    assert (answer["verified"], answer["compared_with_chain"], answer["overridden"]) == (True, "12", "0")
    assert vault.contract in answer["contracts"] and f"jpyx is {vault.token}" in answer["contracts"]
    assert answer["not_on_a_chain"] == "0"
    assert told("verify", bundle, "--rpc", f"31337={vault.chain.url}")["verified"]


def test_settle_when_there_is_no_report_then_refused(vault: Vault, tmp_path: Path) -> None:
    sync(tmp_path)
    done = settle(tmp_path)
    assert done.exit_code == 1  # type: ignore[attr-defined]
    assert "run `qf chain reconcile`" in done.stderr  # type: ignore[attr-defined]
    assert not (tmp_path / "bundle").exists()


def test_reconcile_when_a_row_was_changed_then_exit_1_until_it_is_overridden(vault: Vault, tmp_path: Path) -> None:
    sync(tmp_path)
    donations = tmp_path / "donations.csv"
    donations.write_text(donations.read_text().replace(",6000000000000000000,", ",9000000000000000000,"))
    answer = reconcile(tmp_path, code=1)
    assert answer["found"] == {"different_amount": "1"}
    (line,) = answer["unresolved"]  # type: ignore[misc]
    assert (line["ledger"], line["source"]) == ("9000000000000000000", "6000000000000000000")
    assert settle(tmp_path, "--reconciliation", tmp_path / "r.json").exit_code == 1  # type: ignore[attr-defined]
    words = f'[[override]]\nfinding = "different_amount"\nplace = "{line["place"]}"\nreason = "topped up by hand"\n'
    (tmp_path / "overrides.toml").write_text(words)
    assert reconcile(tmp_path, "--overrides", tmp_path / "overrides.toml")["unresolved"] == []
    assert settle(tmp_path, "--reconciliation", tmp_path / "r.json").exit_code == 0  # type: ignore[attr-defined]
    answer = told("verify", tmp_path / "bundle", "--rpc", vault.chain.url)
    assert (answer["verified"], answer["overridden"]) == (True, "1")


def test_sync_when_run_again_then_nothing_is_added(vault: Vault, tmp_path: Path) -> None:
    (first,) = sync(tmp_path)["chains"]  # type: ignore[misc]
    (again,) = sync(tmp_path)["chains"]  # type: ignore[misc]
    assert int(first["added"]) > 12
    assert (again["added"], again["block"], again["final"]) == ("0", first["block"], True)


@pytest.mark.parametrize("until", ["foo", "-5", "0x10", "pending", "", "9" * 30])
def test_sync_when_until_is_no_block_then_it_is_named(vault: Vault, tmp_path: Path, until: str) -> None:
    done = qf("chain", "sync", tmp_path / "chain.toml", "--store", tmp_path / "store", "--until", until)
    assert done.exit_code == 2
    assert "--until" in done.stderr


def test_verify_when_the_published_report_was_smoothed_then_it_is_named(vault: Vault, tmp_path: Path) -> None:
    """An operator invents a gift, and writes a report that says the chain has it."""
    bundle = settled(tmp_path)
    report = json.loads((bundle / "reconciliation.json").read_text())
    part = (bundle / "donations/0000.csv").read_text().splitlines()
    forged = part[1].replace("1000000000000000000", "8000000000000000000", 1)
    part[1] = forged if forged != part[1] else part[1].replace(",jpyx,", "0,jpyx,")
    donations = "".join(f"{line}\n" for line in part).encode()
    report["donations"] = digest_of_parts([digest(donations)])
    (bundle / "reconciliation.json").write_bytes(canonical_json(report))
    (tmp_path / "forged.csv").write_bytes(
        donations.replace(b",amount,", b",amount_base,").replace(b",side\n", b",side\n")
    )
    files = ("--donations", tmp_path / "forged.csv", "--prices", tmp_path / "prices.csv")
    again = qf(
        "settle", tmp_path / "round.toml", *files, "-o", bundle, "--reconciliation", bundle / "reconciliation.json"
    )
    assert again.exit_code == 0, again.stderr
    assert told("verify", bundle)["verified"]
    answer = told("verify", bundle, "--rpc", vault.chain.url, code=1)
    assert answer["where"].startswith("reconciliation.json, different_amount at eip155:31337/")


def test_verify_when_the_chain_is_another_then_it_is_named(vault: Vault, tmp_path: Path) -> None:
    bundle = settled(tmp_path)
    with anvil("--accounts", "6", "--slots-in-an-epoch", "1", "--timestamp", "1700000000") as other:
        other.rpc("anvil_mine", hex(vault.chain.head + 50))
        done = qf("verify", bundle, "--rpc", other.url)
    assert done.exit_code in (1, 2)
    assert "does not answer" in done.stderr or "published" in done.stderr


@pytest.mark.parametrize(
    ("options", "told_then"),
    [
        (("--payout", "0x" + "11" * 20), "needs a node"),
        (("--rpc", "localhost:8545"), "is not the URL of a node"),
        (("--rpc", "1=http://127.0.0.1:1"), "has no donations of this round"),
    ],
)
def test_verify_when_the_options_make_no_sense_then_said(
    vault: Vault, tmp_path: Path, options: tuple[str, str], told_then: str
) -> None:
    done = qf("verify", settled(tmp_path), *options)
    assert done.exit_code == 2
    assert told_then in done.stderr


def test_verify_when_the_bundle_knows_no_chain_then_said(tmp_path: Path) -> None:
    from tests.unit.cli.command import write_small

    assert qf("settle", *write_small(tmp_path), "-o", tmp_path / "bundle").exit_code == 0
    done = qf("verify", tmp_path / "bundle", "--rpc", "http://127.0.0.1:1")
    assert done.exit_code == 2
    assert "says nothing of the chain" in done.stderr
