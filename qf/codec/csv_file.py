"""CSV -> columns of text, with the line every row begins on.

A regular file is split by Polars. Any other is split by Python's csv module, row by row, so that quotes, blank lines
and line breaks inside cells are read as everywhere, and each row that is not whole is named.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from qf.codec.text_files import BOM, Sheet
from qf.errors import Problem

if TYPE_CHECKING:
    import polars as pl

OTHER_SEPARATORS = (";", "\t", "|", ",")
"""What may stand between values by mistake."""


def csv_sheet(data: bytes, text: str, name: str, separator: str, problems: list[Problem]) -> Sheet | None:
    """Return the cells of a CSV file, whose `data` is UTF-8 for `text`. Rows that cannot be read are left out."""
    frame = _plain_csv(data.removeprefix(BOM), separator)
    if frame is not None:
        return Sheet(frame, range(2, 2 + frame.height), dict.fromkeys(frame.columns, 1))
    return _careful_csv(text, name, separator, problems)


def _plain_csv(data: bytes, separator: str) -> pl.DataFrame | None:
    """The table, if every row has all its cells and stands on a line of its own; else None."""
    import polars as pl

    data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    head, _, body = data.partition(b"\n")
    header = _header(head.decode(), separator)
    if len(set(header)) < max(len(header), 2) or b"\r" in data or not _is_regular(body, len(header), separator):
        return None
    schema = dict.fromkeys(header, pl.String)
    try:
        frame = pl.read_csv(body, has_header=False, schema=schema, separator=separator)
    except pl.exceptions.PolarsError:
        return None
    return frame.with_columns(pl.all().fill_null(""))


def _header(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _is_regular(body: bytes, width: int, separator: str) -> bool:
    """Whether every line holds `width` cells, each of them plain or in quotes around no other quote."""
    import polars as pl

    if not body or b"\n\n" in body or body.startswith(b"\n"):
        return False
    lines = pl.read_csv(body, has_header=False, schema={"line": pl.String}, separator="\0", quote_char=None)["line"]
    plain = rf'[^"{separator}]*'
    cell = rf'({plain}|"[^"]*")' if b'"' in body else plain
    return bool(lines.str.contains(f"^{cell}({separator}{cell}){{{width - 1}}}$").all(ignore_nulls=False))


def _careful_csv(text: str, name: str, separator: str, problems: list[Problem]) -> Sheet | None:
    """The table as Python's csv module reads it, with the line on which every row begins."""
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    begins = at = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            begins, at = at, reader.line_num + 1
            if not row:
                continue
            if not header:
                header, header_line = row, begins
            elif len(row) == len(header):
                rows.append(row)
                numbers.append(begins)
            else:
                problems.append(Problem(f"{name} line {begins}", *_ragged(len(row), len(header))))
    except csv.Error as error:
        problems.append(Problem(f"{name} line {at}", f"is not CSV: {error}", 'write " inside quotes as ""'))
    if not header:
        return None
    if len(header) == 1 and (other := next((mark for mark in OTHER_SEPARATORS if mark in header[0]), "")):
        told = f"its values are separated by {other!r}"
        problems.append(Problem(f"{name} line {header_line}", told, f"separate them by {separator!r}"))
        return None
    named_at = dict.fromkeys(header, header_line)
    problems += [
        Problem(f"{name} line {header_line}", f"column {column!r} is named twice", "name every column once")
        for column in named_at
        if header.count(column) > 1
    ]
    return Sheet(_frame(header, rows), numbers, named_at)


def _ragged(found: int, named: int) -> tuple[str, str]:
    values = "1 value" if found == 1 else f"{found} values"
    columns = "1 column" if named == 1 else f"{named} columns"
    return f"has {values}, but the header names {columns}", "put a value that holds a comma in double quotes"


def _frame(header: list[str], rows: list[list[str]]) -> pl.DataFrame:
    import polars as pl

    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    columns = {column: list(cells[position]) for position, column in reversed(list(enumerate(header)))}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
