"""The compiled contracts: what is in them, and how a contract on a chain is recognised."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import get_args

import pytest
from eth_utils import keccak

from qf.chain.artifacts import ContractName, artifact

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
NAMES = get_args(ContractName)


def signature(entry: dict) -> str:
    return f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})"


@pytest.mark.parametrize("name", NAMES)
def test_artifact_when_its_sources_are_hashed_then_they_are_those_it_was_compiled_from(name: str) -> None:
    built = artifact(name)
    ours = {path: digest for path, digest in built.sources.items() if path.startswith("src/")}
    assert f"src/{name}.sol" in ours
    for path, digest in ours.items():
        assert hashlib.sha256((CONTRACTS / path).read_bytes()).hexdigest() == digest, f"{path}: run npm run compile"
    listed = "".join(f"{digest}  {path}\n" for path, digest in sorted(built.sources.items()))
    assert hashlib.sha256(listed.encode()).hexdigest() == built.source_sha256


@pytest.mark.parametrize("name", NAMES)
def test_artifact_when_it_is_written_then_it_fits_a_chain_and_names_no_machine(name: str) -> None:
    built = artifact(name)
    assert 0 < len(built.runtime) <= 24_576
    assert built.runtime in built.bytecode or name == "SignatureCheck"  # which is run and never deployed
    assert all(built.runtime[first : first + length] == bytes(length) for first, length in built.immutables)
    assert all(path.startswith(("src/", "@openzeppelin/contracts/")) for path in built.sources)
    assert built.compiler.startswith("0.8.37+")


def test_donated_when_its_topic_is_hashed_then_it_is_the_event_the_reader_knows() -> None:
    (event,) = [entry for entry in artifact("DonationRound").abi if entry.get("name") == "Donated"]
    assert signature(event) == "Donated(uint256,bytes32,address,address,uint256,bytes32)"
    assert [part["name"] for part in event["inputs"]] == ["seq", "project", "donor", "token", "amount", "memo"]
    assert [part["indexed"] for part in event["inputs"]] == [True, True, True, False, False, False]


@pytest.mark.parametrize("name", NAMES)
def test_selectors_when_listed_then_no_two_functions_share_one(name: str) -> None:
    functions = [signature(entry) for entry in artifact(name).abi if entry["type"] == "function"]
    assert len({keccak(text=function)[:4] for function in functions}) == len(functions)


def test_is_code_when_only_immutables_differ_then_it_is_the_contract() -> None:
    built = artifact("DonationRound")
    deployed = bytearray(built.runtime)
    for first, length in built.immutables:
        deployed[first : first + length] = b"\x5a" * length
    assert built.is_code(bytes(deployed))
    deployed[0] ^= 1
    assert not built.is_code(bytes(deployed))
    assert not built.is_code(built.runtime + b"\0")
    assert not built.is_code(b"")


def test_owner_powers_when_the_functions_are_listed_then_there_are_none_over_money() -> None:
    changing = [
        entry["name"]
        for entry in artifact("DonationRound").abi
        if entry["type"] == "function" and entry["stateMutability"] not in {"view", "pure"}
    ]
    doors = ["donate", "donateFor", "donateWithAuthorization", "donateWithPermit", "donateWithPermit2"]
    assert sorted(changing) == sorted([*doors, "addProjects", "movePayee", "withdraw"])


def test_artifact_when_the_name_is_unknown_then_it_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        artifact("Nothing")  # type: ignore[arg-type]


def test_stored_files_when_read_then_they_are_plain_json_of_the_same_shape() -> None:
    folder = Path(__file__).resolve().parents[3] / "qf" / "chain" / "artifacts"
    shapes = {tuple(json.loads(path.read_text("utf-8"))) for path in folder.glob("*.json")}
    assert len(shapes) == 1
