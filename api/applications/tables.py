"""Applications in and out as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import select

from api.access import RoundAsking
from api.applications.answers import fields_of
from api.clock import new_id
from api.events import EventKind
from api.problems import Conflict, Fault
from api.states import Application as State
from api.states import State as RoundState
from api.tables import Application
from qf.codec.evidence import read_projects
from qf.errors import InputError, Problem

NAME = "projects.csv"
"""What the file is called in messages."""

FIXED = ("id", "project", "state", "title", "summary", "payout_address", "payout_confirmed")
"""The columns of every export; the fields of the form follow."""


def exported(asking: RoundAsking, rows: Sequence[Application]) -> str:
    """Return applications as CSV, with the answers that members see."""
    fields = [field.id for field in fields_of(asking.round)]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIXED, *(f"answer.{name}" for name in fields)])
    for row in rows:
        known = (row.id, row.project, row.state, row.title, row.summary, row.payout_address)
        answers = (row.answers.get(name, "") for name in fields)
        writer.writerow([defused(str(cell)) for cell in (*known, bool(row.payout_confirmed), *answers)])
    return text.getvalue()


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> defused("=1+1"), defused("bread")
    ("'=1+1", 'bread')
    """
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def take(asking: RoundAsking, body: bytes) -> list[Application]:
    """Return the approved projects of a file, as `qf settle --projects` reads it; all of them, or none.

    Raises:
        InputError: lines are malformed; names them all.
        Conflict: a project is there already; names them all.
    """
    if asking.lock().state in {RoundState.PUBLISHED, RoundState.CANCELLED}:
        raise Conflict(f"The round is {asking.round.state}.", "round_over")
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(body)
        try:
            projects = read_projects(path)
        except InputError as error:
            raise InputError(
                Problem(each.where.replace(f"{folder}/", ""), each.what, each.fix) for each in error.problems
            ) from None
    known = set(asking.session.exec(select(Application.project).where(Application.round_id == asking.round.id)))
    taken = [project.id for project in projects if project.id in known]
    if taken:
        faults = [Fault(where=name, what="is there already", fix="leave it out") for name in taken]
        raise Conflict("A project is there already.", "name_taken", faults)
    rows = [
        Application(
            id=new_id(),
            round_id=asking.round.id,
            project=project.id,
            state=State.APPROVED,
            title=project.title or project.id,
            owners=list(project.owners),
            payout_address=project.payout_address,
            created_at=asking.at,
            changed_at=asking.at,
        )
        for project in projects
    ]
    asking.session.add_all(rows)
    asking.record("projects.imported", count=len(rows))
    asking.tell(EventKind.PROJECT, {"imported": len(rows)})
    return rows
