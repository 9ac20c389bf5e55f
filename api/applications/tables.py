"""Applications and projects in and out as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlmodel import select

from api.access import RoundAsking
from api.applications.answers import fields_of
from api.applications.reading import submitted
from api.applications.steps import require_going_on
from api.clock import new_id
from api.events import EventKind
from api.schema import Name, Text
from api.states import Application as State
from api.tables import Application
from qf.codec.names import Fault
from qf.codec.parquet import Kind
from qf.codec.tables import Format, Table, read_table
from qf.codec.text_files import LIST_SEPARATOR
from qf.columns import canonical_name
from qf.errors import InputError, Problem

NAME = "projects.csv"
"""What the file is called in messages."""

FIXED = ("id", "project", "state", "title", "summary", "payout_address", "payout_confirmed")
"""The columns of every export; the fields of the form follow."""

_NAME, _TEXT = TypeAdapter(Name), TypeAdapter(Text)


def exported(asking: RoundAsking) -> str:
    """Return the applications of a round as CSV, with the answers that members see."""
    fields = [field.id for field in fields_of(asking.round)]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIXED, *(f"answer.{name}" for name in fields)])
    for row in asking.session.exec(submitted(asking.session, asking.round.id)):
        known = (row.id, row.project, row.state, row.title, row.summary, row.payout_address)
        answers = (row.answers.get(name, "") for name in fields)
        writer.writerow([defused(_cell(each)) for each in (*known, bool(row.payout_confirmed), *answers)])
    return text.getvalue()


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> defused("=1+1"), defused("bread")
    ("'=1+1", 'bread')
    """
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def take(asking: RoundAsking, body: bytes) -> int:
    """Return how many approved projects a file brought; all that are in it, or none.

    Raises:
        InputError: lines are malformed, or name a project that is there already; names them all.
        Conflict: the round is over.
    """
    asking.lock()
    require_going_on(asking)
    known = set(asking.session.exec(select(Application.project).where(Application.round_id == asking.round.id)))
    rows = [
        Application(
            id=new_id(),
            round_id=asking.round.id,
            state=State.APPROVED,
            created_at=asking.at,
            changed_at=asking.at,
            **{**cells, "title": cells["title"] or cells["project"]},
        )
        for cells in _read(body, known)
    ]
    asking.session.add_all(rows)
    asking.record("projects.imported", count=len(rows))
    asking.tell(EventKind.PROJECT, {"imported": len(rows)})
    return len(rows)


def _cell(value: object) -> str:
    return LIST_SEPARATOR.join(map(str, value)) if isinstance(value, list) else str(value)


def _read(body: bytes, known: set[str]) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(body)
        table = read_table(path, PROJECTS)
        try:
            columns = {name: list(_cells(table, name, read)) for name, read in READERS.items()}
            table.fault("project", _taken(table, columns["project"], known))
            table.check(InputError)
        except InputError as error:
            raise InputError(_without(f"{folder}/", each) for each in error.problems) from None
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _cells(table: Table, column: str, read: Callable[[str], Any]) -> Iterator[Any]:
    """Return what is read from each cell of a column, None having noted what could not be."""
    for row, text in enumerate(table.filled(column).to_list()):
        try:
            yield read(text)
        except ValueError as error:
            table.fault(column, [Fault(row, _told(error), "write it plainly")])
            yield None


def _taken(table: Table, projects: list[str | None], known: set[str]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for row, project in enumerate(projects):
        if project in known:
            yield Fault(row, f"{project} is a project of the round already", "leave it out")
        elif project is not None and first.setdefault(project, row) != row:
            yield Fault(row, f"{project} stands in {table.where(first[project])} too", "give it once")


def _told(error: ValueError) -> str:
    return error.errors()[0]["msg"].removeprefix("Value error, ") if isinstance(error, ValidationError) else str(error)


def _without(folder: str, problem: Problem) -> Problem:
    """Return a problem in which the folder is not named that the file was read from."""
    return replace(problem, where=problem.where.replace(folder, ""), what=problem.what.replace(folder, ""))


def _project(text: str) -> str:
    return canonical_name(_NAME.validate_python(text))


def _title(text: str) -> str:
    return _NAME.validate_python(" ".join(text.split())) if text else ""


def _account(text: str) -> str:
    return canonical_name(_NAME.validate_python(text)) if text else ""


def _owners(text: str) -> list[str]:
    return [_account(owner) for owner in text.replace(LIST_SEPARATOR, " ").split()]


READERS: Mapping[str, Callable[[str], Any]] = {
    "project": _project,
    "title": _title,
    "summary": _TEXT.validate_python,
    "payout_address": _account,
    "owners": _owners,
}
"""Column -> how a cell of it is read."""

PROJECTS = Format({name: Kind.LIST if name == "owners" else Kind.NAME for name in READERS}, ("project",))
"""The columns of a file of projects: those that `qf settle --projects` reads, and a summary."""
