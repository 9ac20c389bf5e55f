"""The one way a table is written as bytes: CSV as RFC 4180 has it, UTF-8, LF, quotes only where needed.

An empty field is nothing at all, never a pair of quotes. A table is canonical if writing what was read gives the bytes
that were read, so reading needs no rules of its own.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from qf.errors import BundleError, MissingExtraError

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cli") from None


def table_bytes(frame: pl.DataFrame) -> bytes:
    r"""Return `frame` as canonical CSV. Empty fields have to be null.

    >>> table_bytes(pl.DataFrame({"donor": ["ann", "b,c"], "weight": ["0.5", None]}))
    b'donor,weight\nann,0.5\n"b,c",\n'
    """
    buffer = io.BytesIO()
    frame.write_csv(buffer, line_terminator="\n", quote_style="necessary")
    return buffer.getvalue()


def text_table(columns: Mapping[str, Sequence[str]]) -> bytes:
    r"""Return columns of text as canonical CSV, in the order of the rows given.

    >>> text_table({"account": ["0xa"], "identity": [""]})
    b'account,identity\n0xa,\n'
    """
    frame = pl.DataFrame(dict(columns), schema=dict.fromkeys(columns, pl.String))
    return table_bytes(frame.with_columns(pl.all().replace("", None)))


def read_table(name: str, data: bytes, columns: Sequence[str]) -> pl.DataFrame:
    r"""Return the table in `data`, all text, empty fields null.

    >>> read_table("links.csv", b"account,identity\na,b\n", ("account", "identity")).rows()
    [('a', 'b')]

    Raises:
        BundleError: not CSV, other columns, or not in canonical form; names the file.
    """
    try:
        frame = pl.read_csv(data, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeError) as error:
        raise BundleError(f"{name}: not a CSV table in UTF-8: {_first_line(error)}") from None
    if tuple(frame.columns) != tuple(columns):
        raise BundleError(f"{name}: the columns are {','.join(frame.columns)}, not {','.join(columns)}")
    require_canonical(name, data, table_bytes(frame))
    return frame


def require_canonical(name: str, data: bytes, canonical: bytes) -> None:
    """Raise a `BundleError` naming the line where `data` is not the canonical form of what it says."""
    if data == canonical:
        return
    same = next((at for at, (a, b) in enumerate(zip(data, canonical, strict=False)) if a != b), len(canonical))
    line = data.count(b"\n", 0, same) + 1
    raise BundleError(f"{name} line {line}: not in canonical form (see docs/reference/bundle.md)")


def _first_line(error: Any) -> str:
    return str(error).partition("\n")[0]
