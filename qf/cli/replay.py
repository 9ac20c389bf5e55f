"""`qf replay`: settle published rounds again and compare."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from qf.cli.options import Json, is_there
from qf.cli.output import Exit, out, print_json, progress, show, table
from qf.replay.cases import Replay
from qf.units import format_decimal

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of published rounds.", callback=is_there)]

PLACES = 9
"""Decimal places of amounts printed for people."""

NAME_LENGTH = 32
"""Characters of a project's name printed for people; of a longer one, such as a hash, both ends."""


def replay_command(folder: Folder, as_json: Json = False) -> None:
    """Settle the published rounds in a folder; print expected, computed and difference. Exit 1 if one differs."""
    from qf.replay import replay_folder

    with progress("settling published rounds"):
        replays = list(replay_folder(folder))
    if as_json:
        print_json({"replays": [_document(replay) for replay in replays]})
    else:
        for replay in replays:
            _print(replay)
        _print_summary(replays)
    if not all(replay.agrees for replay in replays):
        raise typer.Exit(Exit.NO)


def _print(replay: Replay) -> None:
    columns = ("expected", "computed", "difference")
    shown = table(f"{replay.name} ({replay.unit})", "project", *columns, right=columns)
    for row in replay.rows:
        if row.expected or row.computed:
            difference = row.difference if abs(row.difference) > replay.tolerance else Fraction(0)
            shown.add_row(
                _short(row.project),
                *(format_decimal(value, PLACES) for value in (row.expected, row.computed, difference)),
            )
    show(shown)
    out.print()


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 9]}…{name[-8:]}"


def _print_summary(replays: list[Replay]) -> None:
    shown = table(
        "Published rounds", "round", "projects", "largest difference", "published to", "", right=("projects",)
    )
    for replay in replays:
        to = f"{float(replay.tolerance):.0e} {replay.unit}" if replay.tolerance else "the last digit"
        largest = f"{float(replay.largest_difference):.1e}" if replay.largest_difference else "0"
        verdict = Text("agrees", "green") if replay.agrees else Text("DIFFERS", "red")
        shown.add_row(replay.name, str(len(replay.rows)), largest, to, verdict)
    show(shown)
    for replay in replays:
        if replay.note:
            out.print(f"{replay.name}: {replay.note}", style="dim", soft_wrap=True)


def _document(replay: Replay) -> dict[str, Any]:
    return {
        "name": replay.name,
        "source": replay.source,
        "unit": replay.unit,
        "tolerance": replay.tolerance,
        "agrees": replay.agrees,
        "note": replay.note,
        "rows": [
            {"project": row.project, "expected": row.expected, "computed": row.computed, "difference": row.difference}
            for row in replay.rows
        ],
    }
