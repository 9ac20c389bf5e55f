"""Transactions against the root in a header, and who signed them: encoded and signed by eth_account, not by us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import rlp
from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from qf.chain.node import wire
from qf.chain.proof.transactions import Transaction, hash_of, transactions_root, why_unprovable
from tests.unit.chain.made import account

ANN = Account.from_key("0x" + "11" * 32)
BOB = Account.from_key("0x" + "22" * 32)

TO = to_checksum_address("0x" + "ab" * 20)
SENT: dict[str, Any] = {"nonce": 3, "gas": 21_000, "to": TO, "value": 10**18, "data": "0x1234"}
FEES = {"chainId": 10, "maxPriorityFeePerGas": 7, "maxFeePerGas": 2**70}
ACCESS = [{"address": TO, "storageKeys": ["0x" + "01" * 32, "0x" + "02" * 32]}]
AUTHORIZED = BOB.sign_authorization({"chainId": 10, "address": TO, "nonce": 5})

KINDS: Mapping[str, dict[str, Any]] = {
    "legacy without a chain": {**SENT, "gasPrice": 9},
    "legacy": {**SENT, "gasPrice": 9, "chainId": 137},
    "creation": {**SENT, "gasPrice": 9, "chainId": 1, "to": ""},
    "access list": {**SENT, "type": 1, "chainId": 1, "gasPrice": 9, "accessList": ACCESS},
    "fees": {**SENT, **FEES, "type": 2, "accessList": []},
    "fees and access": {**SENT, **FEES, "type": 2, "accessList": ACCESS},
    "code": {**SENT, **FEES, "type": 4, "accessList": [], "authorizationList": [AUTHORIZED]},
}
"""Transactions as eth_account signs them."""


def told(fields: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return a transaction that Ann signed as a node tells it, and the bytes the tree holds."""
    signed = ANN.sign_transaction(fields)
    node = {
        "hash": signed.hash.to_0x_hex(), "transactionIndex": "0x0", "from": ANN.address, "to": fields["to"] or None,
        "value": hex(fields["value"]), "input": fields["data"], "gas": hex(fields["gas"]),
        "nonce": hex(fields["nonce"]),
        "type": hex(fields.get("type", 0)), "v": hex(signed.v), "r": hex(signed.r), "s": hex(signed.s),
        "accessList": fields.get("accessList"),
    }  # fmt: skip
    numbers = ("chainId", "gasPrice", "maxPriorityFeePerGas", "maxFeePerGas")
    node |= {name: hex(fields[name]) for name in numbers if name in fields}
    if "authorizationList" in fields:
        one = AUTHORIZED
        parts = {"chainId": one.chain_id, "nonce": one.nonce, "yParity": one.y_parity, "r": one.r, "s": one.s}
        node["authorizationList"] = [
            {"address": "0x" + bytes(one.address).hex(), **{name: hex(value) for name, value in parts.items()}}
        ]
    return node, bytes(signed.raw_transaction)


def read(*nodes: dict[str, Any]) -> list[Transaction]:
    return wire.transactions(msgspec.Raw(msgspec.json.encode({"transactions": nodes})))


@pytest.mark.parametrize("fields", KINDS.values(), ids=KINDS)
def test_a_transaction_is_the_bytes_that_were_signed(fields: dict[str, Any]) -> None:
    node, raw = told(fields)
    [sent] = read(node)
    assert sent.leaf() == raw
    assert hash_of(sent) == sent.hash == "0x" + keccak(raw).hex()
    assert sent.signer() == ANN.address.lower()


@pytest.mark.parametrize("name", ["value", "to", "nonce", "gas", "input"])
def test_who_alters_what_was_signed_is_found_out_by_hash_and_signer(name: str) -> None:
    node, _ = told(KINDS["fees"])
    lie = {"to": "0x" + "cd" * 20, "input": "0x"}.get(name, "0x5")
    [sent] = read({**node, name: lie})
    assert hash_of(sent) != sent.hash and sent.signer() != ANN.address.lower()


def test_a_sender_that_a_node_makes_up_is_not_who_signed() -> None:
    node, _ = told(KINDS["fees"])
    [sent] = read({**node, "from": BOB.address})
    assert sent.sender == BOB.address.lower() and sent.signer() == ANN.address.lower()


def test_a_signature_that_is_none_names_the_transaction() -> None:
    node, _ = told(KINDS["legacy"])
    for wrong in ({"r": "0x0", "s": "0x0"}, {"r": hex(2**256 - 1)}, {"v": "0x5"}):
        [sent] = read({**node, **wrong})
        with pytest.raises(ValueError, match=f"transaction {sent.hash} has no valid signature"):
            sent.signer()


def test_a_blob_transaction_is_held_without_its_blobs() -> None:
    hashes = ["0x01" + "aa" * 31, "0x01" + "bb" * 31]
    node, _ = told(KINDS["fees and access"])
    [sent] = read({**node, "type": "0x3", "maxFeePerBlobGas": "0x77", "blobVersionedHashes": hashes})
    access = [[HexBytes(TO), [HexBytes(key) for key in ACCESS[0]["storageKeys"]]]]
    signed = [10, 3, 7, 2**70, 21_000, HexBytes(TO), 10**18, HexBytes("0x1234"), access, 0x77, [*map(HexBytes, hashes)]]
    signature = [int(node[name], 16) for name in ("v", "r", "s")]
    assert sent.leaf() == b"\x03" + rlp.encode([*signed, *signature])


def test_a_deposit_is_signed_by_nobody_and_its_sender_is_in_its_hash() -> None:
    source = "0x" + "5c" * 32
    fields = [HexBytes(source), HexBytes(account(3)), HexBytes(TO), 2**80, 2**80, 50_000, 0, HexBytes("0xbeef")]
    raw = b"\x7e" + rlp.encode(fields)
    node = {
        "hash": "0x" + keccak(raw).hex(), "transactionIndex": "0x0", "from": account(3), "to": TO, "value": hex(2**80),
        "mint": hex(2**80), "input": "0xbeef", "gas": hex(50_000), "type": "0x7e", "sourceHash": source,
        "v": "0x0", "r": "0x0", "s": "0x0", "nonce": "0x9",
    }  # fmt: skip
    [sent] = read(node)
    assert sent.leaf() == raw and hash_of(sent) == sent.hash and sent.signer() == account(3)
    [lie] = read({**node, "from": account(4)})
    assert hash_of(lie) != lie.hash


def test_the_root_covers_every_transaction_and_their_order() -> None:
    sent = [read(told({**fields, "nonce": place})[0])[0] for place, fields in enumerate(KINDS.values())]
    others = [sent[1:], sent[::-1], [replace(sent[0], signature=(27, 1, 1)), *sent[1:]]]
    assert transactions_root(sent) not in map(transactions_root, others)


def test_a_type_that_is_not_known_is_said_to_be_so_and_a_known_one_lacks_nothing() -> None:
    node, _ = told(KINDS["fees"])
    foreign = read({**node, "type": "0x6a"})
    assert "0x6a" in why_unprovable(foreign) and why_unprovable(read(node)) == ""
    with pytest.raises(ValueError, match="has no maxFeePerGas"):
        read({name: value for name, value in node.items() if name != "maxFeePerGas"})
