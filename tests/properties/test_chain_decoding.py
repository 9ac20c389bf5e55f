"""What we read and write in words is what eth_abi and web3 read and write; nothing malformed gets out of a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import eth_abi
import pytest
from eth_abi.exceptions import DecodingError, InsufficientDataBytes, NonEmptyPaddingBytes
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from web3 import Web3

from qf.chain.abi import Event, decode, encode
from qf.chain.abi.parameters import Parameter, parameters
from qf.chain.sources import REGISTRY, decode_log
from qf.chain.types import Hash, Log, LogFilter, Outcome
from tests.unit.chain.made import account, log, outcome, raw, word

WORDS = st.sampled_from(["address", "bool", "uint8", "uint64", "uint256", "bytes4", "bytes32"])
TAILS = st.sampled_from(["bytes", "string"])
TYPES = st.recursive(
    WORDS | TAILS, lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({','.join(parts)})")
)
TUPLES = st.lists(TYPES, max_size=4).map(lambda parts: f"({','.join(parts)})")
"""Tuples of any types we know, tuples of tuples included."""

EVERY_EVENT = {(kind, event.signature): event for kind, source in REGISTRY.items() for event in source.events.values()}

A, B = account(0xA), account(0xB)
OWN = st.sampled_from([A, B])
SOURCES = {
    "donation_round": {"contract": A},
    "allo_v1": {"round": A, "voting": B},
    "allo_v2": {"strategy": A, "allo": B, "pool": 1},
    "allo_v2_1": {"strategy": A},
    "transfers": {"payees": (A, B), "tokens": (B,)},
    "giveth": {"handler": A, "payees": (A, B), "tokens": (B,)},
    "clrfund": {"round": A, "token": B},
    "eip3009": {"payees": (A, B), "tokens": (B,)},
}
"""One source of every kind."""


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Return values that `parameter` can have, as we write them."""
    if parameter.is_tuple:
        return st.tuples(*map(values_of, parameter.parts))
    if parameter.type.startswith("uint"):
        return st.integers(0, 2 ** int(parameter.type[4:]) - 1)
    if parameter.type == "bool":
        return st.booleans()
    if parameter.type == "string":
        return st.text(max_size=100).filter(lambda text: not text.startswith("0x"))
    size = 20 if parameter.type == "address" else int(parameter.type.removeprefix("bytes") or 0)
    return st.binary(min_size=size, max_size=size or 100).map(lambda octets: "0x" + octets.hex())


@cache
def values_for(types: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*map(values_of, parameters(types)))


def ours(value: Any) -> Any:
    """Return what eth_abi or web3 decoded as we write it."""
    if isinstance(value, tuple | list):
        return tuple(ours(part) for part in value)
    if isinstance(value, Mapping):
        return tuple(ours(part) for part in value.values())
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value


def lowered(value: Any) -> Any:
    """Return a value with its addresses in lower case."""
    if isinstance(value, tuple):
        return tuple(lowered(part) for part in value)
    return value.lower() if isinstance(value, str) and value.startswith("0x") else value


@given(st.data(), TUPLES)
def test_values_are_written_as_eth_abi_writes_them_and_read_back(data: st.DataObject, types: str) -> None:
    values = data.draw(values_for(types))
    written = encode(types, values)
    assert written == eth_abi.encode([part.type for part in parameters(types)], [raw(value) for value in values])
    assert decode(types, written) == values


@given(st.data(), TUPLES)
def test_damaged_bytes_are_refused_or_read_as_eth_abi_reads_them(data: st.DataObject, types: str) -> None:
    written = bytearray(encode(types, data.draw(values_for(types))))
    for place in data.draw(st.lists(st.integers(0, max(len(written) - 1, 0)), max_size=3)):
        written[place : place + 1] = data.draw(st.binary(max_size=2))
    try:
        found = decode(types, bytes(written))
    except ValueError:
        return
    try:
        other = eth_abi.decode([part.type for part in parameters(types)], bytes(written), strict=False)
    except (InsufficientDataBytes, NonEmptyPaddingBytes):
        return  # it wants the last word of text whole and clean; a contract does not
    except (DecodingError, ValueError):
        pytest.fail(f"eth_abi refuses 0x{written.hex()}, we read {found}")
    assert lowered(found) == lowered(tuple(map(ours, other)))


def abi_of(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter as it stands in an ABI."""
    told = {"name": parameter.name, "type": parameter.type, "indexed": parameter.indexed}
    if parameter.is_tuple:
        told |= {"type": "tuple", "components": [abi_of(part) for part in parameter.parts]}
    return told


@cache
def process_log(event: Event) -> Callable[[Any], Any]:
    """Return web3's own decoder of an event."""
    inputs = [abi_of(part) for part in event.parameters]
    abi = [{"type": "event", "name": event.name, "anonymous": False, "inputs": inputs}]
    decoder: Callable[[Any], Any] = Web3().eth.contract(abi=abi).events[event.name]().process_log
    return decoder


@pytest.mark.parametrize("event", EVERY_EVENT.values(), ids=["-".join(key) for key in EVERY_EVENT])
@settings(max_examples=15)
@given(data=st.data())
def test_event_decodes_as_web3_decodes_it(event: Event, data: st.DataObject) -> None:
    values = {part.name: data.draw(values_of(part)) for part in event.parameters}
    made = log(event, A, values)
    as_json = {
        "address": "0x" + "0" * 39 + "A",
        "topics": [bytes.fromhex(topic[2:]) for topic in made.topics],
        "data": made.data,
        "blockNumber": 1,
        "blockHash": made.block_hash,
        "transactionHash": made.tx_hash,
        "transactionIndex": 0,
        "logIndex": 0,
    }
    decoded = process_log(event)(as_json)
    assert decode_log(made) == decode_log(as_json)
    assert event.decode(made.topics, made.data) == values
    assert {name: lowered(ours(value)) for name, value in decoded["args"].items()} == values


@st.composite
def logs_for(draw: st.DrawFn, kind: str) -> list[Log]:
    """Return logs as a source may be given them: of its events or others, whole or damaged, by it or by strangers."""
    events = list(REGISTRY[kind].events.values())
    found = []
    for index in range(draw(st.integers(1, 6))):
        event = draw(st.sampled_from(events))
        values = {part.name: draw(OWN if part.type == "address" else values_of(part)) for part in event.parameters}
        made = log(event, draw(st.sampled_from([A, B, account(0xC)])), values, tx=index // 3, index=index)
        if draw(st.booleans()):
            made = replace(made, data=draw(st.binary(max_size=100)))
        if draw(st.integers(0, 4)) == 0:
            made = replace(made, topics=made.topics[: draw(st.integers(0, 4))])
        if draw(st.integers(0, 4)) == 0:
            made = replace(made, topics=tuple(draw(st.permutations(made.topics))))
        found.append(made)
    return found


def outcomes_of(logs: list[Log]) -> list[Outcome]:
    return [
        outcome(*(each for each in logs if each.tx_index == tx), sender=A, to=B, value=tx, tx=tx)
        for tx in sorted({each.tx_index for each in logs})
    ]


@pytest.mark.parametrize("kind", REGISTRY)
@settings(max_examples=50)
@given(data=st.data())
def test_source_accounts_for_every_log_once(kind: str, data: st.DataObject) -> None:
    logs = data.draw(logs_for(kind))
    found = REGISTRY[kind](**SOURCES[kind]).decode(logs, outcomes_of(logs) if data.draw(st.booleans()) else ())
    places = [each.log.log_index for part in (found.donations, found.refused, found.facts) for each in part]
    assert sorted(place for place in places if place >= 0) == [each.log_index for each in logs]
    assert all(each.why for each in found.refused)


@pytest.mark.parametrize("kind", REGISTRY)
def test_source_asks_for_every_event_it_reads(kind: str) -> None:
    filters: tuple[LogFilter, ...] = REGISTRY[kind](**SOURCES[kind]).filters
    asked: set[Hash] = set()
    for wanted in filters:
        assert wanted.addresses, "a filter without an address lets anyone in"
        asked.update(wanted.topics[0] or ())
    assert asked <= set(REGISTRY[kind].events)
    assert word(1) not in asked
