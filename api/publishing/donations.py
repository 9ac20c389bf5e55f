"""The donations of a round for researchers: each donor under a pseudonym of this round, in rows, CSV or Parquet.

A round is never read in one go: what stands at a position never changes, so that parts which are read one after the
other, each for itself, fit together whatever comes in meanwhile, and a slow reader holds nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any

import polars as pl
from sqlmodel import Session, col

from api.database import Database
from api.ledger import standing
from api.schema import moment_text
from api.secrecy import Pseudonyms, Secrecy
from api.settlement.changes import published
from api.states import State
from api.tables import Entry, Round

COLUMNS = ("position", "donor", "project", "token", "amount_base", "time")
"""Columns of an export; a donor is the same in all rows of a round, and another in every other round."""

SCHEMA = {name: pl.Int64 if name == "position" else pl.String for name in COLUMNS}
"""Their types in Parquet; amounts are text, as they may be as large as 2**256 - 1."""

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

Row = tuple[Any, ...]
"""A donation, in the order of `COLUMNS`."""


def pseudonyms_of(secrecy: Secrecy, round: Round) -> Pseudonyms:
    """Return the pseudonyms of a round: who knows one learns nothing of the donor, nor of other rounds."""
    return Pseudonyms(secrecy.open("pseudonym", round.pseudonym_key))


def last_shown(session: Session, round: Round) -> int:
    """Return up to which position donations are shown: those that were settled, once that is published."""
    return published(session, round.id).entries if round.state == State.PUBLISHED else round.entries


def rows_of(session: Session, names: Pseudonyms, round_id: str, upto: int, after: int, limit: int) -> list[Row]:
    """Return donations as they stood at position `upto`, from position `after` on, with pseudonyms for donors."""
    query = standing(round_id, upto, "position", "donor", "project", "token", "amount", "time")
    query = query.where(col(Entry.position) > after).order_by(col(Entry.position)).limit(limit)
    return [
        (position, names.of(donor), project, token, str(amount), moment_text(time))
        for position, donor, project, token, amount, time in session.connection().execute(query)
    ]


def parts_of(database: Database, names: Pseudonyms, round_id: str, upto: int) -> Iterator[list[Row]]:
    """Yield all donations as they stood at position `upto`, part by part."""
    place = 0
    while True:
        with database.reading() as session:
            part = rows_of(session, names, round_id, upto, place, AT_ONCE)
        if not part:
            return
        yield part
        place = part[-1][0]


def exported(parts: Iterator[list[Row]], form: Format) -> Iterator[bytes]:
    """Yield an export, piece by piece; Parquet in one."""
    if form == Format.PARQUET:
        yield _parquet(parts)
        return
    if form == Format.CSV:
        yield _csv([COLUMNS])
    write = _csv if form == Format.CSV else _json_lines
    yield from map(write, parts)


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _json_lines(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows).encode()


def _parquet(parts: Iterator[list[Row]]) -> bytes:
    frames = [pl.DataFrame(part, schema=SCHEMA, orient="row") for part in parts]
    data = BytesIO()
    pl.concat([pl.DataFrame(schema=SCHEMA), *frames]).write_parquet(data)
    return data.getvalue()
