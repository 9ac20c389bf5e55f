"""What the commands print: tables for people, JSON for programs, one way to say what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from qf.canonical import canonical_json
from qf.errors import InputError, InvariantError, MissingExtraError, QfError, UnreconciledError, VerificationError
from qf.units import format_decimal

ROWS_SHOWN = 30
"""Rows of a table printed for people; the JSON and the bundle hold all."""

FACT_WIDTH = 18
"""Characters of the name in a list of names and values."""


class Exit(IntEnum):
    """Exit codes of the command."""

    DONE = 0
    """Done, and the answer is yes."""
    NO = 1
    """Done, and the answer is no: a bundle does not verify, a replay differs."""
    INPUT = 2
    """The command line, a file or the rules are wrong; nothing was written."""
    MISSING = 3
    """An optional package is not installed."""
    BUG = 70
    """One of our own promises is broken."""
    PIPE = 141
    """Nobody reads the output any more, as in `qf ... | head`; says nothing about the answer."""


class Terminal(Console):
    """A console that leaves it to the command what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Raise it again: Rich would end with 1, which here means that a bundle does not verify."""
        raise BrokenPipeError


out = Terminal(markup=False, highlight=False, emoji=False)
"""Standard output. Names of projects and donors come from others: nothing in them is read as markup."""

err = Terminal(stderr=True, markup=False, highlight=False, emoji=False)
"""Standard error: progress and errors, so that standard output can be piped."""


def print_json(document: Mapping[str, Any]) -> None:
    """Print `document` as canonical JSON: numbers are strings, keys are sorted."""
    sys.stdout.flush()
    sys.stdout.buffer.write(canonical_json(document))
    sys.stdout.buffer.flush()


def print_error(error: QfError, as_json: bool) -> None:
    """Print what went wrong, all of it, to standard error; where that is closed, the exit code has to do."""
    with suppress(OSError):
        _print_error(error, as_json)


def _print_error(error: QfError, as_json: bool) -> None:
    if as_json:
        problems = [vars_of(problem) for problem in error.problems] if isinstance(error, InputError) else []
        document = {"error": type(error).__name__, "message": str(error), "problems": problems}
        sys.stderr.write(canonical_json(document).decode())
        return
    lines = [str(problem) for problem in error.problems] if isinstance(error, InputError) else [str(error)]
    for line in lines:
        err.print(f"error: {line}", style="red", soft_wrap=True)


def exit_code(error: QfError) -> Exit:
    """Return the exit code for `error`."""
    match error:
        case VerificationError() | UnreconciledError():
            return Exit.NO
        case MissingExtraError():
            return Exit.MISSING
        case InvariantError():
            return Exit.BUG
    return Exit.INPUT


def vars_of(record: Any) -> dict[str, Any]:
    """Return the fields of a slotted dataclass."""
    return {name: getattr(record, name) for name in record.__slots__}


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Return a file to write beside `path`, which takes its place when the block ends, and goes if it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        written = Path(folder) / path.name
        yield written
        with written.open("rb") as file:
            os.fsync(file.fileno())
        written.replace(path)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Progress]:
    """Show a progress bar on a terminal's standard error while the block runs; it disappears afterwards.

    The bar's only task is `TASK`; without a total it shows that something is going on, and for how long.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        bar.add_task(description, total=total)
        yield bar


TASK = TaskID(0)
"""The one task of a bar made by `progress`."""


def table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table; the columns in `right` are set flush right."""
    made = Table(title=title, header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def show(made: Table) -> None:
    """Print a table below its title, which may be wider than the table."""
    title, made.title = made.title, None
    out.print(title, style="bold")
    out.print(made)


def fact(name: str, value: object) -> None:
    """Print a name and a value, one below the other where there are several."""
    out.print(f"{name:<{FACT_WIDTH}} {value}", soft_wrap=True)


def amount_text(amount: Fraction | int, decimals: int, unit: str = "", places: int | None = None) -> str:
    """Return an amount in whole units with thousands separators; with `places`, cut and padded to just as many.

    >>> amount_text(123456780, 2, "USD"), amount_text(123456780, 2, "USD", places=2)
    ('1,234,567.8 USD', '1,234,567.80 USD')
    """
    text = format_decimal(Fraction(amount) / 10**decimals, decimals if places is None else places)
    whole, _, part = text.partition(".")
    part = part.ljust(places, "0") if places else part
    number = f"{int(whole):,}" + (f".{part}" if part else "")
    number = f"-{number}" if text.startswith("-0") else number
    return f"{number} {unit}".rstrip()


def share_text(share: Fraction) -> str:
    """Return a share as a percentage with two places.

    >>> share_text(Fraction(1, 3))
    '33.33 %'
    """
    return f"{float(share) * 100:.2f} %"
