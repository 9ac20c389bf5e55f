"""A chain of our own: anvil on a free port, which dies with the test, and a contract that writes logs on demand."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from docs.examples.chain.anvil import anvil as running_anvil
from docs.examples.chain.anvil import program
from qf.chain.types import Address, Hash

REPOSITORY = Path(__file__).resolve().parents[3]

EMITTER = Address("0x" + "e1" * 20)
"""Where the contract is that writes as many logs as its call data say, counting down to 1."""

DONATED = Hash("0x19c1bc57c6d750d85536f0a1d16295e6426afa8cf639df21f6489da367c14065")
"""The first topic of its logs: keccak-256 of their signature, as `ABI` has it."""

ABI = {
    "type": "event",
    "name": "Donated",
    "anonymous": False,
    "inputs": [
        {"name": "seq", "type": "uint256", "indexed": True},
        {"name": "project", "type": "bytes32", "indexed": True},
        {"name": "donor", "type": "address", "indexed": True},
        {"name": "token", "type": "address", "indexed": False},
        {"name": "amount", "type": "uint256", "indexed": False},
        {"name": "memo", "type": "bytes32", "indexed": False},
    ],
}
"""What web3 needs to decode them: the event of our own contract."""

CODE = (
    "0x5f35"  # how many are left
    "5b"  # at 2: again
    "8015604457"  # none: go to the end, at 0x44
    "305f52"  # token: this contract
    "808002602052"  # amount: the square of how many are left
    "43604052"  # memo: number of the block
    "33"  # donor: who calls
    "81"  # project: how many are left
    "82"  # seq: the same
    "7f" + DONATED[2:] + "60605fa4"
    "60019003600256"  # one less
    "5b00"
)
"""The contract, in code of the machine."""


class Anvil:
    """A running chain."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.accounts: list[str] = []

    def rpc(self, method: str, *params: Any) -> Any:
        """Return the result of a call; an error fails the test."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as response:
            answer = json.load(response)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    @property
    def head(self) -> int:
        """Return the number of the last block."""
        return int(self.rpc("eth_blockNumber"), 16)

    def emit(self, *counts: int, to: str = EMITTER) -> None:
        """Mine a block in which each transaction writes as many logs as `counts` say."""
        for place, count in enumerate(counts):
            sender = self.accounts[place % len(self.accounts)]
            call = {"from": sender, "to": to, "data": f"0x{count:064x}", "gas": hex(30_000 + 4_000 * count)}
            self.rpc("eth_sendTransaction", call)
        self.rpc("evm_mine")


@contextmanager
def anvil(*options: str) -> Iterator[Anvil]:
    """Run a chain without automatic mining, with the emitter in it; skip the test where anvil is not installed."""
    try:
        program()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with running_anvil("--gas-limit", "200000000", *options) as url:
        chain = Anvil(url)
        chain.accounts = chain.rpc("eth_accounts")
        chain.rpc("evm_setAutomine", False)
        chain.rpc("anvil_setCode", EMITTER, CODE)
        yield chain
