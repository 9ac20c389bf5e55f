"""WTFISCOCM (Miller, 2024): quadratic funding rewards influence, connection-oriented cluster match rewards quality.

Two projects, A and B, and some others. A core of members gives to A and B by their quality, and to a random half of the
others; visitors give to A or B, by influence, and some of them a little to all others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qf.rules import round_of
from qf.settle import settle
from simulations.replay.studies.study import Finding, Study

DECIMALS = 12
"""Places of a gift that are kept: gifts are float64 in the original."""

PUBLISHED = {
    (0.6, "quadratic"): (0.3985, 0.4565),
    (0.6, "cluster_connection"): (0.2283, 0.1316),
    (0.9, "quadratic"): (0.1012, 0.7767),
    (0.9, "cluster_connection"): (0.2034, 0.1540),
}
"""(Influence of B, mechanism) -> shares of A and B; the quality of B is 0.2."""

WITHIN = 0.0005
"""Half a unit of the last published digit of the smallest share."""


@dataclass(frozen=True, slots=True)
class Town:
    """Who there is.

    Attributes:
        quality: of B; that of A is 1 less this.
        influence: of B: the part of the visitors who come for B.
        core, visitors: how many people.
        others: how many other projects.
        spent: what a visitor gives in all; a core member gives 1.
    """

    quality: float = 0.2
    influence: float = 0.6
    core: int = 500
    visitors: int = 400
    others: int = 5
    spent: float = 10.0

    def gifts(self) -> NDArray[np.float64]:
        """Return what everybody gives to A, B and the others, shape (people, 2 + others).

        The draws are those of the original, with a generator of Python's for each person. It sets the visitor's
        generator to the same state before each project, so that a visitor gives to all others (chance 0.15) or to none.
        """
        gifts = np.zeros((self.core + self.visitors, 2 + self.others))
        for person in range(self.core):
            bits = random.Random(person).getrandbits(self.others)
            chosen = [0.5 * (bits >> other & 1) for other in range(self.others)]
            parts = np.array([1 - self.quality, self.quality, *chosen])
            gifts[person] = parts / parts.sum()
        for visitor in range(self.visitors):
            row = gifts[self.core + visitor]
            if random.Random(visitor * 2000 + self.others).random() < 0.15:
                row[2:] = self.spent / (self.others + 1)
            favourite = 0 if visitor < (1 - self.influence) * self.visitors else 1
            row[favourite] = self.spent - row[2:].sum()
        return gifts


def split(town: Town, mechanism: str) -> tuple[float, float]:
    """Return the parts of the pool that A and B get.

    >>> a, b = split(Town(core=50, visitors=40), "quadratic")
    >>> a < b
    True
    """
    gifts = town.gifts()
    rows = [
        (f"d{person}", f"p{project:02}", f"{gifts[person, project]:.{DECIMALS}f}")
        for person, project in zip(*np.nonzero(gifts), strict=True)
    ]
    round = round_of(
        {
            "round": {"id": "influence", "unit_decimals": DECIMALS},
            "mechanism": {"id": mechanism},
            "pool": {"amount": str(10**DECIMALS), "decimals": DECIMALS},
        }
    )
    first, second, *_ = settle(round, rows).payouts.values()
    return first / 10**DECIMALS, second / 10**DECIMALS


def influence() -> Study:
    """Return the study."""
    findings = []
    for (weight, mechanism), published in PUBLISHED.items():
        computed = split(Town(influence=weight), mechanism)
        findings += [
            Finding(f"share of {name}, {mechanism}, influence {weight}", theirs, ours, WITHIN)
            for name, theirs, ours in zip("AB", published, computed, strict=True)
        ]
    setting = (
        "500 core members who give 1 each, 400 visitors who give 10 each, 5 other projects; A has quality 0.8 and B "
        "0.2. Shares to four digits; a fault of the original is kept: a visitor gives to all other projects or to none."
    )
    return Study("WTFISCOCM: quality over influence", setting, findings)
