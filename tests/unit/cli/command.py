"""Running `qf` in this process, on the files of an invented town."""

from __future__ import annotations

import csv
import json
import runpy
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from qf.canonical import canonical_json
from qf.cli import app, output

REPOSITORY = Path(__file__).resolve().parents[3]
WIDTH = 200
EVIDENCE = ("weights", "links", "projects")

ROUND = """\
[round]
id = "spring"
title = "Spring round"
{dates}
[mechanism]
preset = "yen"

[pool]
amount = "100000"
"""

GIFTS = [
    ("ann", "well", 400),
    ("bob", "well", 900),
    ("cy", "well", 100),
    ("ann", "bus", 2500),
    ("di", "bus", 1600),
    ("ed", "library", 300),
]


def qf(*arguments: object) -> Any:
    """Run `qf` with these arguments, as in a wide shell; return its exit code and what it printed."""
    output.out.width = output.err.width = WIDTH
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="qf")


def told(*arguments: object, code: int = 0) -> Any:
    """Return what `qf ... --json` prints, which must be canonical JSON, and nothing on standard error."""
    done = qf(*arguments, "--json")
    assert (done.exit_code, done.stderr) == (code, "")
    document = json.loads(done.stdout)
    assert canonical_json(document).decode() == done.stdout
    return document


def write_town(folder: Path) -> Path:
    """Write the example town of the docs into `folder`, and return it."""
    runpy.run_path(str(REPOSITORY / "docs/examples/town.py"))["write_town"](folder)
    return folder


def town_files(folder: Path) -> list[object]:
    """Return the arguments that name the files of the town."""
    named = (("--donations", folder / "donations.csv"), *((f"--{name}", folder / f"{name}.csv") for name in EVIDENCE))
    return [folder / "round.toml", *(word for pair in named for word in pair)]


def write_small(folder: Path, rows: list[tuple[object, ...]] | None = None, dates: str = "") -> list[object]:
    """Write a small round into `folder`, and return the arguments that name its files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "round.toml").write_text(ROUND.format(dates=dates), "utf-8")
    with (folder / "gifts.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("donor", "project", "amount"), *(GIFTS if rows is None else rows)])
    return [folder / "round.toml", "--donations", folder / "gifts.csv"]


def files(folder: Path) -> dict[str, bytes]:
    """Return every file under `folder`, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
