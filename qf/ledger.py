"""Stage 3: the donations of a round in one canonical form. It never changes after it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.columns import Column
from qf.errors import DonationError, Problem
from qf.kernels.aggregate import INT64_LIMIT

Integers = NDArray[Any]
"""int64 where every value fits, else object holding Python ints. Shape (rows,)."""


@dataclass(frozen=True, slots=True)
class Donation:
    """One transfer, as plain values.

    Attributes:
        donor: the account it came from.
        project: what it was given to.
        amount: in whole units: of `token` if it has one, else of the round. "12.50", 12, Decimal("12.5").
        token: what was given; "" means the unit of the round, which needs no price.
        time: seconds since 1970 UTC; None if unknown.
        id: unique name; "" derives one from donor, project and order.
        against: credits spent against the project (only `quadratic_voting` accepts them).
    """

    donor: str
    project: str
    amount: int | str | Decimal | Fraction | float
    token: str = ""
    time: int | None = None
    id: str = ""
    against: bool = False


@dataclass(frozen=True, eq=False)
class DonationLedger:
    """All donations, one row each.

    Attributes:
        donor, project, token: names, shape (rows,). `token` None: all in the unit of the round.
        amount: base units of the token, or round units; shape (rows,).
        time: seconds since 1970 UTC, or None when no row has a time. Unknown times are `NO_TIME`.
        id: unique text per row, or None when no row has one.
        against: True where credits are spent against the project, or None.
    """

    donor: Column
    project: Column
    amount: Integers
    token: Column | None = None
    time: NDArray[np.int64] | None = None
    id: NDArray[np.object_] | None = None
    against: NDArray[np.bool_] | None = None

    def take(self, rows: NDArray[Any]) -> DonationLedger:
        """Return the ledger of the chosen rows (indices or mask)."""

        def chosen(column: Any) -> Any:
            if column is None:
                return None
            return column.take(rows) if isinstance(column, Column) else column[rows]

        return DonationLedger(**{field.name: chosen(getattr(self, field.name)) for field in fields(self)})

    def canonical(self) -> DonationLedger:
        """Return the same donations in the one order that does not depend on how they came in.

        Sorted by donor, project, time, amount, token, side and id; a row without an id is named
        "donor/project/n", n counting that donor's rows for the project, and "/" and "%" in a name
        written %2F and %25. The canonical ledger of it is itself.
        """
        named = _with_sorted_names(self)
        ordered = named.take(np.lexsort(_sort_keys(named)))
        return _with_ties_by_id(DonationLedger(**{**_shallow(ordered), "id": _ids(ordered)}))

    def __len__(self) -> int:
        return len(self.amount)


NO_TIME = -(2**63)
"""Stands in `DonationLedger.time` for a donation whose time is unknown."""


def integers(values: Sequence[int]) -> Integers:
    """Return `values` as int64 where all fit, else as Python ints.

    >>> integers([1, 2]).dtype, integers([2**80]).dtype
    (dtype('int64'), dtype('O'))
    """
    if all(-INT64_LIMIT <= value < INT64_LIMIT for value in values):
        return np.array(values, dtype=np.int64)
    return np.array(values, dtype=object)


def _shallow(ledger: DonationLedger) -> dict[str, Any]:
    return {field.name: getattr(ledger, field.name) for field in fields(ledger)}


def _with_sorted_names(ledger: DonationLedger) -> DonationLedger:
    token = ledger.token.sorted() if ledger.token is not None else None
    changed = {"donor": ledger.donor.sorted(), "project": ledger.project.sorted(), "token": token}
    return DonationLedger(**{**_shallow(ledger), **changed})


def _sort_keys(ledger: DonationLedger) -> list[NDArray[Any]]:
    """Keys for np.lexsort, the least significant first."""
    ids = None if ledger.id is None else _ranks(ledger.id)
    token = ledger.token.codes if ledger.token is not None else None
    amount = _ranks(ledger.amount) if ledger.amount.dtype == object else ledger.amount
    keys = [ids, ledger.against, token, amount, ledger.time, ledger.project.codes, ledger.donor.codes]
    return [key for key in keys if key is not None]


def _with_ties_by_id(ledger: DonationLedger) -> DonationLedger:
    """Return a sorted ledger with rows that are alike in all but the id in the order of their ids, derived ones too."""
    assert ledger.id is not None
    alike = np.ones(len(ledger), dtype=bool)
    alike[:1] = False
    for key in _sort_keys(DonationLedger(**{**_shallow(ledger), "id": None})):
        alike[1:] &= key[1:] == key[:-1]
    tied = np.flatnonzero(alike | np.append(alike[1:], False))
    if not len(tied):
        return ledger
    order = np.arange(len(ledger))
    order[tied] = tied[np.lexsort([_ranks(ledger.id[tied]), np.cumsum(~alike)[tied]])]
    return ledger.take(order)


def _ranks(values: NDArray[np.object_]) -> NDArray[np.int64]:
    rank = {value: position for position, value in enumerate(sorted(set(values.tolist())))}
    return np.fromiter((rank[value] for value in values.tolist()), np.int64, len(values))


def _ids(ledger: DonationLedger) -> NDArray[np.object_]:
    given = ledger.id.tolist() if ledger.id is not None else [""] * len(ledger)
    if "" in given:
        given = _derived(ledger, given)
    ids = np.array([*given, ""], dtype=object)[:-1]
    refuse_repeated_ids(given)
    return ids


def _derived(ledger: DonationLedger, given: list[str]) -> list[str]:
    donors, projects = ledger.donor.codes, ledger.project.codes
    starts = np.ones(len(ledger), dtype=bool)
    starts[1:] = (donors[1:] != donors[:-1]) | (projects[1:] != projects[:-1])
    rows = np.arange(len(ledger))
    number = rows - np.maximum.accumulate(np.where(starts, rows, 0)) + 1
    donor_names = Column(donors, [id_part(name) for name in ledger.donor.names]).texts().tolist()
    project_names = Column(projects, [id_part(name) for name in ledger.project.names]).texts().tolist()
    derived = zip(given, donor_names, project_names, number.tolist(), strict=True)
    return [name or f"{donor}/{project}/{n}" for name, donor, project, n in derived]


def id_part(name: str) -> str:
    """Return a name as it stands in a derived id, so that two pairs never share one.

    >>> id_part("org/app 100%")
    'org%2Fapp 100%25'
    """
    return name.replace("%", "%25").replace("/", "%2F")


def refuse_repeated_ids(ids: Sequence[str]) -> None:
    """Raise unless every id is unique.

    Raises:
        DonationError: naming every id that occurs more than once.
    """
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    twice = {name for name in ids if name in seen or seen.add(name)}  # type: ignore[func-returns-value]
    raise DonationError(
        Problem(f"donation {name!r}", "the id occurs more than once", "every donation needs an id of its own")
        for name in sorted(twice)
    )
