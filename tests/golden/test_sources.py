"""A stored case of every source: from its settings, logs and transactions to all that it makes of them."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qf.chain.sources import REGISTRY, source
from qf.chain.types import Decoded, Log, Outcome

CASES = sorted((Path(__file__).parent / "sources").glob("*.json"))


def log_of(stored: dict[str, Any]) -> Log:
    values = {"data": bytes.fromhex(stored["data"][2:]), "topics": tuple(stored["topics"])}
    return Log(**{field.name: values.get(field.name, stored[field.name]) for field in msgspec.structs.fields(Log)})


def outcome_of(stored: dict[str, Any]) -> Outcome:
    return Outcome(**{**stored, "logs": tuple(map(log_of, stored["logs"]))})


def told(found: Decoded) -> dict[str, list[dict[str, Any]]]:
    """Return what was found as it is stored: a log is named by its place, integers are text."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for field in fields(Decoded):
        rows = [asdict(each) for each in getattr(found, field.name)]
        for row in rows:
            if "log" in row:
                row["log"] = [row["log"].block_number, row["log"].tx_index, row["log"].log_index]
        parts[field.name] = json.loads(json.dumps(rows), parse_int=str)
    return parts


@pytest.mark.parametrize("case", CASES, ids=[path.stem for path in CASES])
def test_source_makes_of_its_logs_what_is_stored(case: Path) -> None:
    stored = json.loads(case.read_text("utf-8"))
    reads = source(case.stem, stored["settings"])
    found = reads.decode(list(map(log_of, stored["logs"])), list(map(outcome_of, stored["outcomes"])))
    assert told(found) == stored["found"]
    assert stored["found"]["donations"], "a case without a donation shows little"


def test_every_source_has_a_case() -> None:
    assert {case.stem for case in CASES} == set(REGISTRY)
