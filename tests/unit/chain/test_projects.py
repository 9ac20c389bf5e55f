"""Projects as contracts list them become the file of projects, with what their descriptions say."""

from __future__ import annotations

from pathlib import Path

import pytest

from qf.chain.chain_file import ChainFile, chain_file_of
from qf.chain.ledger import SourceLedger
from qf.chain.metadata import library
from qf.chain.projects import listed_projects, write_projects
from qf.chain.types import Address, ChainId, ChainProject, Decoded, Status
from qf.codec.evidence import read_projects
from qf.errors import InputError
from tests.unit.chain.fake_chain import account

CID = "bafkreiex4jdz6gfyq7hyefyl4qecnc5d3sxzzvwtj7gkhszajzxpp34roq"
TEXT = '{"application": {"recipient": "0x' + "be" * 20 + '", "project": {"title": "Well"}}}'
PAYEE = Address("0x" + "be" * 20)


def a_file(**projects: str) -> ChainFile:
    source = {"kind": "allo_v2", "from_block": 0, "strategy": account(1)}
    return chain_file_of({"chain": [{"id": 1, "source": [source]}], "projects": projects})


def ledgers(file: ChainFile, *projects: ChainProject) -> list[SourceLedger]:
    return [SourceLedger(file.chains[0].sources[0], ChainId(1), Decoded(projects=projects), ())]


def test_listed_when_there_are_descriptions_then_title_and_payee_are_theirs(tmp_path: Path) -> None:
    (tmp_path / CID).write_text(TEXT)
    file = a_file(well="0xAA", bus="0xbb")
    read = ledgers(
        file, ChainProject("0xaa", pointer=CID), ChainProject("0xbb", payee=account(9), status=Status.REJECTED)
    )
    found = listed_projects(file, read, library(str(tmp_path)))
    assert [(each.project.id, each.project.title, each.project.payout_address) for each in found] == [
        ("bus", "bus", account(9)),
        ("well", "Well", PAYEE),
    ]
    assert not any(each.doubt for each in found)
    assert write_projects(tmp_path / "projects.csv", found) == 1
    (well,) = read_projects(tmp_path / "projects.csv")
    assert (well.id, well.title, well.payout_address) == ("well", "Well", PAYEE)


def test_listed_when_the_description_names_another_payee_then_the_contract_is_right_and_it_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / CID).write_text(TEXT)
    file = a_file(well="0xaa")
    read = ledgers(file, ChainProject("0xaa", payee=account(9), pointer=CID))
    (well,) = listed_projects(file, read, library(str(tmp_path)))
    assert well.project.payout_address == account(9)
    assert f"names {PAYEE} as payee" in well.doubt


@pytest.mark.parametrize(("pointer", "told"), [(CID, CID), ("nonsense", "CID")])
def test_listed_when_a_description_cannot_be_had_then_the_project_stays_and_it_is_told(
    tmp_path: Path, pointer: str, told: str
) -> None:
    file = a_file(well="0xaa")
    read = ledgers(file, ChainProject("0xaa", payee=account(9), pointer=pointer))
    (well,) = listed_projects(file, read, library(str(tmp_path)))
    assert (well.project.title, well.project.payout_address) == ("well", account(9))
    assert told in well.doubt


def test_listed_when_two_contracts_pay_one_project_differently_then_refused() -> None:
    file = a_file(well="0xaa")
    two = [ChainProject("0xaa", payee=account(1)), ChainProject("0xaa", payee=account(2))]
    with pytest.raises(InputError, match="project well: is paid at"):
        listed_projects(file, ledgers(file, *two))
