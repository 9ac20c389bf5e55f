"""The file of a round becomes a `Round`; every mistake is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import qf
from qf.canonical import canonical_json
from qf.codec import read_round
from qf.errors import RoundError
from qf.rules import document_of

TEXT = """
[round]
id = "demo"
title = "Demo round"
opens = "2025-04-01T00:00:00+09:00"

[pool]
amount = "1000"

[mechanism]
preset = "yen"
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def faults(text: str | bytes, name: str = "round.toml") -> list[str]:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RoundError) as caught:
        read_round(name)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", [TEXT, f"\ufeff{TEXT}", TEXT.replace("\n", "\r\n")])
def test_round_when_toml_then_read(text: str) -> None:
    Path("round.toml").write_bytes(text.encode())
    round = read_round("round.toml")
    assert (round.id, round.title, round.pool.amount, round.opens) == ("demo", "Demo round", 1000, 1743433200)


@pytest.mark.parametrize("preset", qf.preset_names())
def test_round_when_canonical_json_then_the_same(preset: str) -> None:
    round = qf.preset(preset, pool=10**20, id="x", title="a", opens=5, unit="JPY", match_cap_amount=7)
    Path("round.json").write_bytes(canonical_json(document_of(round)))
    assert read_round(Path("round.json")) == round


def test_round_when_values_are_malformed_then_each_has_its_line() -> None:
    text = TEXT.replace('"1000"', "0.5").replace("title", "titel").replace('"yen"', '"yin"') + "\n[weight]\n"
    assert [fault.split(";")[0] for fault in faults(text)] == [
        "round.toml line 13, the round file: 'weight' is not known",
        "round.toml line 11, [mechanism] preset: 'yin' is not a preset",
        "round.toml line 4, [round]: 'titel' is not known",
        "round.toml line 8, [pool] amount: 0.5 is a float",
    ]


def test_round_when_a_section_is_missing_then_told() -> None:
    assert faults('[round]\nid = "demo"\n')[0].startswith("round.toml, [pool] amount: is missing")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[round]\nid = demo\n", "round.toml line 2, column 6: is not TOML: Invalid value"),
        ('[round]\nid = "demo', "round.toml, at its end: is not TOML: "),
        ('[round]\nid = "a"\nid = "b"\n', "round.toml line 3, column 9: is not TOML: Cannot overwrite a value"),
        ("x = " + "[" * 5000, "round.toml"),
        (
            "題 = 1\n".encode("cp932"),
            "round.toml line 1: byte 0x91 is not UTF-8; as Shift-JIS (CP932) the line reads '題",
        ),
        (TEXT.encode("utf-16"), "round.toml: is UTF-16, not UTF-8; save it as UTF-8"),
    ],
)
def test_round_when_it_is_not_toml_then_the_place_is_named(text: str | bytes, told: str) -> None:
    assert faults(text)[0].startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{\n'a'", "round.json line 2: is not JSON: "),
        ("[]", "round.json: is not a JSON object"),
        ("[" * 100_000, "round.json: is nested too deeply"),
        (json.dumps({"round": {"id": "x"}, "pool": {"amount": 1.5}}), "round.json, [pool] amount: 1.5 is a float"),
    ],
)
def test_round_when_it_is_not_json_then_told(text: str, told: str) -> None:
    assert faults(text, "round.json")[0].startswith(told)


def test_round_when_absent_then_told() -> None:
    with pytest.raises(RoundError, match=r"nowhere\.toml: cannot be read: No such file or directory"):
        read_round("nowhere.toml")
