"""A `DonationRound` on a chain of our own, that anybody may give to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import eth_abi.abi as eth_abi

from qf.chain.abi import keccak
from qf.chain.artifacts import artifact
from qf.chain.chain_file import ChainFile, chain_file_of
from qf.chain.types import NATIVE, Address, Hash
from tests.integration.chain.anvil import DONATED, Anvil

CLOSES = 2**40
"""Seconds since 1970 until which the round is open: longer than any test."""

LINES = "(bytes32,address,uint256,bytes32)[]"
"""The type of a cart."""


def project_key(number: int) -> Hash:
    """Return what the contract calls a project."""
    return Hash(f"0x{number + 1:064x}")


@dataclass
class Vault:
    """The contract, its token, and everything that was ever given, in order."""

    chain: Anvil
    contract: Address
    token: Address
    first: int
    ready: int
    given: list[tuple[str, Hash, int]] = field(default_factory=list)

    @classmethod
    def deploy(cls, chain: Anvil, projects: int = 3) -> Vault:
        """Return a new one; every account of the chain has tokens and lets the contract take them."""
        operator = chain.accounts[0]
        token = _deploy(chain, "DemoToken", ("string", "string", "uint8"), ("Demo yen", "JPYX", 18))
        listed = [(bytes.fromhex(project_key(number)[2:]), f"0x{0xF000 + number:040x}") for number in range(projects)]
        types = ("address", "uint64", "uint64", "address[]", "(bytes32,address)[]")
        contract = _deploy(chain, "DonationRound", types, (operator, 0, CLOSES, [token, NATIVE], listed))
        first = chain.head
        for account in chain.accounts:
            _send(chain, account, token, _call("mint(address,uint256)", account, 2**100))
            _send(chain, account, token, _call("approve(address,uint256)", contract, 2**255))
        chain.rpc("evm_mine")
        return cls(chain, contract, token, first, chain.head)

    def give(self, account: str, cart: Sequence[tuple[int, int]]) -> None:
        """Give (project, amount) lines in one transaction, which the next block holds."""
        lines = [(bytes.fromhex(project_key(n)[2:]), self.token, amount, bytes(32)) for n, amount in cart]
        data = keccak(f"donate({LINES})".encode())[:4] + eth_abi.encode([LINES], [lines])
        _send(self.chain, account, self.contract, data, gas=200_000 + 60_000 * len(lines))
        self.given += [(account.lower(), project_key(number), amount) for number, amount in cart]

    def count(self, block: int) -> int:
        """Return how many donations the contract counts after a block."""
        call = {"to": self.contract, "data": "0x" + _call("count()").hex()}
        return int(self.chain.rpc("eth_call", call, hex(block)), 16)

    def truth(self, last: int) -> list[tuple[str, str, int]]:
        """Return (block hash, donor, amount) of every donation up to the block `last`, as an honest node says."""
        wanted = {"address": self.contract, "fromBlock": hex(self.first), "toBlock": hex(last), "topics": [DONATED]}
        return [
            (log["blockHash"], "0x" + log["topics"][3][26:], int(log["data"][66:130], 16))
            for log in self.chain.rpc("eth_getLogs", wanted)
        ]

    def uncounted_file(self, *urls: str) -> ChainFile:
        """Return the chain file that reads the same gifts as plain transfers, which only receipts prove."""
        source = {"kind": "transfers", "payees": [self.contract], "tokens": [self.token], "native": False}
        return self.chain_file(*urls, source=[{**source, "from_block": self.first}])

    def chain_toml(self) -> str:
        """Return the text of the chain file that reads it."""
        number = int(self.chain.rpc("eth_chainId"), 16)
        return (
            f'[[chain]]\nid = {number}\nendpoints = ["{self.chain.url}"]\nrequests_per_second = 1000\n\n'
            f'[[chain.source]]\nkind = "donation_round"\ncontract = "{self.contract}"\n'
            f'tokens = ["{self.token}", "{NATIVE}"]\nfrom_block = {self.first}\n\n'
            f'[[token]]\nchain = {number}\naddress = "{self.token}"\nname = "jpyx"\ndecimals = 18\n'
        )

    def chain_file(self, *urls: str, **settings: Any) -> ChainFile:
        """Return the chain file that reads it."""
        source = {
            "kind": "donation_round",
            "contract": self.contract,
            "tokens": [self.token, NATIVE],
            "from_block": self.first,
        }
        chain = {
            "id": int(self.chain.rpc("eth_chainId"), 16),
            "endpoints": list(urls or [self.chain.url]),
            "requests_per_second": 1000,
            "source": [source],
            **settings,
        }
        token = {"chain": chain["id"], "address": self.token, "name": "jpyx", "decimals": 18}
        return chain_file_of({"chain": [chain], "token": [token]})


def _call(signature: str, *values: Any) -> bytes:
    types = [kind for kind in signature.partition("(")[2].rstrip(")").split(",") if kind]
    return keccak(signature.encode())[:4] + eth_abi.encode(types, values)


def _send(chain: Anvil, sender: str, to: str, data: bytes, gas: int = 200_000) -> None:
    chain.rpc("eth_sendTransaction", {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(gas)})


def _deploy(chain: Anvil, name: Any, types: Sequence[str], values: Sequence[Any]) -> Address:
    code = artifact(name).bytecode + eth_abi.encode(types, values)
    sent = {"from": chain.accounts[0], "data": "0x" + code.hex(), "gas": hex(20_000_000)}
    transaction = chain.rpc("eth_sendTransaction", sent)
    chain.rpc("evm_mine")
    receipt = chain.rpc("eth_getTransactionReceipt", transaction)
    assert receipt["status"] == "0x1", receipt
    return Address(receipt["contractAddress"])
