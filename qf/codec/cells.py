"""Columns of text -> amounts, whole numbers and moments, a million rows at a time.

A column is checked and read as a whole; only the rows that fail the check are looked at one by one, by the same
functions that read plain Python values. Whatever they refuse is returned as a `Fault`, so that every malformed row
can be named at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qf.codec.faults import number_fault, parsed, shortened
from qf.codec.names import Fault, Read
from qf.kernels.aggregate import INT64_LIMIT
from qf.ledger import NO_TIME, Integers, integers
from qf.rule_values import LAST_SECOND, moment
from qf.units import to_units

if TYPE_CHECKING:
    import polars as pl

DECIMAL_DIGITS = 38
"""Digits that a Polars decimal holds; larger numbers are read one by one."""

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
"""RFC 3339."""


def units(texts: pl.Series, decimals: int) -> Read:
    """Return amounts in whole units as positive integers of 1 / 10**decimals, shape (rows,).

    >>> import polars as pl
    >>> units(pl.Series(["12.50", "3"]), 2).value.tolist()
    [1250, 300]
    """
    quick = _quick_units(texts, decimals)
    if quick is not None:
        return Read(quick)
    rest = ~texts.str.contains(_plain_decimal(decimals)) if decimals < DECIMAL_DIGITS else texts.str.len_bytes() >= 0
    rows = rest.arg_true().to_list()
    values = texts.to_list()
    read: list[int] = [0] * len(values)
    if len(rows) < len(values):
        read = texts.set(rest, "1").cast(_decimal_type(decimals)).to_physical().to_list()
    rows += [row for row, value in enumerate(read) if value == 0 and not rest[row]]
    faults = []
    for row in sorted(rows):
        try:
            read[row] = _positive_units(values[row], decimals)
        except ValueError as error:
            faults.append(Fault(row, *number_fault(values[row], str(error))))
    return Read(None if faults else integers(read), faults)


def checked_decimals(texts: pl.Series) -> Read:
    """Return nothing but the faults: the amounts of a token whose decimal places are not known."""
    faults = []
    for row, text in enumerate(texts.to_list()):
        try:
            parsed(text)
        except ValueError as error:
            faults.append(Fault(row, *number_fault(text, str(error))))
    return Read(None, faults)


def seconds(texts: pl.Series) -> Read:
    """Return seconds since 1970 UTC, shape (rows,), `NO_TIME` where a cell is empty; None if all are.

    A moment within a second is cut to the second: rounds open and close on whole seconds, so nothing depends on it.

    >>> import polars as pl
    >>> seconds(pl.Series(["1743433200", "2025-04-01T00:00:00.5+09:00", ""])).value.tolist()[:2]
    [1743433200, 1743433200]
    """
    if not (texts != "").any():
        return Read(None)
    quick = _quick_seconds(texts)
    if quick is not None:
        return Read(quick)
    return _one_by_one(texts, _second, "write 2025-04-01T00:00:00+09:00, or whole seconds since 1970")


def whole_numbers(texts: pl.Series) -> Read:
    """Return the texts of whole numbers written plainly ("1e3" and "7.0" too), or "" where a cell is empty."""
    import polars as pl

    if texts.str.contains(r"^(0|[1-9][0-9]{0,76})?$").all():
        return Read(texts)
    values: list[str] = []
    faults = []
    for row, text in enumerate(texts.to_list()):
        try:
            values.append(str(to_units(parsed(text), 0)) if text else "")
        except ValueError as error:
            faults.append(Fault(row, *number_fault(text, str(error), "write a whole number")))
    return Read(None if faults else pl.Series(texts.name, values, dtype=pl.String), faults)


def _plain_decimal(decimals: int) -> str:
    """The pattern of decimals that Polars reads exactly: enough room, and only zeros after the last place."""
    places = rf"(\.[0-9]{{1,{decimals}}}0*)?" if decimals else r"(\.0+)?"
    return rf"^[0-9]{{1,{DECIMAL_DIGITS - decimals}}}{places}$"


def _decimal_type(decimals: int) -> pl.Decimal:
    import polars as pl

    return pl.Decimal(DECIMAL_DIGITS, decimals)


def _quick_units(texts: pl.Series, decimals: int) -> Integers | None:
    import polars as pl

    if decimals >= DECIMAL_DIGITS or not texts.str.contains(_plain_decimal(decimals)).all():
        return None
    wide = texts.cast(_decimal_type(decimals)).to_physical()
    if len(texts) and (wide.min() == 0 or wide.max() >= INT64_LIMIT):  # type: ignore[operator]
        return integers(wide.to_list()) if wide.min() else None
    return wide.cast(pl.Int64).to_numpy(writable=True)


def _positive_units(text: str, decimals: int) -> int:
    found = to_units(parsed(text), decimals)
    if found == 0:
        raise ValueError("is zero")
    return found


def _quick_seconds(texts: pl.Series) -> NDArray[np.int64] | None:
    import polars as pl

    if texts.str.contains(r"^[0-9]{0,11}$").all():
        return texts.cast(pl.Int64, strict=False).fill_null(NO_TIME).to_numpy(writable=True)
    if not texts.str.contains(MOMENT).all():
        return None
    local = texts.str.slice(0, 19).str.to_uppercase().str.replace(" ", "T", literal=True)
    epoch = local.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us").dt.epoch("s")
    zone = texts.str.extract(r"([+-][0-9]{2}:[0-9]{2})$").fill_null("+00:00")
    hours, minutes = zone.str.slice(1, 2).cast(pl.Int64), zone.str.slice(4, 2).cast(pl.Int64)
    if epoch.has_nulls() or (hours > 23).any() or (minutes > 59).any():
        return None
    sign = zone.str.starts_with("-").cast(pl.Int64) * 2 - 1
    return (epoch + sign * (hours * 3600 + minutes * 60)).to_numpy(writable=True)


def _one_by_one(texts: pl.Series, read: Callable[[str], int], fix: str) -> Read:
    values: list[int] = []
    faults = []
    for row, text in enumerate(texts.to_list()):
        try:
            values.append(read(text))
        except ValueError as error:
            faults.append(Fault(row, shortened(str(error)), fix))
    return Read(None if faults else np.array(values, dtype=np.int64), faults)


def _second(text: str) -> int:
    if not text:
        return NO_TIME
    if re.fullmatch(MOMENT, text):
        return moment(re.sub(r"\.[0-9]+", "", text.upper()))
    if not re.fullmatch(r"[0-9][0-9.eE+]*", text):
        moment(text)
        raise ValueError(f"{text!r} is not an RFC 3339 moment")
    second = to_units(parsed(text), 0)
    if second > LAST_SECOND:
        raise ValueError(f"{text!r} is after the year 9999; is it in milliseconds?")
    return second
