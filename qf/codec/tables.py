"""Files of any known kind -> one table of text that remembers where each row came from.

CSV, TSV, JSON lines (these three also as .gz or .xz) and Parquet are told apart by suffix; a directory is the files
in it, in the order of their names. A table collects what is wrong with it, so that all of it is named at once.
"""

from __future__ import annotations

import difflib
import gzip
import importlib.util
import lzma
import os
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qf.codec.csv_file import csv_sheet
from qf.codec.json_lines import json_lines_sheet
from qf.codec.names import Fault, Read
from qf.codec.parquet import Kind, parquet_sheet
from qf.codec.text_files import Sheet, decoded
from qf.errors import InputError, MissingExtraError, Problem

if TYPE_CHECKING:
    import polars as pl

FilePath = str | os.PathLike[str]
"""Where a file is."""

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""The kinds of file; all but Parquet may end in .gz or .xz as well."""

OPENERS = {".gz": gzip.decompress, ".xz": lzma.decompress}
"""How a compressed file is unpacked."""


@dataclass(frozen=True, slots=True)
class Format:
    """The columns a table may have, those it must have, and those of which it must have one."""

    columns: Mapping[str, Kind]
    required: tuple[str, ...]
    one_of: tuple[str, ...] = ()


class Table:
    """The cells of one or several files as text, "" where empty.

    Attributes:
        name: the path, as it was given.
        problems: what is wrong with the files as a whole or with lines that could not be split into cells.
    """

    def __init__(self, name: str, format: Format) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self._format = format
        self._frame: pl.DataFrame | None = None
        self._sheets: list[tuple[str, str, Sheet]] = []
        self._starts: list[int] = []
        self._faults: list[tuple[int, int, Problem]] = []

    def append(self, name: str, word: str, sheet: Sheet) -> None:
        """Add the rows of a file. `word` says what its rows are counted in: lines or rows."""
        import polars as pl

        self.problems += _column_problems(name, word, sheet, self._format)
        known = sheet.frame.select([column for column in self._format.columns if column in sheet.frame.columns])
        self._starts.append(len(self))
        self._sheets.append((name, word, sheet))
        frames = [known] if self._frame is None else [self._frame, known]
        self._frame = pl.concat(frames, how="diagonal")

    def text(self, column: str) -> pl.Series | None:
        """Return a column, or None where the files do not have it."""
        if self._frame is None or column not in self._frame.columns:
            return None
        if column in self._format.required and any(column not in sheet.frame.columns for _, _, sheet in self._sheets):
            return None
        return self._frame[column].fill_null("")

    def has(self, *columns: str) -> bool:
        """Whether there is any of the columns."""
        return any(self.text(column) is not None for column in columns)

    def filled(self, column: str) -> pl.Series:
        """Return a column; all empty where the files do not have it."""
        import polars as pl

        found = self.text(column)
        return pl.Series(column, [""], dtype=pl.String).new_from_index(0, len(self)) if found is None else found

    def where(self, row: int, column: str = "") -> str:
        """Return where a row stands, as "donations.csv line 3, column amount"."""
        part = bisect_right(self._starts, row) - 1
        name, word, sheet = self._sheets[part]
        place = f"{name} {word} {sheet.numbers[row - self._starts[part]]}"
        return f"{place}, column {column}" if column else place

    def fault(self, column: str, faults: Iterable[Fault]) -> None:
        """Note cells of `column` that cannot be read."""
        order = list(self._format.columns).index(column)
        self._faults += [(row, order, Problem(self.where(row, column), what, fix)) for row, what, fix in faults]

    def read(self, column: str, read: Read) -> Any:
        """Return what was read from `column`, or None having noted what could not be."""
        self.fault(column, read.faults)
        return None if read.faults else read.value

    def check(self, kind: type[InputError]) -> None:
        """Raise everything noted so far, in the order of the rows."""
        found = self.problems + [problem for _, _, problem in sorted(self._faults, key=lambda fault: fault[:2])]
        if found:
            raise kind(found)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.problems and not self._faults

    def __len__(self) -> int:
        return 0 if self._frame is None else self._frame.height


def read_table(path: FilePath, format: Format) -> Table:
    """Return the table in the file or directory `path`, with everything that is wrong with its shape.

    Raises:
        MissingExtraError: Polars is not installed.
    """
    if importlib.util.find_spec("polars") is None:
        raise MissingExtraError("polars", "cli")
    table = Table(os.fspath(path), format)
    for name in _files(Path(path), table.problems):
        try:
            found = _sheet(name, format, table.problems)
        except OSError as error:
            table.problems.append(Problem(str(name), f"cannot be read: {error.strerror or error}"))
            continue
        if found is not None:
            table.append(str(name), "row" if name.suffix.lower() == ".parquet" else "line", found)
    return table


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a hint at which of the `known` names was meant.

    >>> suggestion("doner", ["donor", "project"])
    'did you mean donor?'
    """
    close = difflib.get_close_matches(name.strip().lower(), known, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def _files(path: Path, problems: list[Problem]) -> list[Path]:
    """The file, or the files in a directory; names that begin with a dot or underscore are somebody's notes."""
    if not path.is_dir():
        return [path]
    found = sorted(entry for entry in path.iterdir() if not entry.name.startswith((".", "_")))
    if not found:
        problems.append(Problem(str(path), "holds no files", "give a directory of CSV, JSON lines or Parquet files"))
    return found


def _sheet(path: Path, format: Format, problems: list[Problem]) -> Sheet | None:
    packed = path.suffix.lower() if path.suffix.lower() in OPENERS else ""
    suffix = path.with_suffix("").suffix.lower() if packed else path.suffix.lower()
    if suffix not in SUFFIXES or (packed and suffix == ".parquet"):
        problems.append(Problem(str(path), "is of no known kind", f"name it {', '.join(SUFFIXES)}"))
        return None
    if suffix == ".parquet":
        return parquet_sheet(path, format.columns, problems)
    data = path.read_bytes()
    if packed:
        try:
            data = OPENERS[packed](data)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            problems.append(Problem(str(path), f"cannot be unpacked: {error}", f"is it really {packed}?"))
            return None
    text = decoded(data, str(path), problems)
    if text is None:
        return None
    if suffix in {".csv", ".tsv"}:
        sheet = csv_sheet(data, text, str(path), "," if suffix == ".csv" else "\t", problems)
    else:
        lists = [name for name, kind in format.columns.items() if kind is Kind.LIST]
        sheet = json_lines_sheet(text, str(path), lists, problems)
    if not text or text.isspace():
        problems.append(Problem(str(path), "is empty", "a file without rows still names its columns"))
        return None
    return sheet


def _column_problems(name: str, word: str, sheet: Sheet, format: Format) -> list[Problem]:
    def place(column: str) -> str:
        return f"{name} {word} {sheet.named_at[column]}" if column in sheet.named_at else name

    columns = sheet.frame.columns
    header = f"{name} line 1" if set(sheet.named_at.values()) == {1} else name
    problems = [
        Problem(header, f"column {column!r} is missing", f"columns that must be there: {', '.join(format.required)}")
        for column in format.required
        if column not in columns
    ]
    if format.one_of and not set(format.one_of) & set(columns):
        wanted = " or ".join(map(repr, format.one_of))
        problems.append(Problem(header, f"column {wanted} is missing", "give one of them"))
    problems += [
        Problem(place(column), f"column {column!r} is not known", suggestion(column, format.columns))
        for column in columns
        if column not in format.columns
    ]
    return problems
