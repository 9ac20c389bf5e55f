"""What the readers of text files share: bytes -> text, and the cells they make of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qf.codec.faults import shortened
from qf.errors import Problem

if TYPE_CHECKING:
    import polars as pl

BOM = b"\xef\xbb\xbf"
"""The byte order mark that some programs put in front of UTF-8. It says nothing and is skipped."""

LIST_SEPARATOR = "|"
"""What joins the values of a list into the text of one cell."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """The cells of a file as text, "" where empty.

    Attributes:
        frame: one column of text per name.
        numbers: the line or row of the file that each row stands on.
        named_at: the line that first names a column.
    """

    frame: pl.DataFrame
    numbers: Sequence[int]
    named_at: Mapping[str, int] = field(default_factory=dict)


def decoded(data: bytes, name: str, problems: list[Problem]) -> str | None:
    """Return the text of a UTF-8 file without its byte order mark, or None and why not."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.append(Problem(name, "is UTF-16, not UTF-8", "save it as UTF-8"))
        return None
    if b"\0" in data:
        number = data.count(b"\n", 0, data.index(b"\0")) + 1
        problems.append(Problem(f"{name} line {number}", "holds a NUL byte; is it UTF-16?", "save it as UTF-8"))
        return None
    try:
        return data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append(_encoding_problem(data.removeprefix(BOM), name, error.start))
        return None


def _encoding_problem(data: bytes, name: str, position: int) -> Problem:
    number = data.count(b"\n", 0, position) + 1
    line = data.split(b"\n", number)[number - 1].rstrip(b"\r")
    told = f"byte 0x{data[position]:02X} is not UTF-8"
    try:
        japanese = line.decode("cp932")
    except UnicodeDecodeError:
        japanese = ""
    if japanese and not any(unicodedata.category(character) in ("Cc", "Co") for character in japanese):
        told += f"; as Shift-JIS (CP932) the line reads {shortened(japanese)!r}"
    return Problem(f"{name} line {number}", told, "save it as UTF-8")
