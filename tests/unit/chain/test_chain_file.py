"""A chain file is read whole: everything wrong is named at once, and what is published reads the same donations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qf.canonical import canonical_json
from qf.chain.chain_file import chain_file_of, read_chain_file
from qf.chain.node.reader import Trust
from qf.chain.sources.donation_round import DonationRound
from qf.chain.types import NATIVE
from qf.errors import InputError

VAULT = "0x" + "aa" * 20
TOKEN = "0x" + "bb" * 20

SOURCE = {"kind": "donation_round", "from_block": 9, "contract": VAULT}

TEXT = f"""
[[chain]]
id = 10
endpoints = ["https://one.example/${{SECRET}}", "http://two.example"]
quorum = 2
finality = 64
depth = 30
requests_per_second = 5
proof = "bloom"

[[chain.source]]
kind = "donation_round"
contract = "{VAULT}"
tokens = ["{TOKEN}"]
from_block = 100
to_block = 200
code_hash = "0x{"11" * 32}"

[[token]]
chain = 10
address = "{TOKEN}"
name = "JPYC"
decimals = 18

[[token]]
chain = 10
address = "native"
name = "ETH"
decimals = 18

[projects]
well = "0xAB"
bus = ["7", "0xcd"]
"""


def told(document: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        chain_file_of(document, "f")
    return [str(problem) for problem in caught.value.problems]


def test_file_when_right_then_all_of_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "k3y")
    (tmp_path / "c.toml").write_text(TEXT)
    file = read_chain_file(tmp_path / "c.toml")
    (chain,) = file.chains
    assert (chain.id, chain.quorum, chain.finality, chain.requests_per_second) == (10, 2, 64, 5)
    assert chain.endpoints == ("https://one.example/k3y", "http://two.example")
    assert (chain.proof, chain.depth) == (Trust.BLOOM, 30)
    (source,) = chain.sources
    assert source.source == DonationRound(VAULT, (TOKEN,))  # type: ignore[arg-type]
    assert (source.name, source.first, source.last, source.code_hash) == (
        "eip155:10/donation_round/0",
        100,
        200,
        "0x" + "11" * 32,
    )
    assert {token.address: token.name for token in file.tokens.values()} == {TOKEN: "JPYC", NATIVE: "ETH"}
    assert file.projects == {"0xab": "well", "7": "bus", "0xcd": "bus"}


def test_published_when_read_back_from_canonical_json_then_the_same_without_endpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "k3y")
    (tmp_path / "c.toml").write_text(TEXT)
    file = read_chain_file(tmp_path / "c.toml")
    data = canonical_json(file.published)
    assert b"k3y" not in data and b"example" not in data
    again = chain_file_of(json.loads(data))
    assert again.published == file.published
    assert again.chains[0].sources == file.chains[0].sources
    assert (again.tokens, again.projects) == (file.tokens, file.projects)


def test_file_when_a_variable_is_not_set_then_it_is_named_and_the_url_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET", raising=False)
    (tmp_path / "c.toml").write_text(TEXT)
    with pytest.raises(InputError, match="names SECRET, which is not set") as caught:
        read_chain_file(tmp_path / "c.toml")
    assert "example" not in str(caught.value)


def test_file_when_everything_is_wrong_then_everything_is_named() -> None:
    source = {"kind": "donation_rund", "from_block": 9, "to_block": 3}
    vault = {"kind": "donation_round", "from_block": -1, "contract": VAULT[:-1], "speed": 1}
    chain = {
        "id": 1,
        "endpoints": ["ftp://x"],
        "finality": "soon",
        "proof": "hope",
        "colour": 1,
        "source": [source, vault],
    }
    token = {"chain": 1, "address": "0x12", "name": " x", "decimals": 99, "code_hash": "0x1"}
    problems = told({"chain": [chain, {"quorum": 0}], "token": [token], "projects": {"a": 1}, "more": 1})
    for place in (
        "f, chain 1, endpoints: number 1",
        "f, chain 1, finality: 'soon'",
        "f, chain 1, proof: 'hope'",
        "f, chain 1: 'colour' is not known",
        "f, chain 1, source 1, kind: 'donation_rund'",
        "f, chain 1, source 1, to_block: is before",
        "f, chain 1, source 2, from_block: is no whole",
        "f, chain 1, source 2, contract:",
        "f, chain 1, source 2, speed:",
        "f, chain 2, id: is missing",
        "f, chain 2, quorum: is 0",
        "f, token 1, address:",
        "f, token 1, name:",
        "f, token 1, decimals: 99",
        "f, token 1, code_hash:",
        "f, projects, a: is neither",
        "f: 'more' is not known",
    ):
        assert any(problem.startswith(place) for problem in problems), place
    assert len(problems) == 17


def test_file_when_something_is_there_twice_then_named() -> None:
    token = {"chain": 1, "address": TOKEN, "name": "x", "decimals": 0}
    chains = [{"id": 1, "source": [SOURCE]}, {"id": 1}]
    problems = told({"chain": chains, "token": [token, token], "projects": {"a": "7", "b": ["7"]}})
    assert len(problems) == 3
    assert any("7 is also a" in problem for problem in problems)


def test_file_when_more_nodes_have_to_agree_than_there_are_then_refused() -> None:
    (problem,) = told({"chain": [{"id": 1, "endpoints": ["http://a"], "quorum": 2, "source": [SOURCE]}]})
    assert "asks 2 nodes to agree and names 1" in problem


@pytest.mark.parametrize("document", [{"chain": 1}, {"chain": [1]}, {"token": {}}])
def test_file_when_tables_are_no_tables_then_said(document: Any) -> None:
    assert "is no list of tables" in told(document)[0]


def test_file_when_it_cannot_be_read_then_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_chain_file(tmp_path / "none.toml")
    (tmp_path / "c.toml").write_text("[[chain]\n")
    with pytest.raises(InputError, match="not TOML"):
        read_chain_file(tmp_path / "c.toml")


def test_file_when_it_names_no_source_then_refused() -> None:
    assert told({}) == ["f: names no source; write [[chain]] and below it [[chain.source]]"]


def test_file_when_two_sources_read_the_same_logs_then_refused() -> None:
    vault = {**SOURCE, "tokens": [TOKEN]}
    plain = {"kind": "transfers", "from_block": 9, "payees": [VAULT], "tokens": [TOKEN], "native": False}
    (problem,) = told({"chain": [{"id": 1, "source": [vault, plain]}]})
    assert problem.startswith("f, chain 1, source 2: reads what another source")
    other = {**plain, "payees": ["0x" + "dd" * 20]}
    assert chain_file_of({"chain": [{"id": 1, "source": [vault, other]}]})


def test_file_when_one_name_has_two_decimals_then_refused() -> None:
    tokens = [{"chain": 1, "address": f"0x{n:040x}", "name": "usdc", "decimals": 6 * n} for n in (1, 3)]
    (problem,) = told({"chain": [{"id": 1, "source": [SOURCE]}], "token": tokens})
    assert "token usdc: has 6 and 18 decimals" in problem


@pytest.mark.parametrize("number", [2**64, -1, 10**5000], ids=["2**64", "-1", "10**5000"])
def test_file_when_a_number_is_huge_then_refused(number: int) -> None:
    (problem,) = told({"chain": [{"id": 1, "source": [{**SOURCE, "from_block": number}]}]})
    assert "is no whole number from 0 to 10**18" in problem
    assert len(problem) < 200
