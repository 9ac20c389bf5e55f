"""Paying out on a chain of our own: the rehearsal tells what would fail, and what was exported pays what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from qf.chain.artifacts import artifact
from qf.chain.attestation import Statement, statement_hash
from qf.chain.payouts import PayoutList, check, checksummed, payouts_bytes, safe_batches
from qf.chain.payouts.simulator import NodeSimulator
from qf.chain.types import NATIVE, ZERO_ADDRESS, Address
from tests.integration.chain.anvil import REPOSITORY, Anvil, anvil
from tests.unit.chain.payout_examples import PAYEES, a_list
from tests.unit.cli.command import qf, told

SAFE = Address("0x" + "5a" * 20)
"""Stands for a Safe: what it sends, it sends by impersonation."""

REFUSING = "0x5f5ffd"
"""Code that refuses whatever comes."""

TAKING = "0x00"
"""Code that takes the coin of the chain and does nothing."""

HOSTILE = REPOSITORY / "contracts" / "test" / "artifacts" / "HostileToken.json"
KINDS = {"NO_RETURN": 2, "RETURNS_FALSE": 3, "BLOCKLIST": 8, "PAUSED": 9}
DAY = 86_400


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil() as running:
        running.rpc("anvil_impersonateAccount", SAFE)
        running.rpc("anvil_setBalance", SAFE, hex(10**24))
        yield running


@contextmanager
def simulating(chain: Anvil) -> Iterator[NodeSimulator]:
    """Return a simulator of the chain as it is now."""
    made = NodeSimulator(chain.url)
    yield made
    made.close()


def send(chain: Anvil, to: str | None, data: str, sender: str = "", value: int = 0) -> dict[str, Any]:
    call = {"from": sender or chain.accounts[0], "data": data, "value": hex(value), **({"to": to} if to else {})}
    sent = chain.rpc("eth_sendTransaction", {**call, "gas": hex(8_000_000)})
    chain.rpc("evm_mine")
    receipt: dict[str, Any] = chain.rpc("eth_getTransactionReceipt", sent)
    assert receipt["status"] == "0x1", (to, data)
    return receipt


def call_of(signature: str, *values: Any) -> str:
    name, _, types = signature.partition("(")
    kinds = [kind for kind in types.removesuffix(")").split(",") if kind]
    return "0x" + (keccak(text=f"{name}({types}")[:4] + encode(kinds, values)).hex()


def deploy(chain: Anvil, code: bytes, types: list[str], values: list[Any]) -> Address:
    return Address(send(chain, None, f"0x{(code + encode(types, values)).hex()}")["contractAddress"].lower())


def hostile(chain: Anvil, kind: str, target: str) -> Address:
    """Return a token of the hostile kind, armed against `target`."""
    if not HOSTILE.is_file():
        pytest.skip("the hostile token is not compiled: contracts/test/artifacts is missing")
    code = bytes.fromhex(json.loads(HOSTILE.read_text("utf-8"))["bytecode"].removeprefix("0x"))
    token = deploy(chain, code, ["uint8", "uint8"], [KINDS[kind], 6])
    send(chain, token, call_of("mint(address,uint256)", SAFE, 10**30))
    send(chain, token, call_of("arm(address,bytes,uint256)", target, b"", 0))
    return token


def demo_token(chain: Anvil, decimals: int = 6) -> Address:
    token = deploy(chain, artifact("DemoToken").bytecode, ["string", "string", "uint8"], ["Demo", "DEMO", decimals])
    send(chain, token, call_of("mint(address,uint256)", SAFE, 10**30))
    return token


def faults(payouts: PayoutList, simulator: NodeSimulator, payer: Address | None) -> dict[str, str]:
    return {found.subject: found.fault for found in check(payouts, simulator, payer) if found.fault}


def test_check_when_all_can_be_paid_then_nothing_fails(chain: Anvil) -> None:
    payouts = replace(a_list(), token=demo_token(chain))
    with simulating(chain) as simulator:
        assert faults(payouts, simulator, SAFE) == faults(payouts, simulator, None) == {}


@pytest.mark.parametrize("payer", [SAFE, None], ids=["payer", "nobody"])
def test_check_when_a_payee_is_blocked_then_only_that_payout_fails(chain: Anvil, payer: Address | None) -> None:
    token = hostile(chain, "BLOCKLIST", PAYEES["library"])
    with simulating(chain) as simulator:
        found = faults(replace(a_list(), token=token), simulator, payer)
    assert list(found) == ["library"] and "refuses the transfer" in found["library"]


@pytest.mark.parametrize("kind", ["RETURNS_FALSE", "PAUSED"])
def test_check_when_the_token_moves_nothing_then_every_payout_fails(chain: Anvil, kind: str) -> None:
    token = hostile(chain, kind, ZERO_ADDRESS)
    with simulating(chain) as simulator:
        assert list(faults(replace(a_list(), token=token), simulator, SAFE)) == list(PAYEES)


def test_check_when_the_token_returns_nothing_then_it_is_told_and_no_fault(chain: Anvil) -> None:
    token = hostile(chain, "NO_RETURN", ZERO_ADDRESS)
    with simulating(chain) as simulator:
        findings = list(check(replace(a_list(), token=token), simulator, SAFE))
    assert [found.fault for found in findings] == [""] * 5
    assert all("returns nothing" in found.notes[0] for found in findings[2:])


def test_check_when_the_token_counts_otherwise_or_is_none_then_that_is_told(chain: Anvil) -> None:
    token = demo_token(chain, decimals=18)
    with simulating(chain) as simulator:
        assert "18 decimals" in faults(replace(a_list(), token=token), simulator, SAFE)["token"]
        assert "no code" in faults(replace(a_list(), token=Address("0x" + "99" * 20)), simulator, SAFE)["token"]


@pytest.mark.parametrize("payer", [SAFE, None], ids=["payer", "nobody"])
def test_check_when_a_contract_refuses_the_coin_then_only_that_payout_fails(
    chain: Anvil, payer: Address | None
) -> None:
    chain.rpc("anvil_setCode", PAYEES["bus"], TAKING)
    chain.rpc("anvil_setCode", PAYEES["well"], REFUSING)
    chain.rpc("anvil_setBalance", SAFE, hex(a_list().total))
    with simulating(chain) as simulator:
        found = faults(replace(a_list(), token=NATIVE, decimals=18), simulator, payer)
    chain.rpc("anvil_setBalance", SAFE, hex(10**24))
    for payee in PAYEES.values():
        chain.rpc("anvil_setCode", payee, "0x")
    assert list(found) == ["well"] and "refuses the coin" in found["well"]


def test_check_when_the_payer_has_too_little_then_the_payees_are_judged_all_the_same(chain: Anvil) -> None:
    token = hostile(chain, "BLOCKLIST", PAYEES["bus"])
    poor = Address("0x" + "66" * 20)
    with simulating(chain) as simulator:
        found = faults(replace(a_list(), token=token), simulator, poor)
    assert list(found) == ["payer", "bus"]


def test_command_when_a_payee_is_blocked_then_it_exits_with_1_and_sends_nothing(chain: Anvil, tmp_path: Path) -> None:
    path, token = tmp_path / "payouts.json", hostile(chain, "BLOCKLIST", PAYEES["library"])
    path.write_bytes(payouts_bytes(replace(a_list(), token=token)))
    head = chain.head
    arguments = ["payouts", "check", path, "--rpc", chain.url, "--from", checksummed(SAFE)]
    document = told(*arguments, code=1)
    assert (document["failed"], document["block"], document["chain"]) == ("1", str(head), "31337")
    done = qf(*arguments)
    assert done.exit_code == 1 and checksummed(PAYEES["library"]) in done.stdout
    assert chain.head == head


def test_command_when_no_node_answers_then_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "payouts.json"
    path.write_bytes(payouts_bytes(a_list()))
    done = qf("payouts", "check", path, "--rpc", "http://127.0.0.1:1/secret-key")
    assert done.exit_code == 2 and "connection" in done.stderr and "secret-key" not in done.output


@pytest.mark.parametrize("native", [False, True], ids=["token", "coin"])
def test_safe_when_its_files_are_carried_out_then_everybody_has_the_payout(chain: Anvil, native: bool) -> None:
    payouts = replace(a_list(), token=NATIVE if native else demo_token(chain), decimals=18 if native else 6)
    if native:
        chain.rpc("anvil_setBalance", SAFE, hex(10**30))
    contract = matching_payout(chain, payouts.token)
    before = balances(chain, payouts.token)
    carry_out(chain, safe_batches(payouts, chain_id(chain), contract=contract, step="propose"))
    hashed = chain.rpc("eth_call", {"to": contract, "data": hash_result(payouts)}, "latest")
    assert hashed == statement_hash(statement(payouts, contract, chain))
    chain.rpc("evm_increaseTime", DAY + 1)
    chain.rpc("evm_mine")
    carry_out(chain, safe_batches(payouts, chain_id(chain), contract=contract, step="push", size=2))
    after = balances(chain, payouts.token)
    assert [after[line.payee] - before[line.payee] for line in payouts.lines] == [line.amount for line in payouts.lines]


def test_safe_when_it_pays_itself_then_everybody_has_the_payout(chain: Anvil) -> None:
    payouts = replace(a_list(), token=demo_token(chain))
    carry_out(chain, safe_batches(payouts, chain_id(chain), size=2))
    after = balances(chain, payouts.token)
    assert [after[line.payee] for line in payouts.lines] == [line.amount for line in payouts.lines]


def chain_id(chain: Anvil) -> Any:
    return int(chain.rpc("eth_chainId"), 16)


def matching_payout(chain: Anvil, token: Address) -> Address:
    now = int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    types = ["address"] * 4 + ["uint64"] * 3 + ["uint256"]
    values = [token, SAFE, SAFE, SAFE, DAY, DAY, now + 100 * DAY, 0]
    return deploy(chain, artifact("MatchingPayout").bytecode, types, values)


def statement(payouts: PayoutList, contract: Address, chain: Anvil) -> Statement:
    return Statement(chain_id(chain), contract, payouts.result, payouts.tree.root, payouts.token, payouts.total)


def hash_result(payouts: PayoutList) -> str:
    digests = [bytes.fromhex(digest[2:]) for digest in (payouts.result, payouts.tree.root)]
    return call_of("hashResult(bytes32,bytes32,uint256)", *digests, payouts.total)


def carry_out(chain: Anvil, files: list[dict[str, Any]]) -> None:
    """Send every call of the files from the Safe, encoded as the app does it."""
    for call in (call for file in files for call in file["transactions"]):
        data = call["data"]
        if data is None:
            method, given = call["contractMethod"], call["contractInputsValues"]
            kinds = [field["type"] for field in method["inputs"]]
            read = {"uint256": int, "address": str, "bytes32": lambda text: bytes.fromhex(text[2:])}
            values = [read[field["type"]](given[field["name"]]) for field in method["inputs"]]
            data = call_of(f"{method['name']}({','.join(kinds)})", *values)
        send(chain, call["to"], data, SAFE, int(call["value"]))


def balances(chain: Anvil, token: Address) -> dict[str, int]:
    if token == NATIVE:
        return {payee: int(chain.rpc("eth_getBalance", payee, "latest"), 16) for payee in PAYEES.values()}
    asked = {payee: {"to": token, "data": call_of("balanceOf(address)", payee)} for payee in PAYEES.values()}
    return {payee: int(chain.rpc("eth_call", call, "latest"), 16) for payee, call in asked.items()}
