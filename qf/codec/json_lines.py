"""JSON lines -> columns of text. Numbers are kept as they are written; no float is made of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from qf.codec.faults import shortened
from qf.codec.text_files import LIST_SEPARATOR, Sheet
from qf.errors import Problem


def json_lines_sheet(text: str, name: str, lists: Collection[str], problems: list[Problem]) -> Sheet | None:
    """Return the cells of JSON lines, numbers as they are written. Rows that cannot be read are left out.

    Args:
        text: the file.
        name: what it is called.
        lists: the columns in which a list of texts may stand; it is joined with `LIST_SEPARATOR`.
        problems: to which is added every line that cannot be read.
    """
    import polars as pl

    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)
    rows: list[dict[str, str]] = []
    numbers: list[int] = []
    named_at: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.isspace():
            continue
        try:
            row = _plain_row(_decoded_line(decoder, line), lists)
        except ValueError as error:
            problems.append(Problem(f"{name} line {number}", shortened(str(error)), "write one JSON object per line"))
            continue
        rows.append(row)
        numbers.append(number)
        if not row.keys() <= named_at.keys():
            named_at = {**dict.fromkeys(row, number), **named_at}
    columns = {key: [row.get(key, "") for row in rows] for key in named_at}
    return Sheet(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), numbers, named_at)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"{twice!r} is given twice")
    return row


def _decoded_line(decoder: json.JSONDecoder, line: str) -> Any:
    try:
        return decoder.decode(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _plain_row(row: Any, lists: Collection[str]) -> dict[str, str]:
    if not isinstance(row, dict):
        raise ValueError("is not a JSON object")
    for key, value in row.items():
        if type(value) is not str or not value.isascii() or not key.isascii():
            row[key] = _plain_cell(key, value, lists)
    return row


def _plain_cell(key: str, value: Any, lists: Collection[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and key in lists and all(isinstance(item, str) for item in value):
        value = LIST_SEPARATOR.join(value)
    if not isinstance(value, str):
        raise ValueError(f"column {key!r} holds {json.dumps(value)}, which is neither text nor a number")
    if not _encodable(key + value):
        raise ValueError(f"column {key!r} holds half a character")
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
