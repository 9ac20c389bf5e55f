"""Files for the Transaction Builder of a Safe (version 1.0): its owners see each call before they sign."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from qf.chain.abi import keccak
from qf.chain.addresses import checksummed
from qf.chain.payouts.plan import PayoutLine, PayoutList
from qf.chain.types import NATIVE, Address, ChainId
from qf.errors import PayoutError

Step = Literal["propose", "push"]
"""What a batch asks of MatchingPayout: to take the money and the root, or to pay."""

BATCH = 100
"""Payouts in one batch, unless told otherwise: a transfer takes up to 65,000 gas, so about 6,500,000."""

PUSH = "push((uint256,address,uint256,bytes32[])[])"
"""The function of MatchingPayout that pays many payees."""


def safe_batches(
    payouts: PayoutList,
    chain: ChainId,
    *,
    safe: Address | None = None,
    contract: Address | None = None,
    step: Step = "propose",
    size: int = BATCH,
) -> list[dict[str, Any]]:
    """Return the files, in the order in which they are to be signed.

    Args:
        payouts: what is paid.
        chain: which chain the Safe is on.
        safe: the Safe, if it is to be named in the files.
        contract: a MatchingPayout; without one the Safe itself pays each payee.
        step: what is asked of the contract.
        size: payouts in one file.

    Raises:
        PayoutError: the tree is not one that MatchingPayout reads.
    """
    if contract is not None and payouts.kind != "qf":
        told = f"MatchingPayout does not read a tree of kind {payouts.kind}"
        raise PayoutError.at("contract", told, "write payouts.json with --kind qf, or pay without a contract")
    parts = [payouts.lines[first : first + size] for first in range(0, len(payouts.lines), size)]
    if contract is None:
        batches = [[_transfer(payouts.token, line.payee, line.amount) for line in part] for part in parts]
    elif step == "push":
        batches = [[_push(payouts, contract, part)] for part in parts]
    else:
        batches = [[_transfer(payouts.token, contract, payouts.total), _propose(payouts, contract)]]
    told = f"Round {payouts.round}, result {payouts.result}"
    return [
        _file(chain, safe, f"Payouts {number} of {len(batches)}", told, calls)
        for number, calls in enumerate(batches, 1)
    ]


def checksum(file: dict[str, Any]) -> str:
    """Return the checksum of a file as the Safe app computes it: of all but the checksum itself, the name left empty.

    Objects are written as {, the sorted keys, then each value and a comma, and }; the rest is JSON.
    """
    meta = {**{key: value for key, value in file["meta"].items() if key != "checksum"}, "name": None}
    return "0x" + keccak(_written({**file, "meta": meta}).encode()).hex()


def _file(
    chain: ChainId, safe: Address | None, name: str, description: str, calls: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    meta = {
        "name": name,
        "description": description,
        "txBuilderVersion": "1.18.2",
        "createdFromSafeAddress": checksummed(safe) if safe else "",
        "createdFromOwnerAddress": "",
    }
    # No clock: the same payouts give the same file, so that each owner can make and compare it.
    file = {"version": "1.0", "chainId": str(chain), "createdAt": 0, "meta": meta, "transactions": list(calls)}
    return {**file, "meta": {**meta, "checksum": checksum(file)}}


def _transfer(token: Address, to: Address, amount: int) -> dict[str, Any]:
    if token == NATIVE:
        return {"to": checksummed(to), "value": str(amount), "data": "0x"}
    return _call(token, "transfer", {"to": ("address", checksummed(to)), "value": ("uint256", str(amount))})


def _propose(payouts: PayoutList, contract: Address) -> dict[str, Any]:
    inputs = {
        "root_": ("bytes32", payouts.tree.root),
        "resultDigest_": ("bytes32", str(payouts.result)),
        "total_": ("uint256", str(payouts.total)),
        "payees_": ("uint256", str(len(payouts.lines))),
    }
    return _call(contract, "propose", inputs)


def _push(payouts: PayoutList, contract: Address, part: Sequence[PayoutLine]) -> dict[str, Any]:
    """Return the call as plain data: the app reads lists of structs from text in more than one way."""
    from eth_abi.abi import encode

    claims = [
        (line.index, line.payee, line.amount, [bytes.fromhex(node[2:]) for node in payouts.tree.proof(line.index)])
        for line in part
    ]
    data = keccak(PUSH.encode())[:4] + encode([PUSH.removeprefix("push(").removesuffix(")")], [claims])
    return {"to": checksummed(contract), "value": "0", "data": f"0x{data.hex()}"}


def _call(to: Address, name: str, inputs: dict[str, tuple[str, str]]) -> dict[str, Any]:
    declared = [{"internalType": kind, "name": field, "type": kind} for field, (kind, _) in inputs.items()]
    return {
        "to": checksummed(to),
        "value": "0",
        "data": None,
        "contractMethod": {"inputs": declared, "name": name, "payable": False},
        "contractInputsValues": {field: value for field, (_, value) in inputs.items()},
    }


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{_json(sorted(value))}{''.join(f'{_written(value[key])},' for key in sorted(value))}}}"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
