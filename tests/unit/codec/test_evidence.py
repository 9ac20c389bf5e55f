"""Files of weights, links, prices, projects and attributes; and everything wrong with all files in one error."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import qf
from qf.codec import read_inputs
from qf.codec.evidence import read_attributes, read_links, read_prices, read_projects, read_weights
from qf.eligibility import Project
from qf.errors import DonationError, InputError, ProjectError, WeightError
from qf.prices import Price
from qf.round import WeightRule

CURVE = WeightRule(curve=((Fraction(15), Fraction(1, 2)), (Fraction(25), Fraction(1))))
GIFTS = "donor,project,amount\nann,well,1\n"


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> str:
    Path(name).write_text(text, "utf-8")
    return name


def told(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [str(problem).split(";")[0] for problem in error.value.problems]


def test_weights_when_weight_or_score_then_bps() -> None:
    path = write("w.csv", "donor,weight,score\nann,0.25,\nbob,,17.77\ncy,1,40\nde,,14.99\n")
    assert read_weights(path, CURVE) == {"ann": 2500, "bob": 6385, "cy": 10000, "de": 0}


def test_weights_when_malformed_then_every_row_is_named() -> None:
    path = write("w.csv", "donor,weight\nann,-1\nann,1\nbob,1.5\n cy,0.5\nde,\nef,nan\nfg,0.5\n")
    with pytest.raises(WeightError) as error:
        read_weights(path, CURVE)
    assert told(error) == [
        "w.csv line 2, column weight: '-1' is negative",
        "w.csv line 3, column donor: ann stands in w.csv line 2 too",
        "w.csv line 4, column weight: 1.5 is above 1, the maximum",
        "w.csv line 5, column donor: ' cy' has white space around it",
        "w.csv line 6, column weight: there is neither a weight nor a score",
        "w.csv line 7, column weight: 'nan' is not a finite number",
    ]


def test_weights_when_a_donor_is_repeated_then_named() -> None:
    with pytest.raises(WeightError) as error:
        read_weights(write("w.csv", f"donor,score\n0x{'a' * 40},20\n0x{'A' * 40},20\n"), CURVE)
    assert told(error) == [f"w.csv line 3, column donor: 0x{'a' * 40} stands in w.csv line 2 too"]


def test_weights_when_the_round_has_no_curve_then_scores_are_refused() -> None:
    with pytest.raises(WeightError, match=r"w\.csv, column score: the round has no curve"):
        read_weights(write("w.csv", "donor,score\nann,20\n"), WeightRule())


def test_weights_when_there_is_no_weight_column_then_named() -> None:
    with pytest.raises(WeightError) as error:
        read_weights(write("w.csv", "donor,wieght\nann,20\n"), WeightRule())
    assert told(error) == [
        "w.csv line 1: column 'weight' or 'score' is missing",
        "w.csv line 1: column 'wieght' is not known",
    ]


def test_links_when_given_then_identities() -> None:
    assert read_links(write("l.csv", "account,identity\n0xAB,ann\nann,ann\n")) == {"0xAB": "ann", "ann": "ann"}


def test_links_when_chained_or_repeated_then_named() -> None:
    with pytest.raises(WeightError) as error:
        read_links(write("l.csv", "account,identity\na,b\nb,c\nb,d\nx,\n"))
    assert told(error) == [
        "l.csv line 2, column identity: a is linked to b, which is itself linked to d",
        "l.csv line 4, column account: b stands in l.csv line 3 too",
        "l.csv line 5, column identity: is empty",
    ]
    with pytest.raises(WeightError) as error:
        read_links(write("l.csv", "account,identity\na,b\nb,c\n"))
    assert told(error) == ["l.csv line 2, column identity: a is linked to b, which is itself linked to c"]


def test_prices_when_given_then_exact() -> None:
    prices = read_prices(write("p.jsonl", '{"token":"ETH","price":2000.50,"decimals":18}\n')).prices
    assert prices == {"ETH": Price(Fraction("2000.5"), 18)}


def test_prices_when_malformed_then_every_cell_is_named() -> None:
    path = write("p.csv", "token,price,decimals\nETH,0,18\nETH,1,x\n,1,78\nDAI,,1.5\n")
    with pytest.raises(InputError) as error:
        read_prices(path)
    assert told(error) == [
        "p.csv line 2, column price: '0' is zero",
        "p.csv line 3, column token: ETH stands in p.csv line 2 too",
        "p.csv line 3, column decimals: 'x' is not a plain decimal number",
        "p.csv line 4, column token: is empty",
        "p.csv line 4, column decimals: 78 is more than 77",
        "p.csv line 5, column price: is empty",
        "p.csv line 5, column decimals: 1.5 has more than 0 decimal places",
    ]


def test_projects_when_given_in_any_format_then_the_same() -> None:
    expected = (Project("bus", "Night bus", "", ("ann", "bob")), Project("well", "", "0x" + "a" * 40, ()))
    text = f'project,title,payout_address,owners\nwell,,0x{"A" * 40},\nbus,"Night\r\n bus",,ann|bob\n'
    assert read_projects(write("p.csv", text)) == expected
    frame = pl.DataFrame({
        "project": ["bus", "well"],
        "title": ["Night bus", None],
        "payout_address": [None, "0x" + "A" * 40],
        "owners": [["ann", "bob"], []],
    })  # fmt: skip
    frame.write_parquet("p.parquet")
    frame.write_ndjson("p.jsonl")
    assert read_projects("p.parquet") == read_projects("p.jsonl") == expected
    assert read_projects(write("q.csv", "project\nbus\n")) == (Project("bus"),)


def test_projects_when_malformed_then_every_cell_is_named() -> None:
    path = write("p.csv", "project,title,owners\nwell,a\x07b,\nwell,,a\u200bb\n,x,\n")
    with pytest.raises(ProjectError) as error:
        read_projects(path)
    assert told(error) == [
        "p.csv line 2, column title: 'a\\x07b' holds control characters",
        "p.csv line 3, column project: well stands in p.csv line 2 too",
        "p.csv line 3, column owners: 'a\\u200bb' holds invisible or control characters",
        "p.csv line 4, column project: is empty",
    ]


def test_attributes_when_given_then_by_attribute_and_donor() -> None:
    path = write("a.csv", "donor,attribute,value\nann,city,Tokyo\nbob,city,京都\nann,age,30\n")
    assert read_attributes(path) == {"city": {"ann": "Tokyo", "bob": "京都"}, "age": {"ann": "30"}}
    with pytest.raises(InputError, match=r"a\.csv line 3, column donor: ann has its city already"):
        read_attributes(write("a.csv", "donor,attribute,value\nann,city,Tokyo\nann,city,Kyoto\n"))


def test_inputs_when_every_file_is_given_then_the_same_as_plain_values() -> None:
    round = qf.preset("yen", pool=1000)
    files = {
        "donations": write("d.csv", "donor,project,amount,token\nann,well,1.5,USD\nbob,bus,2,\n"),
        "weights": write("w.csv", "donor,weight\nann,0.5\n"),
        "links": write("l.csv", "account,identity\nbob,ann\n"),
        "prices": write("p.csv", "token,price,decimals\nUSD,150,2\n"),
        "projects": write("q.csv", "project,title\nwell,Well\nbus,Bus\n"),
        "attributes": write("a.csv", "donor,attribute,value\nann,city,Tokyo\n"),
    }
    plain: dict[str, Any] = {
        "weights": {"ann": "0.5"},
        "links": {"bob": "ann"},
        "prices": {"USD": (150, 2)},
        "projects": [{"id": "well", "title": "Well"}, {"id": "bus", "title": "Bus"}],
        "attributes": {"city": {"ann": "Tokyo"}},
    }
    read = read_inputs(round, **files)
    rows = [{"donor": "ann", "project": "well", "amount": "1.5", "token": "USD"}, ("bob", "bus", 2)]
    given = qf.Inputs.of(round, [rows[0], qf.Donation(*rows[1])], **plain)
    assert read.ledger.canonical().amount.tolist() == given.ledger.canonical().amount.tolist()
    assert (read.weights, read.prices, read.projects) == (given.weights, given.prices, given.projects)
    assert read.attributes == given.attributes


def test_inputs_when_several_files_are_malformed_then_all_is_told_at_once() -> None:
    with pytest.raises(InputError) as error:
        read_inputs(
            qf.preset("yen", pool=1000),
            donations=write("d.csv", "donor,project,amount,token\nann,well,-1,\nann,well,x,ETH\nann,well,1,ETH\n"),
            weights=write("w.csv", "donor,weight\nann,2\n"),
            links=write("l.csv", ""),
            prices=write("p.csv", "token,price,decimals\nETH,x,18\n"),
            projects="nowhere.csv",
        )
    assert told(error) == [
        "p.csv line 2, column price: 'x' is not a plain decimal number",
        "d.csv line 2, column amount: '-1' is negative",
        "d.csv line 3, column amount: 'x' is not a plain decimal number",
        "w.csv line 2, column weight: 2 is above 1, the maximum",
        "l.csv: is empty",
        "nowhere.csv: cannot be read: No such file or directory",
    ]


def test_inputs_when_a_price_is_missing_then_the_row_is_named() -> None:
    donations = write("d.csv", "donor,project,amount_base,token\nann,well,1,ETH\n")
    with pytest.raises(InputError, match=r"d\.csv line 2, column token: ETH has no price"):
        read_inputs(qf.preset("yen", pool=1000), donations=donations)
    assert issubclass(DonationError, InputError)
