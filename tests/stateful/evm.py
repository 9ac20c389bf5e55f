"""A chain of one process: the committed bytecode in pyrevm, called by name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this Python")

NATIVE = "0x" + "ee" * 20
DOUBLES = Path(__file__).resolve().parents[2] / "contracts" / "test" / "artifacts"


class Reverted(Exception):
    """A call that the contract refused; its text is the name of the error."""


def account(number: int) -> str:
    return f"0x{0xACC0000 + number:040x}"


def double(name: str) -> dict[str, Any]:
    """Return a contract that only tests use: its abi and bytecode."""
    stored = json.loads((DOUBLES / f"{name}.json").read_text("utf-8"))
    return {"abi": stored["abi"], "bytecode": bytes.fromhex(stored["bytecode"][2:])}


def type_of(part: Mapping[str, Any]) -> str:
    if not part["type"].startswith("tuple"):
        return str(part["type"])
    return f"({','.join(type_of(inner) for inner in part['components'])}){part['type'].removeprefix('tuple')}"


def types_of(parts: list[Mapping[str, Any]]) -> list[str]:
    return [type_of(part) for part in parts]


class Chain:
    """An EVM whose time is set, and whose senders have coins."""

    def __init__(self, time: int) -> None:
        self.evm = pyrevm.EVM(spec_id="CANCUN")
        self.set_time(time)

    def set_time(self, time: int) -> None:
        self.time = time
        self.evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=time, gas_limit=2**40))

    def deploy(self, abi: list[Any], bytecode: bytes, *arguments: Any) -> Contract:
        made = next((entry for entry in abi if entry["type"] == "constructor"), {"inputs": []})
        code = bytecode + eth_abi.encode(types_of(made["inputs"]), arguments)
        return Contract(self, abi, str(self.evm.deploy(account(0xD), code)).lower())

    def coins(self, owner: str) -> int:
        return int(self.evm.get_balance(owner))

    def give_coins(self, owner: str, amount: int) -> None:
        self.evm.set_balance(owner, amount)


class Contract:
    """A deployed contract."""

    def __init__(self, chain: Chain, abi: list[Any], address: str) -> None:
        self.chain, self.address = chain, address
        self.functions = {entry["name"]: entry for entry in abi if entry["type"] == "function"}
        errors = [entry for entry in abi if entry["type"] == "error"]
        self.errors = {self.selector(entry): entry["name"] for entry in errors}

    @staticmethod
    def selector(entry: Mapping[str, Any]) -> bytes:
        return keccak(text=f"{entry['name']}({','.join(types_of(entry['inputs']))})")[:4]

    def call(self, name: str, *arguments: Any, sender: str = account(0xD), value: int = 0) -> Any:
        """Call a function; return what it returns: nothing, one value, or a tuple.

        Raises:
            Reverted: the contract refused.
        """
        entry = self.functions[name]
        data = self.selector(entry) + eth_abi.encode(types_of(entry["inputs"]), arguments)
        try:
            answer = self.chain.evm.message_call(caller=sender, to=self.address, calldata=data, value=value)
        except RuntimeError as error:
            raise Reverted(self.why(str(error))) from error
        values = eth_abi.decode(types_of(entry["outputs"]), bytes(answer)) if answer else ()
        return values[0] if len(values) == 1 else values

    def why(self, text: str) -> str:
        found = re.search(r"output: (0x[0-9a-f]+)", text)
        output = bytes.fromhex(found[1][2:]) if found else b""
        return self.errors.get(output[:4], text)
