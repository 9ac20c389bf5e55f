"""The donations of a bundle as tables of bounded size, so that a round larger than memory is written part by part.

A part holds all donations of some donors: crc32 of the name says which. Inside a part rows are in the order of
`DonationLedger.canonical()`. So the bytes depend neither on the order in which donations came, nor on how they were
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qf.codec.canonical_csv import read_table, table_bytes
from qf.codec.frames import AGAINST, COLUMNS, LedgerFrames, sorted_frame
from qf.columns import canonical_name
from qf.eligibility import REASONS
from qf.errors import BundleError, DonationError, MissingExtraError
from qf.ledger import NO_TIME, DonationLedger

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cli") from None

PART_ROWS = 1 << 18
"""The most rows a part has on average: 262,144, about 15 MB, which a spreadsheet still opens."""

HASH_BITS = 32
"""Bits of crc32."""

REASON = "reason_code"
"""Column of a frame that says which rows count; see `Screened.reason`."""


def part_count(rows: int, part_rows: int = PART_ROWS) -> int:
    """Return how many parts a ledger of `rows` is kept in: the smallest power of two that holds them.

    >>> part_count(0), part_count(262_144), part_count(1_000_000)
    (1, 1, 4)
    """
    parts = 1
    while parts * part_rows < rows:
        parts *= 2
    return parts


def parts_of(donors: Sequence[str], parts: int) -> NDArray[np.int64]:
    """Return the part of each donor: the leading bits of crc32 of the name in UTF-8. Shape (donors,).

    >>> parts_of(["ann", "bob", "cy"], 4).tolist()
    [3, 3, 0]
    """
    hashes = np.fromiter((crc32(name.encode()) for name in donors), np.int64, len(donors))
    return hashes >> (HASH_BITS - parts.bit_length() + 1)


def part_name(folder: str, number: int) -> str:
    """Return the name of a part.

    >>> part_name("donations", 3)
    'donations/0003.csv'
    """
    return f"{folder}/{number:04}.csv"


def ledger_parts(ledger: DonationLedger, reason: NDArray[np.uint8], parts: int) -> Iterator[pl.DataFrame]:
    """Yield the sorted frame of each part of `ledger`, with the reasons of its rows in column `REASON`."""
    frames = LedgerFrames.of(ledger)
    part = parts_of(frames.donors.to_list(), parts)[frames.ledger.donor.codes]
    order = np.argsort(part, kind="stable") if parts > 1 else np.arange(len(part))
    ends = np.cumsum(np.bincount(part, minlength=parts))
    for rows in np.split(order, ends[:-1]):
        yield sorted_frame(frames.frame(rows).with_columns(pl.Series(REASON, reason[rows])))


def donations_bytes(ordered: pl.DataFrame) -> bytes:
    """Return the table of donations of a sorted frame."""
    return table_bytes(ordered.select(COLUMNS))


def excluded_rows(ids: pl.Series, reason: NDArray[np.uint8]) -> pl.DataFrame:
    """Return place, id and reason of the rows that do not count; `ids` and `reason` (see `Screened`) are row by row.

    >>> excluded_rows(pl.Series(["a", "b"]), np.array([0, 1], dtype=np.uint8)).rows()
    [(1, 'b', 1)]
    """
    row = np.flatnonzero(reason)
    return pl.DataFrame({"row": row, "id": ids.gather(row), REASON: reason[row]})


def exclusions_bytes(excluded: pl.DataFrame) -> bytes:
    r"""Return the table of exclusions, of rows in canonical order.

    >>> exclusions_bytes(excluded_rows(pl.Series(["a", "b"]), np.array([0, 1], dtype=np.uint8)))
    b'id,reason\nb,unknown_project\n'
    """
    names = pl.Series([None, *map(str, REASONS)], dtype=pl.String)
    return table_bytes(pl.DataFrame({"id": excluded["id"], "reason": names.gather(excluded[REASON].cast(pl.Int64))}))


def read_part(name: str, data: bytes, number: int, parts: int) -> pl.DataFrame:
    """Return the sorted frame in the bytes of part `number` of `parts`.

    Raises:
        BundleError: naming the file, where it is not what `donations_bytes` writes.
    """
    text = read_table(name, data, COLUMNS)
    small = text["amount"].cast(pl.Int64, strict=False)
    amount = text["amount"] if small.null_count() else small
    frame = text.with_columns(pl.col("time").cast(pl.Int64, strict=False), amount)
    _require_values(name, text, frame)
    try:
        ordered = sorted_frame(frame)
    except DonationError as error:
        raise BundleError(f"{name}: {error}") from None
    if not ordered["id"].equals(frame["id"]):
        raise BundleError(f"{name}: the donations are not in canonical order")
    _require_names(name, frame, number, parts)
    return ordered


def _require_values(name: str, text: pl.DataFrame, frame: pl.DataFrame) -> None:
    empty = sum(text[column].null_count() for column in COLUMNS[:4])
    time = text["time"].drop_nulls()
    whole = bool(time.str.contains("^(0|-?[1-9][0-9]*)$").all()) and frame["time"].count() == len(time)
    wrong = {
        "id, donor, project or amount is empty": empty > 0,
        "amount is not a whole number of 0 or more": not text["amount"].str.contains("^(0|[1-9][0-9]*)$").all(),
        "time is not whole seconds": not whole or bool((frame["time"] == NO_TIME).any()),
        f"side is not {AGAINST}": not text["side"].drop_nulls().is_in([AGAINST]).all(),
    }
    for what, found in wrong.items():
        if found:
            raise BundleError(f"{name}: in some row {what}")


def _require_names(name: str, frame: pl.DataFrame, number: int, parts: int) -> None:
    """Every name is in its canonical spelling, and every donor in the right part."""
    donors = frame["donor"].unique().to_list()
    tokens = frame["token"].drop_nulls().unique().to_list()
    for given in (*donors, *frame["project"].unique().to_list(), *tokens):
        try:
            spelled = canonical_name(given)
        except ValueError as error:
            raise BundleError(f"{name}: a name {error}") from None
        if spelled != given:
            raise BundleError(f"{name}: the name {given!r} is {spelled!r} in canonical form")
    astray = parts_of(donors, parts) != number
    if astray.any():
        raise BundleError(f"{name}: donor {donors[int(np.argmax(astray))]!r} belongs into another part")
