"""Columns of text -> names in their canonical spelling.

A column is checked as a whole; only what fails the check is looked at one by one, by `canonical_name`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qf.codec.faults import shortened
from qf.columns import Column, canonical_name

if TYPE_CHECKING:
    import polars as pl

PLAIN_NAME = r"^[!-~]([ -~]*[!-~])?$"
"""A name that is its own canonical spelling unless it is an address: printable ASCII, no white space around it."""

ADDRESS_IN_CAPITALS = r"^0x[0-9a-f]*[A-F][0-9a-fA-F]*$"
"""An Ethereum address that is not in lower case, if it is `ADDRESS_LENGTH` long."""

ADDRESS_LENGTH = 42
"""Characters of an Ethereum address."""


class Fault(NamedTuple):
    """A cell that cannot be read: its row (from 0), what is wrong, and what to do."""

    row: int
    what: str
    fix: str


@dataclass
class Read:
    """What a column holds, and the cells of it that cannot be read. `value` means nothing when there are any."""

    value: Any
    faults: list[Fault] = field(default_factory=list)


def spelled(texts: pl.Series, *, may_be_empty: bool = False) -> Read:
    """Return every name in its canonical spelling, row by row.

    >>> import polars as pl
    >>> spelled(pl.Series(["a", " b"])).faults
    [Fault(row=1, what="' b' has white space around it", fix='write the name plainly')]
    """
    import polars as pl

    capital = texts.str.contains(ADDRESS_IN_CAPITALS) & (texts.str.len_bytes() == ADDRESS_LENGTH)
    lower = texts.str.to_lowercase().zip_with(capital, texts) if capital.any() else texts
    odd = (~texts.str.contains(PLAIN_NAME) & ((texts != "") | (not may_be_empty))).arg_true()
    values, faults = [], []
    for row, text in zip(odd.to_list(), texts.gather(odd).to_list(), strict=True):
        try:
            values.append(canonical_name(text))
        except ValueError as error:
            faults.append(Fault(row, shortened(str(error)), "write the name plainly"))
    if faults or not values:
        return Read(lower, faults)
    return Read(lower.scatter(odd, pl.Series(values, dtype=pl.String)))


def names(texts: pl.Series, *, may_be_empty: bool = False) -> Read:
    """Return a `Column` of names in their canonical spelling.

    >>> import polars as pl
    >>> names(pl.Series(["b", "a", "b"])).value.names
    ('a', 'b')
    """
    codes, found = _vocabulary(texts)
    read = spelled(found, may_be_empty=may_be_empty)
    if read.faults:
        refused = {fault.row: fault for fault in read.faults}
        rows = np.flatnonzero(np.isin(codes, list(refused))).tolist()
        return Read(None, [refused[int(codes[row])]._replace(row=row) for row in rows])
    if read.value.equals(found):
        return Read(Column(codes, tuple(found.to_list())))
    recode, merged = _vocabulary(read.value)
    return Read(Column(recode[codes], tuple(merged.to_list())))


def _vocabulary(texts: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
    """Codes of `texts`, and the distinct texts in code-point order."""
    import polars as pl

    if not len(texts):
        return np.zeros(0, dtype=np.int32), texts
    encoded = texts.cast(pl.Categorical(pl.Categories.random()))
    distinct = encoded.unique()
    found = distinct.cast(pl.String)
    order = found.arg_sort()
    physical = distinct.to_physical().to_numpy()
    rank = np.zeros(int(physical.max()) + 1, dtype=np.int32)
    rank[physical[order.to_numpy()]] = np.arange(len(physical), dtype=np.int32)
    return rank[encoded.to_physical().to_numpy()], found.gather(order)
