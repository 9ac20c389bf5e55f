"""A Parquet file -> columns of text. What a column may hold depends on what it is for; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from qf.codec.text_files import LIST_SEPARATOR, Sheet
from qf.errors import Problem

if TYPE_CHECKING:
    import polars as pl

MICROSECONDS = 1_000_000
"""Microseconds in a second."""


class Kind(Enum):
    """What stands in a column, and so in which types a Parquet file may hold it."""

    NAME = "text or integers"
    NUMBER = "text, integers, decimals or float64"
    TIME = "text, integers or timestamps with a time zone"
    LIST = "text or lists of text"


def parquet_sheet(path: Path, kinds: Mapping[str, Kind], problems: list[Problem]) -> Sheet | None:
    """Return the cells of a Parquet file as text.

    A float64 is read by its shortest decimal form: 0.1 is 0.1, not the nearest binary fraction.

    Args:
        path: the file.
        kinds: what stands in each known column. Others are kept empty.
        problems: to which is added why the file, or a column, cannot be read.
    """
    import polars as pl

    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            problems.append(Problem(str(path), "is not a Parquet file", "write it with Polars, PyArrow or DuckDB"))
            return None
    try:
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        problems.append(Problem(str(path), f"cannot be read as Parquet: {told}", "write the file again"))
        return None
    columns = []
    for series in frame.get_columns():
        kind = kinds.get(series.name)
        text = _empty(series) if kind is None else as_text(series, kind)
        if text is None and kind is not None:
            told = f"has the type {series.dtype}"
            problems.append(Problem(f"{path}, column {series.name}", told, f"store it as {kind.value}"))
        columns.append(_empty(series) if text is None else text)
    return Sheet(pl.DataFrame(columns), range(1, frame.height + 1))


def as_text(series: pl.Series, kind: Kind) -> pl.Series | None:
    """Return a column as text, "" where it is null; or None if its type has no exact form for this `kind`.

    >>> import polars as pl
    >>> as_text(pl.Series([0.1, None]), Kind.NUMBER).to_list()
    ['0.1', '']
    """
    import polars as pl

    dtype = series.dtype
    if dtype == pl.Null:
        return _empty(series)
    if isinstance(dtype, pl.List) and dtype.inner == pl.String and kind is Kind.LIST:
        return series.list.join(LIST_SEPARATOR).fill_null("")
    if isinstance(dtype, pl.Datetime) and dtype.time_zone and kind is Kind.TIME:
        series = series.dt.cast_time_unit("us").to_physical() // MICROSECONDS
        dtype = series.dtype
    is_text = dtype in (pl.String, pl.Categorical, pl.Enum)
    is_number = dtype.is_decimal() or dtype == pl.Float64
    if is_text or dtype.is_integer() or (is_number and kind in {Kind.NUMBER, Kind.TIME}):
        return series.cast(pl.String).fill_null("")
    return None


def _empty(series: pl.Series) -> pl.Series:
    import polars as pl

    return pl.Series(series.name, [""], dtype=pl.String).new_from_index(0, len(series))
