"""Files of donations become a ledger; every malformed row is named by file, line and column, all in one go."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from qf.codec import read_donations
from qf.errors import DonationError, MissingExtraError
from qf.ledger import NO_TIME

HASH = "0x" + "ab" * 32
Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def written(content: str | bytes, name: str = "d.csv") -> Path:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return Path(name)

    return written


def faults(path: Path, **decimals: Any) -> list[str]:
    with pytest.raises(DonationError) as caught:
        read_donations(path, **decimals)
    return [str(problem) for problem in caught.value.problems]


def rows(path: Path, **decimals: Any) -> list[tuple[str, str, int]]:
    ledger = read_donations(path, **decimals)
    return list(
        zip(ledger.donor.texts().tolist(), ledger.project.texts().tolist(), ledger.amount.tolist(), strict=True)
    )


def test_csv_when_plain_then_amounts_are_round_units(write: Write) -> None:
    path = write("donor,project,amount\nann,well,12.5\nbob,bus,3\n")
    assert rows(path, unit_decimals=2) == [("ann", "well", 1250), ("bob", "bus", 300)]
    ledger = read_donations(path, unit_decimals=2)
    assert ledger.token is ledger.time is ledger.id is ledger.against is None


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("-5", "'-5' is negative; give a positive amount"),
        ("−5", "'−5' is negative; give a positive amount"),
        ("0", "'0' is zero; give a positive amount"),
        ("0.00", "'0.00' is zero; give a positive amount"),
        ("", "is empty; give a positive amount"),
        ("NaN", "'NaN' is not a finite number; give a positive amount"),
        ("-inf", "'-inf' is not a finite number; give a positive amount"),
        ("Infinity", "'Infinity' is not a finite number; give a positive amount"),
        ("1e400", "'1e400' is more than 2**256 - 1 of the smallest unit; give a positive amount"),
        ("1e-3", "0.001 has more than 2 decimal places; give a positive amount"),
        ("1.234", "1.234 has more than 2 decimal places; give a positive amount"),
        ("１２", "'１２' is not in ASCII digits; write 12"),
        ("１，２", "'１，２' is not a plain decimal number"),
        ("１．５", "'１．５' is not in ASCII digits; write 1.5"),
        ("١٢", "'١٢' is not in ASCII digits; write 12"),
        ("+5", "'+5' has a sign; write 5"),
        (" 5", "' 5' has white space around it; write 5"),
        ("1_000", "'1_000' has thousands separators; write 1000"),
        (".5", "'.5' lacks a digit beside its point; write 0.5 or 5"),
        ("5.", "'5.' lacks a digit beside its point; write 0.5 or 5"),
        ("¥5", "'¥5' is not a plain decimal number"),
        ("0x10", "'0x10' is not a plain decimal number"),
        ("five", "'five' is not a plain decimal number"),
        ("9" * 500, "9" * 120 + "... has 500 characters"),
    ],
)
def test_csv_when_an_amount_is_malformed_then_named(write: Write, amount: str, told: str) -> None:
    found = faults(write(f"donor,project,amount\nann,well,1\nbob,well,{amount}\n"), unit_decimals=2)
    assert len(found) == 1
    assert found[0].startswith(f"d.csv line 3, column amount: {told}")


@pytest.mark.parametrize(("amount", "units"), [("1e3", 100000), ("1.50000", 150), ("007", 700), ("1E+2", 10000)])
def test_csv_when_an_amount_is_written_oddly_then_read_exactly(write: Write, amount: str, units: int) -> None:
    assert rows(write(f"donor,project,amount\nann,well,{amount}\n"), unit_decimals=2) == [("ann", "well", units)]


def test_csv_when_amounts_are_wei_then_exact(write: Write) -> None:
    path = write(f"donor,project,amount\nann,well,{2**96}\nbob,well,79228162514.264337593543950336\n")
    assert [amount for *_, amount in rows(path, unit_decimals=18)] == [2**96 * 10**18, 2**96]
    assert [amount for *_, amount in rows(path, unit_decimals=40)] == [2**96 * 10**40, 2**96 * 10**22]


def test_csv_when_many_rows_are_malformed_then_all_are_named_in_order(write: Write) -> None:
    path = write("donor,project,amount\n,well,-1\nann,\tbus,x\nann,well\nann,well,1,000\nann,well,1\nbob,well,0\n")
    found = faults(path)
    assert [fault.split(":")[0] for fault in found] == [
        "d.csv line 4",
        "d.csv line 5",
        "d.csv line 2, column donor",
        "d.csv line 2, column amount",
        "d.csv line 3, column project",
        "d.csv line 3, column amount",
        "d.csv line 7, column amount",
    ]
    assert found[0].endswith(
        "has 2 values, but the header names 3 columns; put a value that holds a comma in double quotes"
    )


def test_csv_when_cells_are_quoted_then_lines_are_those_of_the_file(write: Write) -> None:
    path = write('donor,project,amount\n"a, ""b""",well,1\n\n"two\nlines",well,1\nann,well,"1,000"\n')
    assert faults(path) == [
        "d.csv line 4, column donor: 'two\\nlines' holds invisible or control characters; write the name plainly",
        "d.csv line 6, column amount: '1,000' has thousands separators; write 1000",
    ]


@pytest.mark.parametrize(
    "quoted", ['donor,project,amount\n"a, b",well,"1"\n', '"donor","project","amount"\n"a, b","well","1"']
)
def test_csv_when_a_comma_is_quoted_then_it_is_text(write: Write, quoted: str) -> None:
    assert rows(write(quoted)) == [("a, b", "well", 1)]


@pytest.mark.parametrize("cell", ['"ann', '"ann"x'])
def test_csv_when_quotes_do_not_match_then_the_line_is_named(write: Write, cell: str) -> None:
    found = faults(write(f"donor,project,amount\nbob,well,1\n{cell},well,1\n"))
    assert found[0].startswith("d.csv line 3: is not CSV: ")


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffdonor,project,amount\nann,well,1\n",
        "donor,project,amount\r\nann,well,1\r\n",
        "\ufeffdonor,project,amount\r\nann,well,1",
        "donor,project,amount\rann,well,1\r",
        "\ndonor,project,amount\n\nann,well,1\n\n",
        "amount,donor,project\n1,ann,well\n",
    ],
)
def test_csv_when_marked_or_broken_differently_then_the_same(write: Write, content: str) -> None:
    assert rows(write(content)) == [("ann", "well", 1)]


def test_csv_when_shift_jis_then_the_line_is_shown(write: Write) -> None:
    assert faults(write("donor,project,amount\nann,well,1\n東京,井戸,1\n".encode("cp932"))) == [
        "d.csv line 3: byte 0x93 is not UTF-8; as Shift-JIS (CP932) the line reads '東京,井戸,1'; save it as UTF-8"
    ]


def test_csv_when_in_no_known_encoding_then_refused(write: Write) -> None:
    assert faults(write(b"donor,project,amount\nann\xff\xff,well,1\n")) == [
        "d.csv line 2: byte 0xFF is not UTF-8; save it as UTF-8"
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_csv_when_utf_16_then_refused(write: Write, encoding: str) -> None:
    (found,) = faults(write("donor,project,amount\nann,well,1\n".encode(encoding)))
    assert "UTF-16" in found and found.endswith("save it as UTF-8")


@pytest.mark.parametrize("content", ["", "\ufeff", "\n\n", " "])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_file_when_empty_then_refused(write: Any, content: str, suffix: str) -> None:
    found = faults(write(content, f"d{suffix}"))
    assert found[-1] == f"d{suffix}: is empty; a file without rows still names its columns"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_csv_when_it_is_only_a_header_then_nobody_gave(write: Write, end: str) -> None:
    assert len(read_donations(write(f"donor,project,amount{end}"))) == 0


def test_csv_when_columns_are_wrong_then_all_are_named(write: Write) -> None:
    assert faults(write("doner,project,project,zzz\nann,well,well,1\n")) == [
        "d.csv line 1: column 'project' is named twice; name every column once",
        "d.csv line 1: column 'donor' is missing; columns that must be there: donor, project",
        "d.csv line 1: column 'amount' or 'amount_base' is missing; give one of them",
        "d.csv line 1: column 'zzz' is not known; known: donor, project, amount, amount_base, token, time, id, source, "
        "chain_id, tx, log_index, side",
        "d.csv line 1: column 'doner' is not known; did you mean donor?",
    ]


def test_csv_when_separated_by_semicolons_then_told(write: Write) -> None:
    found = faults(write("donor;project;amount\nann;well;1\n"))
    assert "d.csv line 1: its values are separated by ';'; separate them by ','" in found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (" ann", "' ann' has white space around it"),
        ("ann\u3000", "'ann\\u3000' has white space around it"),
        ("a\x07nn", "'a\\x07nn' holds invisible or control characters"),
        ("a\u200bnn", "'a\\u200bnn' holds invisible or control characters"),
        ("", "is empty"),
    ],
)
def test_csv_when_a_name_is_malformed_then_every_row_with_it(write: Write, name: str, told: str) -> None:
    assert faults(write(f"donor,project,amount\n{name},well,1\nbob,well,1\n{name},well,2\n")) == [
        f"d.csv line {line}, column donor: {told}; write the name plainly" for line in (2, 4)
    ]


def test_csv_when_addresses_differ_in_case_then_one_donor(write: Write) -> None:
    mixed = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
    path = write(f"donor,project,amount\n{mixed},well,1\n{mixed.lower()},well,2\ncafe\u0301,w,3\ncafé,w,4\n0xAB,w,5\n")
    assert read_donations(path).donor.names == ("0xAB", mixed.lower(), "café")


def test_csv_when_amounts_are_in_tokens_then_each_in_its_base_units(write: Write) -> None:
    path = write("donor,project,amount,token\nann,well,1.5,ETH\nann,well,2,\nbob,well,0.01,USDC\n")
    ledger = read_donations(path, unit_decimals=1, token_decimals={"ETH": 18, "USDC": 6})
    assert ledger.amount.tolist() == [15 * 10**17, 20, 10_000]
    assert ledger.token is not None and ledger.token.texts().tolist() == ["ETH", "", "USDC"]


def test_csv_when_amounts_are_base_units_then_kept(write: Write) -> None:
    path = write(f"donor,project,amount_base,amount,token\nann,well,{2**90},,ETH\nbob,well,5,,\ncy,well,,2,\n")
    ledger = read_donations(path, unit_decimals=2, token_decimals={"ETH": 18})
    assert ledger.amount.tolist() == [2**90, 5, 200]


def test_csv_when_token_amounts_are_wrong_then_named(write: Write) -> None:
    path = write(
        "donor,project,amount_base,amount,token\nann,well,1.5,,USD\nbob,well,5,4,\ncy,well,,1.234,USD\nd,well,,x,DAI\n"
    )
    assert faults(path, token_decimals={"USD": 2}) == [
        "d.csv line 2, column amount_base: 1.5 has more than 0 decimal places; give a positive amount",
        "d.csv line 3, column amount_base: there is an amount too; give one of them",
        "d.csv line 4, column amount: 1.234 has more than 2 decimal places; give a positive amount",
        "d.csv line 5, column amount: 'x' is not a plain decimal number; "
        "write digits with at most one decimal point, such as 1250.5",
        "d.csv line 5, column token: DAI has no price; "
        "add it to the prices file, or leave the token empty for the unit of the round",
    ]


def test_csv_when_times_are_given_then_seconds(write: Write) -> None:
    times = [
        "1743433200",
        "2025-04-01T00:00:00+09:00",
        "2025-03-31 15:00:00.999z",
        "",
        "1.7e9",
        "2025-03-31T05:30:00-09:30",
    ]
    path = write("donor,project,amount,time\n" + "".join(f"ann,well,1,{time}\n" for time in times))
    time = read_donations(path).time
    assert time is not None and time.tolist() == [1743433200] * 3 + [NO_TIME, 1_700_000_000, 1743433200]


def test_csv_when_all_times_are_moments_then_seconds(write: Write) -> None:
    path = write(
        "donor,project,amount,time\nann,well,1,2025-04-01T00:00:00.25+09:00\nann,well,1,1969-12-31T23:59:59Z\n"
    )
    time = read_donations(path).time
    assert time is not None and time.tolist() == [1743433200, -1]


@pytest.mark.parametrize(
    "time",
    [
        "2025-04-01T00:00:00", "2025-04-01", "2025-02-30T00:00:00Z", "2025-04-01T00:00:60Z",
        "2025-04-01T00:00:00+24:00", "2025-W14-2T00:00:00Z", "1743433200000", "1.5", "-1", "yesterday",
        "99999999999999999999",
    ],
)  # fmt: skip
def test_csv_when_a_time_is_malformed_then_named(write: Write, time: str) -> None:
    (found,) = faults(write(f"donor,project,amount,time\nann,well,1,{time}\n"))
    assert found.startswith("d.csv line 2, column time: ")
    assert found.endswith("write 2025-04-01T00:00:00+09:00, or whole seconds since 1970")


def test_csv_when_ids_are_given_then_composed(write: Write) -> None:
    path = write(
        "donor,project,amount,id,source,chain_id,tx,log_index\n"
        f"ann,well,1,7,,,,\nann,well,1,7,desk,,,\nann,well,1,,,10,{HASH.upper().replace('X', 'x')},3\n"
        f"ann,well,1,9,card,10,{HASH},4\nann,well,1,,desk,,,\nann,well,1,,,,,\n"
    )
    ids = read_donations(path).id
    assert ids is not None and ids.tolist() == ["7", "desk/7", f"eip155:10/{HASH}/3", "card/9", "", ""]


def test_csv_when_ids_are_repeated_then_both_places_are_named(write: Write) -> None:
    assert faults(
        write("donor,project,amount,id\nann,well,1,7\nann,well,1,8\nann,well,1,7\nann,well,1,\nann,well,1,\n")
    ) == ["d.csv line 4, column id: '7' is also the id of d.csv line 2; every donation needs an id of its own"]
    transactions = (
        f"donor,project,amount,chain_id,tx,log_index\nann,well,1,1,{HASH},3\nann,well,1,1,0x{HASH[2:].upper()},3\n"
    )
    (found,) = faults(write(transactions))
    assert found.startswith(f"d.csv line 3, column tx: 'eip155:1/{HASH}/3' is also the id of d.csv line 2")


def test_csv_when_a_transaction_is_incomplete_then_named(write: Write) -> None:
    path = write(f"donor,project,amount,chain_id,tx,log_index\nann,well,1,1,{HASH},\nann,well,1,,0x12,x\n")
    assert faults(path) == [
        "d.csv line 3, column tx: '0x12' is not a transaction hash; give 0x and 64 hex digits",
        "d.csv line 3, column log_index: 'x' is not a plain decimal number; "
        "write digits with at most one decimal point, such as 1250.5",
    ]
    assert faults(write(f"donor,project,amount,chain_id,tx,log_index\nann,well,1,1,{HASH},\n")) == [
        "d.csv line 2, column log_index: is empty; give all of chain_id, tx, log_index, or none"
    ]


def test_csv_when_a_side_is_given_then_against(write: Write) -> None:
    against = read_donations(
        write("donor,project,amount,side\nann,well,1,against\nann,well,1,for\nann,well,1,\n")
    ).against
    assert against is not None and against.tolist() == [True, False, False]
    assert read_donations(write("donor,project,amount,side\nann,well,1,for\n")).against is None
    assert faults(write("donor,project,amount,side\nann,well,1,Against\n")) == [
        "d.csv line 2, column side: 'Against' is neither for nor against; write for or against"
    ]


def test_json_lines_when_numbers_are_written_then_kept_exactly(write: Any) -> None:
    path = write(
        '{"donor": 7, "project": "well", "amount": 0.10}\n\n{"amount":"2","project":"w","donor":"b","id":null}\n',
        "d.jsonl",
    )
    assert rows(path, unit_decimals=2) == [("7", "well", 10), ("b", "w", 200)]
    wei = write('{"donor":"a","project":"w","amount":1234567890123.123456789012345678}\n', "d.ndjson")
    assert rows(wei, unit_decimals=18) == [("a", "w", 1234567890123123456789012345678)]


def test_json_lines_when_malformed_then_every_line_is_named(write: Any) -> None:
    good = '{"donor":"a","project":"w","amount":1}'
    lines = [
        good,
        "[1]",
        "{",
        '{"donor":"a","donor":"b"}',
        '{"donor":true,"project":"w","amount":1}',
        "",
        good[:-1] + ',"doner":"x"}',
    ]
    lines += [
        '{"donor":"\\ud800","project":"w","amount":1}',
        '{"donor":"a","project":"w","amount":NaN}',
        '{"donor":["a"]}',
        good + good,
    ]
    lines += ["[" * 100_000]
    found = faults(write("\n".join(lines), "d.jsonl"))
    assert [fault.split(";")[0] for fault in found] == [
        "d.jsonl line 2: is not a JSON object",
        "d.jsonl line 3: is not JSON: Expecting property name enclosed in double quotes at character 2",
        "d.jsonl line 4: 'donor' is given twice",
        "d.jsonl line 5: column 'donor' holds true, which is neither text nor a number",
        "d.jsonl line 8: column 'donor' holds half a character",
        "d.jsonl line 10: column 'donor' holds [\"a\"], which is neither text nor a number",
        "d.jsonl line 11: is not JSON: Extra data at character 39",
        "d.jsonl line 12: is nested too deeply",
        "d.jsonl line 7: column 'doner' is not known",
        "d.jsonl line 9, column amount: 'NaN' is not a finite number",
    ]


PARQUET = {"donor": ["ann", "bob"], "project": ["well", "bus"], "amount": ["12.50", "3"]}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"amount": [Decimal("12.50"), Decimal("3.00")]},
        {"amount": [12.5, 3.0]},
        {"donor": pl.Series(["ann", "bob"], dtype=pl.Categorical)},
        {"project": pl.Series(["well", "bus"], dtype=pl.Enum(["well", "bus"]))},
        {"time": pl.Series([None, None], dtype=pl.Null)},
        {"id": pl.Series([None, None], dtype=pl.String)},
    ],
)
def test_parquet_when_columns_have_any_exact_type_then_the_same(tmp_path: Path, changed: dict[str, Any]) -> None:
    pl.DataFrame({**PARQUET, **changed}).write_parquet(tmp_path / "d.parquet")
    assert rows(tmp_path / "d.parquet", unit_decimals=2) == [("ann", "well", 1250), ("bob", "bus", 300)]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Int32])
def test_parquet_when_amounts_and_names_are_integers_then_exact(tmp_path: Path, dtype: Any) -> None:
    columns = {"donor": [3, 1], "project": [1, 1], "amount": [100, 127]}
    pl.DataFrame(columns, schema=dict.fromkeys(columns, dtype)).write_parquet(tmp_path / "d.parquet")
    assert rows(tmp_path / "d.parquet", unit_decimals=20) == [("3", "1", 100 * 10**20), ("1", "1", 127 * 10**20)]


def test_parquet_when_floats_have_a_short_form_then_that_is_read(tmp_path: Path) -> None:
    floats = [0.1, 1e22, 1e-7, 123456.789]
    pl.DataFrame({"donor": ["a"] * 4, "project": ["p"] * 4, "amount": floats}).write_parquet(tmp_path / "d.parquet")
    amounts = [amount for *_, amount in rows(tmp_path / "d.parquet", unit_decimals=7)]
    assert amounts == [10**6, 10**29, 1, 1234567890000]


def test_parquet_when_rows_are_malformed_then_named_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pl.DataFrame(
        {"donor": ["a", None, "c", "d"], "project": ["p"] * 4, "amount": [0.1, 1.0, float("nan"), -0.5]}
    )
    frame.write_parquet("d.parquet")
    assert [fault.split(";")[0] for fault in faults(Path("d.parquet"))] == [
        "d.parquet row 1, column amount: 0.1 has more than 0 decimal places",
        "d.parquet row 2, column donor: is empty",
        "d.parquet row 3, column amount: 'NaN' is not a finite number",
        "d.parquet row 4, column amount: '-0.5' is negative",
    ]


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("amount", pl.Series([1.0, 2.0], dtype=pl.Float32), "Float32; store it as text, integers, decimals or float64"),
        ("amount", [True, False], "Boolean; store it as text, integers, decimals or float64"),
        ("donor", [1.0, 2.0], "Float64; store it as text or integers"),
        ("donor", [b"a", b"b"], "Binary; store it as text or integers"),
        ("project", [["a"], ["b"]], "List(String); store it as text or integers"),
        ("time", [datetime(2025, 4, 1)] * 2, "Datetime(time_unit='us', time_zone=None); store it as text, integers"),  # noqa: DTZ001
    ],
)
def test_parquet_when_a_type_is_inexact_then_refused(tmp_path: Path, column: str, values: Any, told: str) -> None:
    path = tmp_path / "d.parquet"
    pl.DataFrame({**PARQUET, column: values}).write_parquet(path)
    assert faults(path, unit_decimals=2)[0].startswith(f"{path}, column {column}: has the type {told}")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_when_times_are_timestamps_then_seconds(tmp_path: Path, unit: Any) -> None:
    moments = pl.Series([datetime(2025, 3, 31, 15, 0, 0, 999_000, UTC), None], dtype=pl.Datetime(unit, "Asia/Tokyo"))
    pl.DataFrame({**PARQUET, "time": moments}).write_parquet(tmp_path / "d.parquet")
    time = read_donations(tmp_path / "d.parquet", unit_decimals=2).time
    assert time is not None and time.tolist() == [1743433200, NO_TIME]


def test_directory_when_it_holds_several_files_then_read_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d").mkdir()
    pl.DataFrame({"donor": ["a"], "project": ["p"], "amount": [1]}).write_parquet("d/1.parquet")
    pl.DataFrame({"donor": ["b"], "project": ["p"], "amount": ["2"], "id": ["x"]}).write_parquet("d/2.parquet")
    Path("d/_SUCCESS").touch()
    Path("d/3.csv").write_text("amount,donor,project\n3,c,p\n")
    ledger = read_donations("d")
    assert ledger.donor.texts().tolist() == ["a", "b", "c"] and ledger.amount.tolist() == [1, 2, 3]
    assert ledger.id is not None and ledger.id.tolist() == ["", "x", ""]
    Path("d/3.csv").write_text("amount,donor\n-3,c\n")
    assert [fault.split(";")[0] for fault in faults(Path("d"))] == [
        "d/3.csv line 1: column 'project' is missing",
        "d/3.csv line 2, column amount: '-3' is negative",
    ]


def test_directory_when_it_holds_no_files_then_refused(tmp_path: Path) -> None:
    assert faults(tmp_path)[0].startswith(f"{tmp_path}: holds no files")


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_file_when_compressed_then_unpacked(write: Any, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    content = b"donor,project,amount\nann,well,1\n"
    assert rows(write(pack(content), f"d.csv{suffix}")) == [("ann", "well", 1)]
    assert "cannot be unpacked" in faults(write(content, f"d.csv{suffix}"))[0]
    assert "cannot be unpacked" in faults(write(pack(content)[:-9], f"d.csv{suffix}"))[0]


def test_file_when_tab_separated_then_read(write: Any) -> None:
    assert rows(write("donor\tproject\tamount\na,b\twell\t1\n", "d.tsv")) == [("a,b", "well", 1)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere.csv", "cannot be read: No such file or directory"),
        ("nowhere.parquet", "cannot be read: No such file or directory"),
        ("d.xlsx", "is of no known kind"),
        ("d", "is of no known kind"),
    ],
)
def test_file_when_absent_or_unknown_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert faults(Path(name))[0].startswith(f"{name}: {told}")


def test_parquet_when_it_is_none_then_refused(write: Any) -> None:
    assert faults(write(json.dumps(PARQUET), "d.parquet"))[0].startswith("d.parquet: is not a Parquet file")
    pl.DataFrame(PARQUET).write_parquet("whole.parquet")
    whole = Path("whole.parquet").read_bytes()
    assert faults(write(whole[:-20], "d.parquet"))[0].startswith("d.parquet: cannot be read as Parquet")


def test_reading_when_polars_is_absent_then_the_extra_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'qf\[cli\]'"):
        read_donations(write("donor,project,amount\nann,well,1\n"))
