"""Transactions, signed here and sent through web3, which holds no key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.abi import abi_to_signature
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError, Web3Exception
from web3.types import TxReceipt

from qf.chain.artifacts import ContractName, artifact
from qf.errors import QfError

FEES = {"gas": 600_000, "maxFeePerGas": 2 * 10**9, "maxPriorityFeePerGas": 10**9}
"""Enough for anything on the chain of the demo; said outright, so that the node is not asked each time."""

Call = Any
"""A call of a contract, `contract.functions.name(arguments)`, or of its constructor."""


class FailedTransactionError(Exception):
    """A transaction was mined and did not succeed."""


def run(app: Callable[[], Any]) -> None:
    """Run a script; what goes wrong ends in a message, and names the error of the contract if it gave one."""
    try:
        app()
    except ContractCustomError as error:
        sys.exit(f"error: the contract refuses: {_error_name(str(error.data))}")
    except (QfError, FailedTransactionError, Web3Exception, OSError) as error:
        sys.exit(f"error: {error}")


def connect(url: str) -> Web3:
    """Return a connection to a node."""
    return Web3(Web3.HTTPProvider(url, request_kwargs={"timeout": 60}))


def signed(w3: Web3, account: LocalAccount, call: Call, value: int, given: Mapping[str, int]) -> bytes:
    """Return a transaction as it is sent; what is not `given` (gas, fees) the node is asked for."""
    nonce = w3.eth.get_transaction_count(account.address, "pending")
    fields = {"from": account.address, "nonce": nonce, "value": value, **given}
    return bytes(account.sign_transaction(call.build_transaction(fields)).raw_transaction)


def send(w3: Web3, account: LocalAccount, call: Call, value: int = 0) -> TxReceipt:
    """Send a transaction and return its receipt.

    Raises:
        FailedTransactionError: it did not succeed; web3 says why before it is sent, as far as that can be known.
    """
    receipt = w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(signed(w3, account, call, value, {})))
    if receipt["status"] != 1:
        raise FailedTransactionError(f"transaction {receipt['transactionHash'].to_0x_hex()} failed")
    return receipt


def transfer(w3: Web3, account: LocalAccount, to: str, amount: int, **given: Any) -> TxReceipt:
    """Send the coin of the chain, wei, and return the receipt; `given` fields come on top."""
    nonce = w3.eth.get_transaction_count(account.address)
    sent = {"to": to, "value": amount, "nonce": nonce, "chainId": w3.eth.chain_id, **FEES, **given}
    raw = account.sign_transaction(sent).raw_transaction
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(raw))


def deploy(w3: Web3, account: LocalAccount, name: ContractName, *arguments: Any) -> tuple[Contract, TxReceipt]:
    """Deploy a contract of this project; return it and the receipt."""
    compiled = artifact(name)
    receipt = send(w3, account, w3.eth.contract(abi=compiled.abi, bytecode=compiled.bytecode).constructor(*arguments))
    return contract_at(w3, name, receipt["contractAddress"]), receipt


def contract_at(w3: Web3, name: ContractName, address: Any) -> Contract:
    """Return a contract of this project that is there already."""
    return w3.eth.contract(Web3.to_checksum_address(address), abi=artifact(name).abi)


def sign_typed(account: LocalAccount, domain: Mapping[str, Any], types: Mapping[str, Any], message: Any) -> Any:
    """Return a signature by EIP-712."""
    return account.sign_typed_data(dict(domain), dict(types), message)


def _error_name(data: str) -> str:
    """Return the name of the error that begins with this selector, or what the contract answered."""
    names: tuple[ContractName, ...] = ("DonationRound", "MatchingPayout")
    entries: list[Any] = [entry for name in names for entry in artifact(name).abi if entry["type"] == "error"]
    known = {Web3.keccak(text=abi_to_signature(entry))[:4].to_0x_hex(): entry["name"] for entry in entries}
    return str(known.get(data[:10], data))
