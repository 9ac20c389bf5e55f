"""Plain Python or NumPy values -> a `DonationLedger`. Everything malformed is named at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.columns import Column, canonical_name, plain_name
from qf.errors import DonationError, Problem
from qf.kernels.aggregate import INT64_LIMIT
from qf.ledger import NO_TIME, Donation, DonationLedger, Integers, integers, refuse_repeated_ids
from qf.units import parse_decimal, to_units

COLUMNS = tuple(field.name for field in fields(Donation))
"""The columns a table of donations may have; the first three are required."""


def donation_ledger(
    donations: Any, *, unit_decimals: int = 0, token_decimals: Mapping[str, int] | None = None
) -> DonationLedger:
    """Return the ledger of `donations` in plain form.

    Args:
        donations: a ledger; a mapping of columns {"donor": ..., "project": ..., "amount": ...} of lists or
            NumPy arrays; a data frame of pandas or Polars; or rows: `Donation`s, mappings, or tuples (donor, project,
            amount).
        unit_decimals: decimal places of the round unit.
        token_decimals: decimal places of each token that occurs.

    >>> ledger = donation_ledger([("ann", "well", "12.5"), ("bob", "well", 3)], unit_decimals=1)
    >>> ledger.amount.tolist(), ledger.donor.names
    ([125, 30], ('ann', 'bob'))

    Raises:
        DonationError: naming every malformed row.
    """
    if isinstance(donations, DonationLedger):
        return donations
    if isinstance(donations, str | bytes) or not isinstance(donations, Iterable):
        raise DonationError.at("donations", f"{type(donations).__name__} given", "give rows or columns")
    frame: Any = donations
    if hasattr(frame, "columns"):
        donations = {str(name): frame[name].to_numpy() for name in frame.columns}
    columns = donations if isinstance(donations, Mapping) else _columns_of(donations)
    _check_columns(columns)
    return _ledger_of(columns, unit_decimals, token_decimals or {})


def exact(value: Any) -> Fraction:
    """Return a plain number as an exact non-negative fraction; a float by its shortest decimal form.

    >>> exact(0.1), exact("2.50"), exact(3)
    (Fraction(1, 10), Fraction(5, 2), Fraction(3, 1))

    Raises:
        ValueError: negative, not finite, or not a number.
    """
    if isinstance(value, Fraction | int | np.integer) and not isinstance(value, bool):
        number = Fraction(int(value)) if not isinstance(value, Fraction) else value
        if number < 0:
            raise ValueError(f"{value} is negative")
        return number
    if isinstance(value, float | np.floating):
        return parse_decimal(repr(float(value)))
    if isinstance(value, str | Decimal):
        return parse_decimal(str(value))
    raise ValueError(f"{value!r} is not a number")


def _columns_of(rows: Iterable[Any]) -> dict[str, list[Any]]:
    donations = [_donation_of(row, number) for number, row in enumerate(rows, start=1)]
    return {name: [getattr(donation, name) for donation in donations] for name in COLUMNS}


def _donation_of(row: Any, number: int) -> Donation:
    if isinstance(row, Donation):
        return row
    try:
        return Donation(**row) if isinstance(row, Mapping) else Donation(*row)
    except TypeError as error:
        message = str(error).replace("Donation.__init__() ", "")
        raise DonationError.at(f"donations row {number}", message, "give donor, project, amount") from None


def _check_columns(columns: Mapping[str, Any]) -> None:
    problems = [
        Problem("donations", f"column {name!r} is missing", "give donor, project and amount")
        for name in COLUMNS[:3]
        if name not in columns
    ]
    problems += [
        Problem("donations", f"column {name!r} is not known", f"known columns: {', '.join(COLUMNS)}")
        for name in columns
        if name not in COLUMNS
    ]
    flat = {name: column for name, column in columns.items() if column is not None}
    strange = [name for name, column in flat.items() if not _is_flat(column)]
    problems += [
        Problem("donations", f"column {name!r} is not a flat list of values", "give one value per donation")
        for name in strange
    ]
    lengths = {name: len(column) for name, column in flat.items() if name not in strange}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        problems.append(Problem("donations", f"columns differ in length: {told}", "give one value per donation"))
    if problems:
        raise DonationError(problems)


def _is_flat(column: Any) -> bool:
    """A masked array is refused: what its mask hides would be counted."""
    if isinstance(column, np.ndarray):
        return column.ndim == 1 and not isinstance(column, np.ma.MaskedArray)
    return isinstance(column, Sized) and not isinstance(column, str | bytes)


def _ledger_of(columns: Mapping[str, Any], unit_decimals: int, token_decimals: Mapping[str, int]) -> DonationLedger:
    problems: list[Problem] = []
    tokens, ids, against = (_known(columns.get(name)) for name in ("token", "id", "against"))
    tokens = tokens if tokens is not None and any(tokens) else None
    decimals = unit_decimals if tokens is None else _decimals(tokens, unit_decimals, token_decimals, problems)
    amount = _amounts(columns["amount"], decimals, problems)
    donor = _names(columns["donor"], "donor", problems)
    project = _names(columns["project"], "project", problems)
    time = _times(columns.get("time"), problems)
    if problems:
        raise DonationError(problems)
    refuse_repeated_ids([name for name in ids if name] if ids is not None else [])
    return DonationLedger(
        donor=donor,
        project=project,
        amount=amount,
        token=None if tokens is None else token_column(tokens),
        time=time,
        id=np.array([*ids, ""], dtype=object)[:-1] if ids is not None and any(ids) else None,
        against=_sides(against) if against is not None and any(against) else None,
    )


def _known(values: Any) -> Any:
    """Return a column in which None and NaN, as data frames write what is not known, are nothing."""
    return None if values is None else ["" if value is None or value != value else value for value in values]


def _amounts(values: Any, decimals: int | list[int], problems: list[Problem]) -> Integers:
    if isinstance(decimals, int) and isinstance(values, np.ndarray) and values.dtype.kind in "iu" and len(values):
        scale, largest = 10**decimals, int(values.max())
        if int(values.min()) >= 0 and largest * scale < INT64_LIMIT:
            whole = values.astype(np.int64, copy=False)
            return whole if scale == 1 else whole * scale
    places = [decimals] * len(values) if isinstance(decimals, int) else decimals
    amounts = []
    for number, (value, place) in enumerate(zip(values, places, strict=True), start=1):
        try:
            amounts.append(to_units(exact(value), place))
        except ValueError as error:
            problems.append(Problem(f"donations row {number}, amount", str(error), "give an amount of 0 or more"))
    return integers(amounts)


def positive_units(value: Any, decimals: int) -> int:
    """Return a plain amount in whole units as a positive integer of 1 / 10**decimals.

    >>> positive_units("0.5", 2)
    50

    Raises:
        ValueError: not a positive decimal of at most `decimals` places.
    """
    units = to_units(exact(value), decimals)
    if units == 0:
        raise ValueError("is zero")
    return units


def _names(values: Any, column: str, problems: list[Problem]) -> Column:
    try:
        return Column.of(values)
    except ValueError:
        for number, value in enumerate(values, start=1):
            try:
                canonical_name(plain_name(value))
            except ValueError as error:
                problems.append(Problem(f"donations row {number}, {column}", str(error), "write the name plainly"))
        return Column.of([])


def _decimals(
    tokens: Sequence[str], unit_decimals: int, token_decimals: Mapping[str, int], problems: list[Problem]
) -> list[int]:
    known = {canonical_name(name): places for name, places in token_decimals.items()} | {"": unit_decimals}
    spelled = [canonical_name(token) if token else "" for token in tokens]
    problems += [
        Problem(f"donations, token {token}", "its decimals are not known", "add it to the prices")
        for token in sorted(set(spelled) - set(known))
    ]
    return [known.get(token, 0) for token in spelled]


def token_column(tokens: Iterable[str]) -> Column:
    """Return the column of `tokens`, in which "" stands for the unit of the round.

    >>> token_column(["", "DAI"]).names
    ('', 'DAI')
    """
    spelled = [canonical_name(token) if token else "" for token in tokens]
    names = sorted(set(spelled))
    code = {name: position for position, name in enumerate(names)}
    return Column(np.fromiter((code[name] for name in spelled), np.int32, len(spelled)), tuple(names))


def _sides(values: Any) -> NDArray[np.bool_]:
    wrong = [number for number, value in enumerate(values, start=1) if not isinstance(value, bool | np.bool_)]
    if wrong:
        told = "is neither True nor False"
        raise DonationError(Problem(f"donations row {number}, against", told, "say which side") for number in wrong)
    return np.asarray(values, dtype=bool)


def _times(values: Any, problems: list[Problem]) -> NDArray[np.int64] | None:
    if values is None or all(value is None for value in values):
        return None
    for number, value in enumerate(values, start=1):
        if value is not None and not (isinstance(value, int | np.integer) and abs(int(value)) < INT64_LIMIT):
            problems.append(Problem(f"donations row {number}, time", f"{value!r} is not whole seconds", "since 1970"))
    if problems:
        return None
    return np.array([NO_TIME if value is None else int(value) for value in values], dtype=np.int64)
