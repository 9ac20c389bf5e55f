"""Donations as Polars frames in canonical order, and back: the rows of a part, or of several.

A frame has the columns of `COLUMNS`, nothing (null) where a field is empty, and `RANKS`: the rank of donor and project
among the names at hand, which sort faster than text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.columns import Column
from qf.errors import DonationError, MissingExtraError, Problem
from qf.ledger import NO_TIME, DonationLedger, Integers, integers

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cli") from None

COLUMNS = ("id", "donor", "project", "amount", "token", "time", "side")
"""Columns of donations/*.csv. `amount` is in base units of `token`, or in round units where that is empty."""

RANKS = ("donor_rank", "project_rank")
"""Columns that are not written."""

AGAINST = "against"
"""`side` of credits spent against a project; otherwise the field is empty."""

CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""Characters an id must not hold: a table is read line by line."""


@dataclass(frozen=True, eq=False)
class LedgerFrames:
    """A ledger of which any rows can be had as a frame."""

    ledger: DonationLedger
    donors: pl.Series
    projects: pl.Series
    tokens: pl.Series

    @classmethod
    def of(cls, ledger: DonationLedger) -> LedgerFrames:
        """Return the frames of `ledger`."""
        donor, project = ledger.donor.sorted(), ledger.project.sorted()
        token = None if ledger.token is None else ledger.token.sorted()
        shown = [name or None for name in token.names] if token is not None else []
        text = DonationLedger(donor, project, ledger.amount, token, ledger.time, ledger.id, ledger.against)
        return cls(text, _text(list(donor.names)), _text(list(project.names)), _text(shown))

    def frame(self, rows: NDArray[np.integer[Any]]) -> pl.DataFrame:
        """Return the chosen rows, in the order given."""
        part = self.ledger.take(rows)
        missing = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
        time = pl.Series(part.time, dtype=pl.Int64).replace(NO_TIME, None) if part.time is not None else None
        against = None if part.against is None else _text([None, AGAINST]).gather(part.against.astype(np.int64))
        return pl.DataFrame(
            {
                "id": _text([str(name) or None for name in part.id.tolist()]) if part.id is not None else missing,
                "donor": self.donors.gather(part.donor.codes),
                "project": self.projects.gather(part.project.codes),
                "amount": _amount_series(part.amount),
                "token": self.tokens.gather(part.token.codes) if part.token is not None else missing,
                "time": time if time is not None else missing.cast(pl.Int64),
                "side": against if against is not None else missing,
                RANKS[0]: pl.Series(part.donor.codes, dtype=pl.UInt32),
                RANKS[1]: pl.Series(part.project.codes, dtype=pl.UInt32),
            }
        )


def sorted_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in canonical order, every row with an id; see `DonationLedger.canonical`.

    >>> row = {"donor": "ann", "project": "well", "amount": 5, "token": None, "time": None, "side": None}
    >>> sorted_frame(pl.DataFrame([{"id": "x", **row}, {"id": None, **row}]))["id"].to_list()
    ['ann/well/1', 'x']

    Args:
        frame: the columns of `COLUMNS` and any more; `RANKS` are added where they are missing.

    Raises:
        DonationError: an id holds control characters.
    """
    _check_ids(frame["id"])
    known = RANKS[0] in frame.columns
    ranked = frame if known else frame.with_columns(ranks(frame["donor"]), ranks(frame["project"]))
    keys = [*map(pl.col, RANKS), pl.col("time"), *_amount_keys(frame["amount"]), pl.col("token"), pl.col("side")]
    ordered = ranked.sort([*keys, pl.col("id").is_not_null()])
    if ordered["id"].null_count():
        ordered = ordered.with_columns(pl.coalesce(pl.col("id"), derived_ids(ordered)).alias("id"))
    return _with_ties_by_id(ordered, keys)


def derived_ids(ordered: pl.DataFrame) -> pl.Series:
    """Return "donor/project/n" for every row, n counting that donor's rows for the project; see `ledger.id_part`."""
    donor, project = (ordered[rank].to_numpy() for rank in RANKS)
    starts = np.ones(len(ordered), dtype=bool)
    starts[1:] = (donor[1:] != donor[:-1]) | (project[1:] != project[:-1])
    rows = np.arange(len(ordered))
    number = pl.Series(rows - np.maximum.accumulate(np.where(starts, rows, 0)) + 1)
    parts = [
        pl.col(name).str.replace_all("%", "%25", literal=True).str.replace_all("/", "%2F", literal=True)
        for name in ("donor", "project")
    ]
    return ordered.select(id=pl.concat_str(parts[0], pl.lit("/"), parts[1], pl.lit("/"), number)).to_series()


def ledger_of(ordered: pl.DataFrame, *, with_ids: bool = False) -> DonationLedger:
    """Return the ledger of a frame with ranks, row by row."""
    time, against = ordered["time"], ordered["side"].is_not_null()
    return DonationLedger(
        donor=_column(ordered["donor"], ordered[RANKS[0]]),
        project=_column(ordered["project"], ordered[RANKS[1]]),
        amount=_amounts(ordered["amount"]),
        token=None if ordered["token"].null_count() == len(ordered) else _tokens(ordered["token"]),
        time=None if time.null_count() == len(ordered) else time.fill_null(NO_TIME).to_numpy(writable=True),
        id=np.array([*ordered["id"].to_list(), ""], dtype=object)[:-1] if with_ids else None,
        against=against.to_numpy(writable=True) if against.any() else None,
    )


def joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the rows of sorted frames in turn, ranked among themselves."""
    texts = any(frame["amount"].dtype == pl.String for frame in frames)
    kind = pl.String if texts else pl.Int64
    rows = pl.concat(frame.select(COLUMNS).with_columns(pl.col("amount").cast(kind)) for frame in frames)
    return rows.with_columns(ranks(rows["donor"]), ranks(rows["project"]))


def ranks(names: pl.Series) -> pl.Series:
    """Return the rank of each name among those in the column, in code-point order, as column "..._rank"."""
    ordered = names.unique().sort()
    return names.cast(pl.Enum(ordered)).to_physical().cast(pl.UInt32).alias(f"{names.name}_rank")


def _text(values: list[Any]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _amount_series(amount: Integers) -> pl.Series:
    return _text([str(value) for value in amount.tolist()]) if amount.dtype == object else pl.Series(amount)


def _amount_keys(amount: pl.Series) -> list[pl.Expr]:
    """Decimal text without leading zeros sorts like the numbers by length, then text."""
    value = pl.col("amount")
    return [value.str.len_bytes(), value] if amount.dtype == pl.String else [value]


def _amounts(amount: pl.Series) -> Integers:
    if amount.dtype == pl.String:
        return integers([int(value) for value in amount.to_list()])
    return amount.to_numpy(writable=True)


def _check_ids(given: pl.Series) -> None:
    malformed = given.filter(given.str.contains(CONTROL).fill_null(False)).to_list()
    if malformed:
        raise DonationError(
            Problem(f"donation {name!r}", "the id holds control characters", "write the id plainly")
            for name in sorted(malformed)
        )


def _with_ties_by_id(ordered: pl.DataFrame, keys: list[pl.Expr]) -> pl.DataFrame:
    """Sort rows that are alike in everything else by their ids."""
    alike = ordered.select(pl.all_horizontal(key.eq_missing(key.shift(1)) for key in keys)).to_series().to_numpy()
    tied = np.flatnonzero(alike | np.append(alike[1:], False))
    if not len(tied):
        return ordered
    group = np.cumsum(~alike)[tied]
    rows = pl.DataFrame({"group": group, "id": ordered["id"].gather(tied), "row": tied}).sort("group", "id")["row"]
    order = np.arange(len(ordered))
    order[tied] = rows.to_numpy()
    return ordered[order]


def _column(names: pl.Series, rank: pl.Series) -> Column:
    codes = rank.to_numpy().astype(np.int64)
    row_of = np.full(int(codes.max(initial=-1)) + 1, -1)
    row_of[codes] = np.arange(len(codes))
    used = np.flatnonzero(row_of >= 0)
    dense = np.zeros(len(row_of), dtype=np.int32)
    dense[used] = np.arange(len(used), dtype=np.int32)
    return Column(dense[codes], tuple(names.gather(row_of[used]).to_list()))


def _tokens(tokens: pl.Series) -> Column:
    shown = tokens.fill_null("")
    names = shown.unique().sort()
    codes = shown.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int32)
    return Column(codes, tuple(names.to_list()))
