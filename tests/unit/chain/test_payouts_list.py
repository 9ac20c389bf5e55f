"""From a bundle to a list of payouts and back from its file: nothing lost, nothing added, everything wrong named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qf
from qf.chain.payouts import (
    OnChain,
    PayoutList,
    checksummed,
    payout_list,
    payout_tree,
    payouts_bytes,
    payouts_of_bundle,
    read_address,
    read_on_chain,
    read_payouts,
    verify_proof,
)
from qf.chain.types import NATIVE, ZERO_ADDRESS, Address
from qf.codec import result_digest
from qf.eligibility import Project
from qf.errors import InvariantError, PayoutError, VerificationError
from tests.unit.chain.payout_examples import PAYEES, TOKEN, a_list, write_bundle

RULES = qf.round_of({"round": {"id": "r"}, "pool": {"amount": "1000", "token": TOKEN}})
RESULT = qf.settle(RULES, [("a", "p", 100), ("b", "p", 100), ("a", "q", 25), ("c", "q", 25), ("d", "zero", 0)])
DIGEST = "ab" * 32
ANCHORS = {name: OnChain(key=f"0x{number:040x}") for number, name in enumerate(("p", "q"), 7)}


def projects(**payees: str) -> list[Project]:
    return [
        Project(name, payout_address=payee)
        for name, payee in {"p": "0x" + "1a" * 20, "q": "0x" + "2b" * 20, **payees}.items()
    ]


def problems(**options: Any) -> list[str]:
    given = options.pop("projects", projects())
    with pytest.raises(PayoutError) as raised:
        payout_list(RESULT, DIGEST, given, **options)
    return [str(problem) for problem in raised.value.problems]


def test_list_when_it_is_made_then_it_adds_up_to_what_the_round_pays() -> None:
    payouts = payout_list(RESULT, DIGEST, projects())
    assert payouts.total + payouts.unspent == 1000
    assert [(line.index, line.project, line.amount) for line in payouts.lines] == [
        (0, "p", RESULT.payouts["p"]),
        (1, "q", RESULT.payouts["q"]),
    ]
    assert (payouts.token, payouts.symbol, payouts.result) == (TOKEN, "", f"0x{DIGEST}")
    assert payouts.lines[0].donors == 2


def test_list_when_a_payout_is_0_then_it_has_no_leaf_and_needs_no_payee() -> None:
    assert RESULT.payouts["zero"] == 0
    assert {line.project for line in payout_list(RESULT, DIGEST, projects()).lines} == {"p", "q"}


def test_list_when_it_does_not_add_up_then_it_is_not_made() -> None:
    with pytest.raises(InvariantError):
        replace(a_list(), unspent=8)


@pytest.mark.parametrize(
    ("kind", "known", "leaves"),
    [
        ("qf", {}, lambda a, b, x, y: [(0, a, x), (1, b, y)]),
        ("allo_v2", ANCHORS, lambda a, b, x, y: [(0, ANCHORS["p"].key, a, x), (1, ANCHORS["q"].key, b, y)]),
        ("allo_v2_1", ANCHORS, lambda a, b, x, y: [(0, ANCHORS["p"].key, x), (1, ANCHORS["q"].key, y)]),
        (
            "allo_v1",
            {"p": OnChain("0x" + "0A" * 32), "q": OnChain("0x" + "0b" * 32)},
            lambda a, b, x, y: [(0, a, x, "0x" + "0a" * 32), (1, b, y, "0x" + "0b" * 32)],
        ),
    ],
)
def test_list_when_a_contract_pays_then_its_tree_is_over_the_leaves_it_reads(
    kind: str, known: Any, leaves: Any
) -> None:
    payouts = payout_list(RESULT, DIGEST, projects(), kind=kind, on_chain=known)
    wanted = leaves("0x" + "1a" * 20, "0x" + "2b" * 20, RESULT.payouts["p"], RESULT.payouts["q"])
    assert payouts.tree.root == payout_tree(kind, wanted).root


def test_list_when_payees_are_missing_or_wrong_then_all_are_named_at_once() -> None:
    wrong = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da2"
    found = problems(projects=projects(p="", q=wrong), on_chain={"nobody": OnChain()}, token="0x12")
    assert len(found) == 4
    assert any("project p, payee: is missing" in text for text in found)
    assert any("project q, payee" in text and "wrong checksum" in text for text in found)
    assert any("project nobody: is not in the round" in text for text in found)
    assert any("token: '0x12' is not an address" in text for text in found)


@pytest.mark.parametrize(
    ("payee", "told"),
    [(ZERO_ADDRESS, "nobody"), (NATIVE, "nobody"), (TOKEN, "token itself"), ("ann.eth", "not an address")],
)
def test_list_when_money_would_be_lost_then_it_is_refused(payee: str, told: str) -> None:
    (found,) = problems(projects=projects(p=payee))
    assert told in found


def test_list_when_the_contract_needs_ids_then_the_missing_ones_are_named() -> None:
    assert len(problems(kind="allo_v2")) == 2
    assert "32 bytes" in problems(kind="allo_v1", on_chain=ANCHORS)[0]
    assert "knows none" in problems(on_chain={"p": OnChain(key="0x01")})[0]


def test_list_when_the_table_names_another_payee_than_the_bundle_then_it_is_refused() -> None:
    (found,) = problems(on_chain={"p": OnChain(payee="0x" + "3c" * 20)})
    assert "is not the published" in found


def test_list_when_only_the_table_names_the_payee_then_that_is_paid() -> None:
    known = {"p": OnChain(payee="0x" + "3c" * 20)}
    assert payout_list(RESULT, DIGEST, projects(p=""), on_chain=known).lines[0].payee == "0x" + "3c" * 20


def test_list_when_the_token_is_given_then_it_must_be_that_of_the_pool() -> None:
    assert "not that of the pool" in problems(token="native")[0]
    assert payout_list(RESULT, DIGEST, projects(), token=TOKEN).token == TOKEN
    assert "not that of the pool" in problems(token="0x" + "77" * 20)[0]


def test_list_when_a_payee_occurs_twice_then_it_is_told() -> None:
    both = "0x" + "1a" * 20
    assert payout_list(RESULT, DIGEST, projects(q=both)).repeated == {both: 2}
    assert payout_list(RESULT, DIGEST, projects()).repeated == {}


def test_list_when_nobody_is_paid_then_there_is_none() -> None:
    with pytest.raises(PayoutError, match="nobody is paid"):
        payout_list(qf.settle(RULES, []), DIGEST, projects())


def test_list_when_it_comes_from_a_bundle_then_it_is_what_the_bundle_says(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path)
    payouts = payouts_of_bundle(bundle, token=TOKEN)
    assert {line.project: line.payee for line in payouts.lines} == {name: PAYEES[name] for name in ("bus", "well")}
    assert payouts.result == "0x" + result_digest(bundle)
    assert payouts.total + payouts.unspent == 100_000


def test_list_when_the_bundle_was_changed_then_there_is_none(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path)
    path = bundle / "projects.csv"
    path.write_bytes(path.read_bytes().replace(b"0x01abab", b"0x01abac"))
    with pytest.raises(VerificationError):
        payouts_of_bundle(bundle, token=TOKEN)


def written(folder: Path, payouts: PayoutList) -> Path:
    path = folder / "payouts.json"
    path.write_bytes(payouts_bytes(payouts))
    return path


KEYS = {name: Address(f"0x{number:02x}" + "cd" * 19) for number, name in enumerate(PAYEES)}


@pytest.mark.parametrize("kind", ["qf", "allo_v2"])
def test_file_when_it_is_read_back_then_it_is_the_same_list(tmp_path: Path, kind: str) -> None:
    payouts = a_list(kind=kind, keys=KEYS if kind == "allo_v2" else {})
    assert read_payouts(written(tmp_path, payouts)) == payouts


def test_file_when_it_is_written_then_it_proves_every_payout(tmp_path: Path) -> None:
    document = json.loads(written(tmp_path, a_list()).read_text("utf-8"))
    assert document["total"] == str(10**24 + 12_345_679)
    assert document["token"] == checksummed(TOKEN)
    for entry in document["payouts"]:
        assert verify_proof(entry["proof"], entry["hash"], document["root"])
        assert checksummed(read_address(entry["payee"])) == entry["payee"]


FORGERIES = {
    "root": ["root"],
    "total": ["total"],
    "amount": ["payouts", 0, "amount"],
    "payee": ["payouts", 1, "payee"],
    "proof": ["payouts", 0, "proof", 0],
    "hash": ["payouts", 2, "hash"],
    "index": ["payouts", 2, "index"],
    "leaf": ["leaf", 0],
}


@pytest.mark.parametrize("what", FORGERIES)
def test_file_when_something_in_it_was_changed_then_it_does_not_verify(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, a_list())
    document = json.loads(path.read_text("utf-8"))
    *way, last = FORGERIES[what]
    place: Any = document
    for step in way:
        place = place[step]
    place[last] = {"payee": checksummed(Address("0x" + "9f" * 20)), "amount": "12345679"}.get(what, "1" * 4)
    path.write_bytes(qf.canonical.canonical_json(document))
    with pytest.raises(VerificationError):
        read_payouts(path)


def test_file_when_payees_lost_their_checksum_then_each_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, a_list())
    text = path.read_text("utf-8")
    for payee in PAYEES.values():
        good = checksummed(payee)
        text = text.replace(good, good[:-1] + ("c" if good[-1] in "bB" else "b"))
    path.write_text(text, "utf-8")
    with pytest.raises(PayoutError) as raised:
        read_payouts(path)
    assert [problem.what for problem in raised.value.problems if "wrong checksum" in problem.what]
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\n", b'{"a":1}\n', b"\xff"])
def test_file_when_it_is_something_else_then_it_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "payouts.json").write_bytes(data)
    with pytest.raises(PayoutError, match=r"payouts\.json"):
        read_payouts(tmp_path / "payouts.json")


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (["result"], "-1"),
        (["result"], []),
        (["result"], "0x" + "AB" * 32),
        (["round"], []),
        (["symbol"], {}),
        (["token"], None),
        (["pool"], "9" * 5000),
        (["decimals"], "999"),
        (["payouts", 0, "amount"], "1" * 79),
        (["payouts", 0, "donors"], None),
        (["payouts", 0, "project"], []),
        (["payouts", 0, "title"], None),
        (["payouts", 0, "application"], ["1"]),
        (["payouts", 0, "id"], None),
    ],
)
def test_file_when_a_value_is_of_another_kind_then_it_is_named(tmp_path: Path, way: list[Any], value: Any) -> None:
    path = written(tmp_path, a_list())
    document = json.loads(path.read_text("utf-8"))
    place: Any = document
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = value
    path.write_bytes(qf.canonical.canonical_json(document))
    with pytest.raises(PayoutError) as raised:
        read_payouts(path)
    assert any(str(way[-1]) in problem.where for problem in raised.value.problems)
    assert len(str(raised.value)) < 1000


def test_table_when_it_is_read_then_each_project_is_known(tmp_path: Path) -> None:
    path = tmp_path / "recipients.csv"
    path.write_text("project,id,application\np,0x01,4\nq,,\n", "utf-8")
    assert read_on_chain(path) == {"p": OnChain("0x01", "", "4"), "q": OnChain()}


def test_table_when_rows_are_wrong_then_all_are_named(tmp_path: Path) -> None:
    path = tmp_path / "recipients.csv"
    path.write_text("project,id,anchor\np,1,2\n,3,4\np,5,6\n", "utf-8")
    with pytest.raises(PayoutError) as raised:
        read_on_chain(path)
    assert len(raised.value.problems) == 3
