"""The same donations in any format and row order are the same ledger; whole columns are read as single cells are."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qf
from qf.codec import read_donations
from qf.codec.cells import LAST_SECOND, seconds, units
from qf.codec.csv_file import csv_sheet
from qf.codec.names import names
from qf.codec.parquet import Kind, as_text
from qf.codec.parts import ledger_parts
from qf.columns import Column, canonical_name
from qf.ledger import DonationLedger
from qf.plain import donation_ledger, positive_units
from qf.rule_values import moment, moment_text

DECIMALS = {"ETH": 18, "USDC": 6}

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def is_name(text: str) -> bool:
    try:
        canonical_name(text)
    except ValueError:
        return False
    return True


NAMES = st.one_of(
    st.sampled_from(["ann", "bob", "0x" + "aB" * 20, "0x" + "ab" * 20, 'q"x', "a,b"]), TEXTS.filter(is_name)
)

CENTS = st.one_of(st.integers(1, 10**6), st.integers(1, 2**100))

DONATIONS = st.lists(
    st.fixed_dictionaries({
        "donor": NAMES,
        "project": NAMES,
        "amount": CENTS.map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
        "token": st.sampled_from(["", "ETH", "USDC"]),
        "time": st.sampled_from([None, 0, 1743433200, 1743433201]),
        "side": st.sampled_from(["", "for", "against"]),
    }),
    min_size=1,
    max_size=8,
)  # fmt: skip


def canonical_rows(path: Path) -> list[tuple[Any, ...]]:
    ledger: DonationLedger = read_donations(path, unit_decimals=2, token_decimals=DECIMALS).canonical()
    absent = [None] * len(ledger)
    columns = [ledger.donor.texts(), ledger.project.texts(), ledger.amount, ledger.id]
    columns += [ledger.time, ledger.against, ledger.token.texts() if ledger.token is not None else None]
    return list(zip(*(absent if column is None else column.tolist() for column in columns), strict=True))


def write_csv(path: Path, rows: list[dict[str, Any]], **options: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], **options)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codec")


@given(DONATIONS, st.randoms(use_true_random=False))
def test_ledger_when_rows_are_shuffled_over_formats_then_the_same(
    folder: Path, rows: list[dict[str, Any]], random: Any
) -> None:
    write_csv(folder / "d.csv", rows)
    expected = canonical_rows(folder / "d.csv")
    random.shuffle(rows)
    write_csv(folder / "e.csv", rows, quoting=csv.QUOTE_ALL, lineterminator="\n")
    assert canonical_rows(folder / "e.csv") == expected
    random.shuffle(rows)
    (folder / "d.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=random.random() < 0.5) + "\n" for row in rows), "utf-8"
    )
    assert canonical_rows(folder / "d.jsonl") == expected
    random.shuffle(rows)
    dated = [row | {"time": row["time"] if row["time"] is None else moment_text(row["time"])} for row in rows]
    pl.DataFrame(dated, schema_overrides={"time": pl.String}).write_parquet(folder / "d.parquet")
    assert canonical_rows(folder / "d.parquet") == expected


CELLS = st.text(st.sampled_from("a\"',; \t1\u3000é\x0b\x85\u2028#"), max_size=4)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_csv_when_read_as_a_whole_then_as_the_csv_module_reads_it(rows: list[list[str]], end: str, ended: bool) -> None:
    text = end.join(["x,y", *(",".join(row) for row in rows)]) + (end if ended else "")
    problems: list[Any] = []
    sheet = csv_sheet(text.encode(), text, "d.csv", ",", problems)
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row][1:]
    except csv.Error:
        assert problems
        return
    assert sheet is not None
    assert sheet.frame.select("x", "y").rows() == [tuple(row) for row in expected if len(row) == 2]
    assert len(problems) == sum(len(row) != 2 for row in expected)


NUMBERS = st.one_of(
    st.from_regex(r"\A[0-9]{0,40}(\.[0-9]{0,22})?([eE][+-]?[0-9]{1,2})?\Z"),
    st.integers(0, 2**260).map(str),
    st.sampled_from(["nan", "-1", "1,000", "", "１"]),
)


@given(st.lists(NUMBERS, max_size=5), st.sampled_from([0, 2, 18, 37, 38, 77]))
def test_units_when_read_as_a_column_then_as_one_by_one(texts: list[str], decimals: int) -> None:
    read = units(pl.Series(texts, dtype=pl.String), decimals)
    expected: list[int] = []
    wrong: list[int] = []
    for row, text in enumerate(texts):
        try:
            expected.append(positive_units(text, decimals))
        except ValueError:
            wrong.append(row)
    assert [fault.row for fault in read.faults] == wrong
    assert wrong or read.value.tolist() == expected


@given(st.lists(st.floats(min_value=0, allow_infinity=False, allow_nan=False), max_size=5))
def test_floats_when_written_as_text_then_in_their_shortest_form(values: list[float]) -> None:
    texts = as_text(pl.Series(values, dtype=pl.Float64), Kind.NUMBER)
    assert texts is not None
    assert [Decimal(text) for text in texts] == [Decimal(repr(value)) for value in values]


@given(st.lists(st.one_of(NAMES, TEXTS), max_size=6))
def test_names_when_read_as_a_column_then_as_one_by_one(texts: list[str]) -> None:
    read = names(pl.Series(texts, dtype=pl.String))
    wrong = [row for row, text in enumerate(texts) if not is_name(text)]
    assert [fault.row for fault in read.faults] == wrong
    if not wrong:
        expected = Column.of(texts)
        assert read.value.names == expected.names
        assert read.value.codes.tolist() == expected.codes.tolist()


@given(
    st.lists(st.integers(-(10**10), LAST_SECOND).map(moment_text), min_size=1, max_size=5),
    st.sampled_from(["Z", "+09:00", "-03:30"]),
)
def test_moments_when_read_as_a_column_then_as_one_by_one(texts: list[str], zone: str) -> None:
    texts = [text.replace("Z", zone) for text in texts]
    assert seconds(pl.Series(texts)).value.tolist() == [moment(text) for text in texts]


DONATIONS = st.lists(
    st.builds(
        qf.Donation,
        donor=st.sampled_from(["a", "b", "c"]),
        project=st.sampled_from(["p", "q"]),
        amount=st.integers(1, 3),
        time=st.sampled_from([None, 5, 6]),
        id=st.sampled_from(["", "", "", "x", "y", "z"]),
        against=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda donation: donation.id or id(donation),
)


@given(DONATIONS)
def test_order_when_sorted_by_the_ledger_or_for_a_bundle_then_the_same_rows(donations: list[qf.Donation]) -> None:
    """The two implementations of the one canonical order, one for arrays and one for files, agree."""
    ledger = donation_ledger(donations)
    if not len(ledger):
        return
    (part,) = ledger_parts(ledger, np.zeros(len(ledger), dtype=np.uint8), 1)
    assert part["id"].to_list() == (ledger.canonical().id.tolist())  # type: ignore[union-attr]
