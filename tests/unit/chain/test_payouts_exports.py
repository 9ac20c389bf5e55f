"""The files for other programs: their amounts add up, their addresses carry checksums, their form is what is read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from eth_abi.abi import decode
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from qf.chain.artifacts import artifact
from qf.chain.payouts import PayoutLine, checksummed, disperse_text, distribution_text, safe_batches, verify_proof
from qf.chain.payouts.safe import PUSH, checksum
from qf.chain.types import NATIVE, Address, ChainId
from qf.errors import PayoutError
from tests.unit.chain.payout_examples import PAYEES, TOKEN, a_list

CONTRACT = Address("0x" + "c0" * 20)
KEYS = {name: "0x" + f"{number:02x}" * 20 for number, name in enumerate(PAYEES, 0xA1)}

FROM_THE_APP: dict[str, Any] = {
    "version": "1.0",
    "chainId": "1",
    "createdAt": 1761326849944,
    "meta": {
        "name": "Transactions Batch",
        "description": "",
        "txBuilderVersion": "1.18.2",
        "createdFromSafeAddress": "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
        "createdFromOwnerAddress": "",
        "checksum": "0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989",
    },
    "transactions": [
        {
            "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            "value": "0",
            "data": None,
            "contractMethod": {
                "inputs": [
                    {"internalType": "address", "name": "spender", "type": "address"},
                    {"internalType": "uint256", "name": "value", "type": "uint256"},
                ],
                "name": "approve",
                "payable": False,
            },
            "contractInputsValues": {
                "spender": "0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8",
                "value": "100000000000",
            },
        }
    ],
}
"""A file that the Safe app exported, with its checksum."""


def test_checksum_when_the_app_wrote_the_file_then_it_is_the_same() -> None:
    assert checksum(FROM_THE_APP) == FROM_THE_APP["meta"]["checksum"]


def test_checksum_when_anything_but_the_name_changes_then_it_changes() -> None:
    meta = FROM_THE_APP["meta"]
    assert checksum({**FROM_THE_APP, "meta": {**meta, "name": "else"}}) == meta["checksum"]
    assert checksum({**FROM_THE_APP, "meta": {**meta, "description": "else"}}) != meta["checksum"]
    assert checksum({**FROM_THE_APP, "chainId": "10"}) != meta["checksum"]


def addresses(document: Any) -> list[str]:
    """Return everything in a document that looks like an address."""
    return re.findall(r'"(0x[0-9a-fA-F]{40})"', json.dumps(document))


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_safe_when_it_pays_itself_then_the_transfers_are_the_payouts(size: int) -> None:
    payouts = a_list()
    files = safe_batches(payouts, ChainId(10), safe=CONTRACT, size=size)
    calls = [call for file in files for call in file["transactions"]]
    assert len(files) == -(-3 // size) and all(len(file["transactions"]) <= size for file in files)
    assert [call["contractInputsValues"] for call in calls] == [
        {"to": checksummed(line.payee), "value": str(line.amount)} for line in payouts.lines
    ]
    assert {call["to"] for call in calls} == {checksummed(TOKEN)}
    for file in files:
        assert (file["version"], file["chainId"], file["meta"]["checksum"]) == ("1.0", "10", checksum(file))
        assert all(map(is_checksum_address, addresses(file)))


def test_safe_when_it_pays_the_coin_then_the_values_are_the_payouts() -> None:
    payouts = replace(a_list(), token=NATIVE)
    (file,) = safe_batches(payouts, ChainId(1))
    assert [(call["to"], call["value"], call["data"]) for call in file["transactions"]] == [
        (checksummed(line.payee), str(line.amount), "0x") for line in payouts.lines
    ]


def test_safe_when_it_proposes_then_it_funds_the_contract_first() -> None:
    payouts = a_list()
    (file,) = safe_batches(payouts, ChainId(1), contract=CONTRACT, step="propose")
    fund, propose = file["transactions"]
    assert fund["contractInputsValues"] == {"to": checksummed(CONTRACT), "value": str(payouts.total)}
    assert (fund["to"], propose["to"]) == (checksummed(TOKEN), checksummed(CONTRACT))
    assert list(propose["contractInputsValues"].values()) == [
        payouts.tree.root,
        payouts.result,
        str(payouts.total),
        "3",
    ]


def test_safe_when_it_calls_the_contract_then_by_functions_the_contract_has() -> None:
    (file,) = safe_batches(a_list(), ChainId(1), contract=CONTRACT)
    functions = {entry["name"]: entry for entry in artifact("MatchingPayout").abi if entry["type"] == "function"}
    method = file["transactions"][1]["contractMethod"]
    declared = [
        {key: field[key] for key in ("internalType", "name", "type")} for field in functions["propose"]["inputs"]
    ]
    assert method["inputs"] == declared
    (claims,) = functions["push"]["inputs"]
    parts = ",".join(part["type"] for part in claims["components"])
    assert f"push(({parts})[])" == PUSH and claims["type"] == "tuple[]"


def test_safe_when_it_pushes_then_every_payout_is_claimed_with_its_proof() -> None:
    payouts = a_list()
    files = safe_batches(payouts, ChainId(1), contract=CONTRACT, step="push", size=2)
    assert len(files) == 2
    claimed = []
    for file in files:
        (call,) = file["transactions"]
        data = bytes.fromhex(call["data"][2:])
        assert data[:4] == keccak(text=PUSH)[:4] and call["to"] == checksummed(CONTRACT)
        claimed += decode(["(uint256,address,uint256,bytes32[])[]"], data[4:])[0]
    assert [(index, payee, amount) for index, payee, amount, _ in claimed] == [
        (line.index, line.payee, line.amount) for line in payouts.lines
    ]
    for index, _, _, proof in claimed:
        assert verify_proof(["0x" + node.hex() for node in proof], payouts.tree.leaves[index], payouts.tree.root)


def test_safe_when_the_tree_is_of_another_contract_then_it_is_refused() -> None:
    with pytest.raises(PayoutError, match="--kind qf"):
        safe_batches(a_list(kind="allo_v2", keys=KEYS), ChainId(1), contract=CONTRACT)


def test_safe_when_it_is_made_twice_then_it_is_the_same() -> None:
    assert safe_batches(a_list(), ChainId(1)) == safe_batches(a_list(), ChainId(1))


@pytest.mark.parametrize("kind", ["allo_v1", "allo_v2", "allo_v2_1"])
def test_distribution_when_it_is_written_then_it_has_the_fields_of_allo(kind: str) -> None:
    keys = {name: f"0x{number:064x}" for number, name in enumerate(PAYEES)} if kind == "allo_v1" else KEYS
    payouts = a_list(kind=kind, keys=keys)
    entries = json.loads(distribution_text(payouts), parse_float=str, parse_int=str)["matchingDistribution"]
    assert sum(int(entry["matchAmountInToken"]) for entry in entries) == payouts.total
    for entry, line in zip(entries, payouts.lines, strict=True):
        assert list(entry) == [
            "projectId",
            "projectName",
            "applicationId",
            "anchorAddress",
            "projectPayoutAddress",
            "contributionsCount",
            "matchPoolPercentage",
            "matchAmountInToken",
            "originalMatchAmountInToken",
        ]
        assert entry["projectId"] == (line.key if kind == "allo_v1" else line.project)
        assert entry["anchorAddress"] == ("" if kind == "allo_v1" else checksummed(Address(line.key)))
        assert entry["projectPayoutAddress"] == checksummed(line.payee)
        assert 0 <= Fraction(line.amount, payouts.pool) - Fraction(entry["matchPoolPercentage"]) < Fraction(1, 10**6)


def test_distribution_when_numbers_are_written_then_never_in_scientific_notation() -> None:
    lines = tuple(
        PayoutLine(index, name, f'"matchPoolPercentage": "{name}"', PAYEES[name], amount, 1, KEYS[name])
        for index, (name, amount) in enumerate({"bus": 10, "well": 10**7 - 10}.items())
    )
    payouts = replace(a_list(), kind="allo_v2", lines=lines, pool=10**7, unspent=0)
    text = distribution_text(payouts)
    assert '"matchPoolPercentage": 0.000001,' in text
    assert json.loads(text)["matchingDistribution"][0]["projectName"] == lines[0].title


def test_distribution_when_the_tree_is_ours_then_it_is_refused() -> None:
    with pytest.raises(PayoutError, match="not of Allo"):
        distribution_text(a_list())


def test_disperse_when_it_is_written_then_in_whole_tokens_or_base_units() -> None:
    whole = [line.split(",") for line in disperse_text(a_list()).splitlines()]
    assert [amount for _, amount in whole] == ["12.345678", "0.000001", "1000000000000000000"]
    assert [payee for payee, _ in whole] == [checksummed(payee) for payee in PAYEES.values()]
    base = [line.split(",")[1] for line in disperse_text(a_list(), base_units=True).splitlines()]
    assert sum(map(int, base)) == a_list().total
    assert sum(Fraction(amount) * 10**6 for _, amount in whole) == a_list().total
