"""A Parquet dataset cut into batches that fit memory, each read as strictly as a file of donations is.

What is wrong is named by file and row, as `qf.codec.read_donations` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qf.codec.donations import DONATIONS, ledger_in
from qf.codec.parquet import Kind, as_text
from qf.codec.tables import FilePath, Table
from qf.codec.text_files import Sheet
from qf.errors import DonationError, MissingExtraError, Problem
from qf.ledger import DonationLedger

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cluster") from None

BATCH_ROWS = 500_000
"""Rows of a batch. Reading one takes about 300 bytes a row for a moment."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of one file: its place, the first row (from 0), and how many."""

    path: str
    first: int
    rows: int


def batches_of(path: FilePath, batch_rows: int = BATCH_ROWS) -> tuple[Batch, ...]:
    """Return the batches of a Parquet file, or of the Parquet files in a directory, in the order of their names.

    Raises:
        DonationError: naming every file that is not Parquet, or does not have the columns of a file of donations.
    """
    files = _files(Path(path))
    problems: list[Problem] = []
    batches: list[Batch] = []
    for file in files:
        rows = _rows(file, problems)
        batches += [Batch(str(file), first, min(batch_rows, rows - first)) for first in range(0, rows, batch_rows)]
    if problems:
        raise DonationError(problems)
    return tuple(batches)


def read_batch(batch: Batch, unit_decimals: int, token_decimals: Mapping[str, int]) -> DonationLedger:
    """Return the donations of a batch.

    Raises:
        DonationError: naming every malformed row by file, row and column.
    """
    frame = _rows_of(batch)
    table = _table(batch.path, frame, range(batch.first + 1, batch.first + 1 + frame.height))
    ledger = ledger_in(table, unit_decimals, token_decimals)
    table.check(DonationError)
    assert ledger is not None
    return ledger


def _rows_of(batch: Batch) -> pl.DataFrame:
    try:
        lazy = pl.scan_parquet(batch.path, glob=False, hive_partitioning=False)
        known = [name for name in DONATIONS.columns if name in lazy.collect_schema()]
        return lazy.select(known).slice(batch.first, batch.rows).collect()
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        place = f"{batch.path} rows {batch.first + 1} to {batch.first + batch.rows}"
        raise DonationError.at(place, f"cannot be read as Parquet: {error}", "write the file again") from None


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(entry for entry in path.iterdir() if not entry.name.startswith((".", "_")))
    if not found:
        raise DonationError.at(str(path), "holds no files", "give a directory of Parquet files")
    return found


def _rows(file: Path, problems: list[Problem]) -> int:
    """Return how many rows a file has, having noted what is wrong with its columns."""
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(4) == b"PAR1"
    except OSError as error:
        problems.append(Problem(str(file), f"cannot be read: {error.strerror or error}"))
        return 0
    if not is_parquet:
        problems.append(Problem(str(file), "is not a Parquet file", "only Parquet is settled out of core; convert it"))
        return 0
    try:
        lazy = pl.scan_parquet(file, glob=False, hive_partitioning=False)
        problems += _table(str(file), lazy.head(0).collect(), range(0)).problems
        return int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        problems.append(Problem(str(file), f"cannot be read as Parquet: {error}", "write the file again"))
        return 0


def _table(name: str, frame: pl.DataFrame, numbers: Sequence[int]) -> Table:
    """Return the table of text in a frame, with what is wrong with its columns."""
    table = Table(name, DONATIONS)
    columns = []
    for series in frame.get_columns():
        kind = DONATIONS.columns.get(series.name)
        text = series.cast(pl.String, strict=False) if kind is None else as_text(series, kind)
        if text is None:
            told, fix = f"has the type {series.dtype}", f"store it as {(kind or Kind.NAME).value}"
            table.problems.append(Problem(f"{name}, column {series.name}", told, fix))
        columns.append(pl.Series(series.name, [""] * frame.height, dtype=pl.String) if text is None else text)
    table.append(name, "row", Sheet(pl.DataFrame(columns), numbers))
    return table
