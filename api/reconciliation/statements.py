"""What payment providers say they received."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from io import StringIO
from typing import Any

from sqlalchemy import func, insert
from sqlmodel import select

from api.access import RoundAsking
from api.clock import new_id
from api.problems import Fault, Invalid
from api.schema import read_moment
from api.tables import Source, Statement, StatementLine
from qf.columns import canonical_name

COLUMNS = {"id", "amount_base", "refunded_base", "token", "time"}
"""Columns of a statement; the first two are required. amount_base is what is left after refunds."""

MOST_FAULTS = 50
"""Faults that are named."""


def take(asking: RoundAsking, source: Source, body: bytes) -> Statement:
    """Return a statement that was kept; the newest one of a source is the one that is compared.

    Raises:
        Invalid: it is malformed; names every line.
    """
    asking.lock()
    faults: list[Fault] = []
    statement = Statement(
        id=new_id(),
        source_id=source.id,
        number=1 + asking.session.exec(select(func.count()).where(Statement.source_id == source.id)).one(),
        sha256=hashlib.sha256(body).hexdigest(),
        lines=0,
        at=asking.at,
        actor=asking.actor.name,
    )
    rows = list(_rows(statement.id, body, faults))
    if faults:
        raise Invalid.of(faults[:MOST_FAULTS])
    statement.lines = len(rows)
    asking.session.add(statement)
    asking.session.flush()
    if rows:
        asking.session.execute(insert(StatementLine), rows)
    asking.record("statement.taken", subject=f"source/{source.name}", sha256=statement.sha256, lines=len(rows))
    return statement


def _rows(statement: str, body: bytes, faults: list[Fault]) -> Iterator[dict[str, Any]]:
    try:
        reader = csv.DictReader(StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        named = list(reader.fieldnames or ())
        if not {"id", "amount_base"} <= set(named) <= COLUMNS or len(set(named)) < len(named):
            told = f"the header names {', '.join(named)[:200] or 'nothing'}"
            faults.append(Fault(where="statement line 1", what=told, fix=f"name {', '.join(sorted(COLUMNS))}"))
            return
        seen: set[str] = set()
        for row in reader:
            where = f"statement line {reader.line_num}"
            yield from _line(statement, row, where, seen, faults)
    except (UnicodeDecodeError, csv.Error) as error:
        faults.append(Fault(where="statement", what=f"is no CSV in UTF-8: {error}"))


def _line(
    statement: str, row: dict[str, str], where: str, seen: set[str], faults: list[Fault]
) -> Iterator[dict[str, Any]]:
    if None in row or None in row.values():
        faults.append(Fault(where=where, what="has more or fewer values than the header names"))
        return
    name = row["id"]
    if not name or not name.isprintable() or len(name) > 200 or name in seen:
        faults.append(Fault(where=f"{where}, column id", what="is empty, malformed, or there twice"))
        return
    seen.add(name)
    try:
        yield {
            "statement_id": statement,
            "external_id": name,
            "amount": _units(row["amount_base"]),
            "refunded": _units(row.get("refunded_base") or "0"),
            "token": canonical_name(row["token"]) if row.get("token") else "",
            "time": read_moment(row["time"]) if row.get("time") else None,
        }
    except ValueError as error:
        faults.append(Fault(where=where, what=str(error)))


def _units(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 78 or int(text) >= 2**256:
        raise ValueError(f"{text[:90]!r} is no amount in base units")
    return int(text)
