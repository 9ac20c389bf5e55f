"""The 24 stored logs of Allo contracts decode to the values stored with them, and every stored event is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qf.chain.sources import REGISTRY, decode_log
from qf.chain.sources.allo_v1 import AlloV1
from qf.chain.sources.allo_v2 import AlloV2
from qf.chain.sources.allo_v2_1 import AlloV21
from qf.chain.types import NATIVE, Address, Hash, Log, Status

KINDS = {"allo-v1": "allo_v1", "allo-v2": "allo_v2", "allo-v2.1-dev-solidity": "allo_v2_1"}
"""Which of our sources reads the contracts of a stored version."""

WRITER = Address("0x" + "a110".rjust(40, "0"))
"""The contract that wrote all stored logs."""

ROUND = Address("0x" + "70".rjust(40, "0"))
"""The round that the stored logs of Allo v1 speak of."""

PLACE = (19_000_000, Hash("0x" + "b1" * 32), Hash("0x" + "7a" * 32), 0)


@pytest.fixture(scope="module")
def stored(shared: Path) -> list[dict[str, Any]]:
    logs: list[dict[str, Any]] = json.loads((shared / "vectors" / "allo_event_logs.json").read_text("utf-8"))["logs"]
    return logs


def kind_of(record: dict[str, Any]) -> str:
    return KINDS[record["version"].split("/")[0]]


def as_stored(value: Any) -> Any:
    """Return a value as the file writes it: integers as text; 0x strings are compared in lower case."""
    if isinstance(value, tuple | list):
        return [as_stored(part) for part in value]
    return str(value).lower() if str(value).startswith("0x") else str(value)


def test_every_stored_log_decodes_to_its_values(stored: list[dict[str, Any]]) -> None:
    assert len(stored) >= 24
    for record in stored:
        name, values = decode_log(record, kind_of(record))
        assert name == record["event"]
        told = {key: as_stored(value) for key, value in values.items()}
        assert told == {key: as_stored(value) for key, value in record["decoded"].items()}, record["signature"]
        assert list(told) == list(record["decoded"])


def test_every_stored_log_is_known_without_saying_whose_it_is(stored: list[dict[str, Any]]) -> None:
    for record in stored:
        name, values = decode_log(record)
        assert name == record["event"]
        assert [as_stored(value) for value in values.values()] == [as_stored(v) for v in record["decoded"].values()]


def test_every_stored_event_has_the_topic_and_the_names_we_have(shared: Path) -> None:
    for record in json.loads((shared / "abi" / "allo_events.json").read_text("utf-8")):
        event = REGISTRY[kind_of(record)].events[record["topic0"]]
        assert event.signature == record["signature"]
        assert [part.name for part in event.parameters] == [part["name"] for part in record["abi"]["inputs"]]
        assert [part.indexed for part in event.parameters] == [part["indexed"] for part in record["abi"]["inputs"]]


def test_every_stored_event_of_clrfund_and_giveth_has_the_topic_we_have(shared: Path) -> None:
    stored = json.loads((shared / "abi" / "other_donation_events.json").read_text("utf-8"))["events"]
    topics = {record["signature"]: record["topic0"] for record in stored}
    ours = [event for kind in ("clrfund", "giveth", "transfers") for event in REGISTRY[kind].events.values()]
    assert {event.signature: topics[event.signature] for event in ours} == {
        event.signature: event.topic for event in ours
    }


def logs_of(stored: list[dict[str, Any]], kind: str, writer: Address) -> list[Log]:
    """Return the stored logs that a source of `kind` reads, written by `writer` one after the other."""
    records = [record for record in stored if kind_of(record) == kind]
    return [
        Log(writer, tuple(record["topics"]), bytes.fromhex(record["data"][2:]), *PLACE, number)
        for number, record in enumerate(records)
    ]


def test_stored_donations_of_allo_v1(stored: list[dict[str, Any]]) -> None:
    source = AlloV1(ROUND, voting=WRITER, payout=WRITER, factory=WRITER)
    logs = [
        log if log.topics[0] not in AlloV1.of_round else Log(ROUND, log.topics, log.data, *PLACE, log.log_index)
        for log in logs_of(stored, "allo_v1", WRITER)
    ]
    found = source.decode(logs)
    assert found.refused == []
    assert [gift.donor[-2:] for gift in found.donations] == ["c0", "c0", "d0"]
    assert [gift.project for gift in found.donations] == ["0x" + "11" * 32, "12", "12"]
    assert {(gift.token, gift.amount, gift.payee[-2:]) for gift in found.donations} == {(NATIVE, 10**18, "61")}
    assert len(found.donations) + len(found.facts) == len(logs)
    assert [(project.application, project.pointer) for project in found.projects] == [(12, "bafkreiexamplecid")]


def test_stored_donations_of_allo_v2(stored: list[dict[str, Any]]) -> None:
    source = AlloV2(WRITER, allo=WRITER, pool=608)
    logs = logs_of(stored, "allo_v2", WRITER)
    found = source.decode(logs)
    assert found.refused == []
    assert [(gift.donor[-2:], gift.token[-2:]) for gift in found.donations] == [("d0", "ee"), ("c0", "05")]
    assert {(gift.project[-2:], gift.amount) for gift in found.donations} == {("9e", 5 * 10**18)}
    assert len(found.donations) + len(found.facts) == len(logs)
    (project,) = found.projects
    assert (project.application, project.payee[-2:], project.pointer) == (2, "be", "bafkreiexamplecid")
    assert project.status is Status.REJECTED


def test_stored_donations_of_allo_v2_1(stored: list[dict[str, Any]]) -> None:
    found = AlloV21(WRITER).decode(logs_of(stored, "allo_v2_1", WRITER))
    (gift,) = found.donations
    assert (gift.donor[-2:], gift.project[-2:], gift.token[-2:], gift.amount) == ("c0", "9e", "05", 3 * 10**18)
    assert [fact.name for fact in found.facts] == ["Distributed", "PayoutSet"]
    (refused,) = found.refused
    assert "ends after 2 bytes" in refused.why
