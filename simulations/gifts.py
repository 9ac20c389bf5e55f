"""Gifts in coordinate form: who gave what to which project."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qf.columns import Column
from qf.ledger import DonationLedger

UNIT_DECIMALS = 2
"""Amounts are held in hundredths of the unit of a scenario."""

CENTS: int = 10**UNIT_DECIMALS
"""Hundredths in a unit."""


@dataclass(frozen=True, eq=False)
class Gifts:
    """One row per gift, in the order they were given.

    Attributes:
        donor: number of the account, shape (rows,).
        project: number of the project, shape (rows,).
        amount: hundredths of the unit, above 0, shape (rows,).
    """

    donor: NDArray[np.int32]
    project: NDArray[np.int32]
    amount: NDArray[np.int64]

    @classmethod
    def of_matrix(cls, amount: NDArray[np.float64]) -> Gifts:
        """Return the gifts of a matrix in units, shape (donors, projects), cut to hundredths.

        >>> Gifts.of_matrix(np.array([[1.0, 0.0], [0.001, 2.5]])).amount.tolist()
        [100, 250]
        """
        cents = np.floor(amount * CENTS + 1e-6).astype(np.int64)
        donor, project = np.nonzero(cents)
        return cls(donor.astype(np.int32), project.astype(np.int32), cents[donor, project])

    @classmethod
    def joined(cls, *parts: Gifts) -> Gifts:
        """Return the gifts of all parts, one after the other."""
        return cls(
            np.concatenate([part.donor for part in parts]),
            np.concatenate([part.project for part in parts]),
            np.concatenate([part.amount for part in parts]),
        )

    def without(self, rows: NDArray[np.bool_]) -> Gifts:
        """Return the gifts but those in the marked rows."""
        return Gifts(self.donor[~rows], self.project[~rows], self.amount[~rows])

    def ledger(self, donors: int, projects: int) -> DonationLedger:
        """Return the ledger that `qf` settles."""
        return DonationLedger(
            Column(self.donor, names("d", donors)), Column(self.project, names("p", projects)), self.amount
        )

    def direct(self, projects: int) -> NDArray[np.float64]:
        """Return what each project was given, in units, shape (projects,)."""
        return np.asarray(np.bincount(self.project, weights=self.amount, minlength=projects) / CENTS)

    def roots(self, projects: int) -> NDArray[np.float64]:
        """Return S[p] = sum over donors of sqrt(what the donor gave it in all), in units**0.5, shape (projects,).

        >>> Gifts(np.array([0, 0, 1]), np.array([0, 0, 0]), np.array([100, 300, 900])).roots(1).tolist()
        [5.0]
        """
        pair = self.donor.astype(np.int64) * projects + self.project
        which, place = np.unique(pair, return_inverse=True)
        total = np.bincount(place, weights=self.amount, minlength=len(which)) / CENTS
        return np.asarray(np.bincount(which % projects, weights=np.sqrt(total), minlength=projects))

    def __len__(self) -> int:
        return len(self.amount)


@lru_cache(maxsize=64)
def names(letter: str, count: int) -> tuple[str, ...]:
    """Return `count` names in code-point order: d0, d1, ... with as many digits as the last needs.

    >>> names("p", 11)[:3]
    ('p00', 'p01', 'p02')
    """
    width = len(str(max(count - 1, 0)))
    return tuple(f"{letter}{number:0{width}}" for number in range(count))
