"""The donations of a round for researchers: each donor under a pseudonym of this round, in rows, CSV or Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any

import polars as pl
from sqlmodel import Session, col

from api.ledger import standing
from api.schema import moment_text
from api.secrecy import Pseudonyms, Secrecy
from api.tables import Entry, Round

COLUMNS = ("position", "donor", "project", "token", "amount_base", "time")
"""Columns of an export; a donor is the same in all rows of a round, and another in every other round."""

AT_ONCE = 5_000
"""Rows that are read at once."""


class Format(StrEnum):
    """How donations are exported."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/x-ndjson",
    Format.PARQUET: "application/vnd.apache.parquet",
}


def pseudonyms_of(secrecy: Secrecy, round: Round) -> Pseudonyms:
    """Return the pseudonyms of a round: who knows one learns nothing of the donor, nor of other rounds."""
    return Pseudonyms(secrecy.open("pseudonym", round.pseudonym_key))


def rows_of(
    session: Session, names: Pseudonyms, round: Round, after: int = 0, limit: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield the donations that stand, in the order they were recorded, with pseudonyms for donors."""
    columns = ("position", "donor", "project", "token", "amount", "time")
    query = standing(round.id, None, *columns).where(col(Entry.position) > after).order_by(col(Entry.position))
    result = session.execute(query.limit(limit).execution_options(yield_per=AT_ONCE))
    for position, donor, project, token, amount, time in result:
        yield position, names.of(donor), project, token, str(amount), moment_text(time)


def exported(rows: Iterator[tuple[Any, ...]], form: Format) -> Iterator[bytes]:
    """Yield an export, piece by piece; Parquet in one."""
    if form == Format.PARQUET:
        yield _parquet(list(rows))
        return
    write = _csv if form == Format.CSV else _json_lines
    yield write([COLUMNS]) if form == Format.CSV else b""
    part: list[tuple[Any, ...]] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield write(part)
            part = []
    yield write(part)


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _json_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[Sequence[Any]]) -> bytes:
    schema = {name: pl.Int64 if name == "position" else pl.String for name in COLUMNS}
    data = BytesIO()
    pl.DataFrame(list(rows), schema=schema, orient="row").write_parquet(data)
    return data.getvalue()
