"""A file of donations -> `DonationLedger`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qf.codec.cells import checked_decimals, seconds, units, whole_numbers
from qf.codec.faults import shortened
from qf.codec.names import Fault, Read, names, spelled
from qf.codec.parquet import Kind
from qf.codec.tables import FilePath, Format, Table, read_table
from qf.columns import Column, canonical_name
from qf.errors import DonationError
from qf.ledger import DonationLedger, Integers

if TYPE_CHECKING:
    import polars as pl

DONATIONS = Format(
    {
        "donor": Kind.NAME,
        "project": Kind.NAME,
        "amount": Kind.NUMBER,
        "amount_base": Kind.NUMBER,
        "token": Kind.NAME,
        "time": Kind.TIME,
        "id": Kind.NAME,
        "source": Kind.NAME,
        "chain_id": Kind.NUMBER,
        "tx": Kind.NAME,
        "log_index": Kind.NUMBER,
        "side": Kind.NAME,
    },
    required=("donor", "project"),
    one_of=("amount", "amount_base"),
)
"""The columns of a file of donations."""

ON_CHAIN = ("chain_id", "tx", "log_index")
"""The columns that together name a donation made on a chain."""

TRANSACTION = r"^0x[0-9a-fA-F]{64}$"
"""The hash of a transaction."""


def read_donations(
    path: FilePath, *, unit_decimals: int = 0, token_decimals: Mapping[str, int] | None = None
) -> DonationLedger:
    """Return the donations in a file: CSV, TSV, JSON lines, Parquet, or a directory of these.

    Args:
        path: the file, or a directory whose files are read in the order of their names.
        unit_decimals: decimal places of the round unit.
        token_decimals: decimal places of each token that has a price. A donation in another token is refused.

    Raises:
        DonationError: naming every malformed row by file, line and column.
        MissingExtraError: Polars is not installed.
    """
    table = read_table(path, DONATIONS)
    ledger = ledger_in(table, unit_decimals, token_decimals or {})
    table.check(DonationError)
    assert ledger is not None
    return ledger


def ledger_in(table: Table, unit_decimals: int, token_decimals: Mapping[str, int] | None) -> DonationLedger | None:
    """Return the donations in `table`, or None having noted there what is wrong.

    Args:
        table: what was read from the files.
        unit_decimals: decimal places of the round unit.
        token_decimals: decimal places of each token; None if they cannot be known, since the prices are malformed.
    """
    donor, project = _names(table, "donor"), _names(table, "project")
    token = _tokens(table)
    amount = _amounts(table, token, unit_decimals, token_decimals)
    time = table.read("time", seconds(table.filled("time")))
    ids = _ids(table)
    against = _against(table)
    if not table.is_sound or donor is None or project is None or amount is None:
        return None
    return DonationLedger(donor, project, amount, token, time, ids, against)


def _names(table: Table, column: str) -> Column | None:
    texts = table.text(column)
    found: Column | None = None if texts is None else table.read(column, names(texts))
    return found


def _tokens(table: Table) -> Column | None:
    texts = table.filled("token")
    if not (texts != "").any():
        return None
    found: Column | None = table.read("token", names(texts, may_be_empty=True))
    return found


def _amounts(
    table: Table, token: Column | None, unit_decimals: int, token_decimals: Mapping[str, int] | None
) -> Integers | None:
    """Read each group of rows that has the same decimal places: those of its token, or 0 for base units."""
    if not table.has("amount", "amount_base"):
        return None
    whole, base = table.filled("amount"), table.filled("amount_base")
    _refuse_two_amounts(table, whole, base)
    in_base = (base != "").to_numpy()
    if token is None and not in_base.any():
        return table.read("amount", units(whole, unit_decimals))  # type: ignore[no-any-return]
    known = {"": unit_decimals} | {canonical_name(name): places for name, places in (token_decimals or {}).items()}
    codes = np.zeros(len(table), dtype=np.int32) if token is None else token.codes
    groups = [_group(table, "amount_base", base, np.flatnonzero(in_base), 0)]
    for code, name in enumerate([""] if token is None else token.names):
        if name not in known and token_decimals is not None:
            _refuse_token(table, name, np.flatnonzero(codes == code))
        rows = np.flatnonzero((codes == code) & ~in_base)
        groups.append(_group(table, "amount", whole, rows, known.get(name)))
    wide = any(values.dtype == object for _, values in groups)
    amount = np.zeros(len(table), dtype=object if wide else np.int64)
    for rows, values in groups:
        amount[rows] = values
    return amount


def _group(
    table: Table, column: str, texts: pl.Series, rows: NDArray[np.intp], decimals: int | None
) -> tuple[NDArray[np.intp], Integers]:
    """Return the amounts of the chosen rows, or no rows having noted what is wrong with some."""
    chosen = texts.gather(rows)
    read = checked_decimals(chosen) if decimals is None else units(chosen, decimals)
    table.fault(column, [fault._replace(row=int(rows[fault.row])) for fault in read.faults])
    return (rows[:0], np.zeros(0, dtype=np.int64)) if read.value is None else (rows, read.value)


def _refuse_two_amounts(table: Table, whole: pl.Series, base: pl.Series) -> None:
    both = ((whole != "") & (base != "")).arg_true().to_list()
    table.fault("amount_base", [Fault(row, "there is an amount too", "give one of them") for row in both])


def _refuse_token(table: Table, name: str, rows: NDArray[np.intp]) -> None:
    told, fix = f"{name} has no price", "add it to the prices file, or leave the token empty for the unit of the round"
    table.fault("token", [Fault(row, told, fix) for row in rows.tolist()])


def _ids(table: Table) -> NDArray[np.object_] | None:
    """Return the id of each row: as given, of a source, or of a transaction; "" where there is none of these."""
    import polars as pl

    if not table.has("id", "source", *ON_CHAIN):
        return None
    given = table.read("id", spelled(table.filled("id"), may_be_empty=True))
    source = table.read("source", spelled(table.filled("source"), may_be_empty=True))
    chained = _transactions(table)
    if given is None or source is None or chained is None:
        return None
    parts = pl.DataFrame({"id": given, "source": source, "chained": chained})
    sourced = pl.when(pl.col.source == "").then(pl.col.id).otherwise(pl.concat_str("source", pl.lit("/"), "id"))
    ids = parts.select(pl.when(pl.col.id == "").then("chained").otherwise(sourced).alias("id")).to_series()
    if not (ids != "").any():
        return None
    _refuse_duplicates(table, ids.to_list())
    return np.array([*ids.to_list(), ""], dtype=object)[:-1]


def _transactions(table: Table) -> pl.Series | None:
    """Return "eip155:<chain>/<transaction>/<log>" where a row has all three, "" where it has none."""
    import polars as pl

    if not table.has(*ON_CHAIN):
        return table.filled("tx")
    chain, log = (table.read(name, whole_numbers(table.filled(name))) for name in ("chain_id", "log_index"))
    transaction = table.read("tx", _hashes(table.filled("tx")))
    if chain is None or transaction is None or log is None:
        return None
    parts = pl.DataFrame({"chain_id": chain, "tx": transaction, "log_index": log})
    has = parts.select((pl.col(name) != "").cast(pl.Int8) for name in ON_CHAIN)
    some = has.sum_horizontal().is_between(1, 2).arg_true().to_list()
    for name in ON_CHAIN:
        lacking = [row for row in some if not has[name][row]]
        table.fault(name, [Fault(row, "is empty", f"give all of {', '.join(ON_CHAIN)}, or none") for row in lacking])
    text = pl.format("eip155:{}/{}/{}", *ON_CHAIN)
    return parts.select(pl.when(pl.col("tx") == "").then(pl.lit("")).otherwise(text).alias("id")).to_series()


def _hashes(texts: pl.Series) -> Read:
    odd = (~texts.str.contains(TRANSACTION) & (texts != "")).arg_true().to_list()
    faults = [
        Fault(row, f"{shortened(repr(texts[row]))} is not a transaction hash", "give 0x and 64 hex digits")
        for row in odd
    ]
    return Read(texts.str.to_lowercase(), faults)


def _refuse_duplicates(table: Table, ids: list[str]) -> None:
    if len(set(ids)) + max(ids.count("") - 1, 0) == len(ids):
        return
    given = table.filled("id").to_list()
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if name and first.setdefault(name, row) != row:
            told = f"{name!r} is also the id of {table.where(first[name])}"
            table.fault("id" if given[row] else "tx", [Fault(row, told, "every donation needs an id of its own")])


def _against(table: Table) -> NDArray[np.bool_] | None:
    if not table.has("side"):
        return None
    side = table.filled("side")
    odd = (~side.is_in(["", "for", "against"])).arg_true().to_list()
    table.fault(
        "side", [Fault(row, f"{side[row]!r} is neither for nor against", "write for or against") for row in odd]
    )
    against = side == "against"
    return against.to_numpy(writable=True) if against.any() else None
