"""What a measure looks at: the world of a run and its result, as arrays in units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qf.result import RoundResult
from simulations.gifts import CENTS
from simulations.scenario import Scenario
from simulations.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """One run under one mechanism.

    Attributes:
        scenario: what is simulated.
        made: what was drawn.
        pool: what there was to pay out, in units.
        payout: of each project, in units, shape (projects,).
        calm: the same without attackers.
        ideal: ideal match of each project, in units (or proportions, where the mechanism gives no money).
        direct: what each project was given, in units, attackers included.
        donors: how many accounts gave to each project, attackers included.
    """

    scenario: Scenario
    made: World
    pool: float
    payout: Floats
    calm: Floats
    ideal: Floats
    direct: Floats
    donors: Floats

    @classmethod
    def of(cls, scenario: Scenario, made: World, before: RoundResult, after: RoundResult) -> View:
        """Return the view of a result."""
        projects, scene = after.projects, made.after
        return cls(
            scenario=scenario,
            made=made,
            pool=after.round.pool.amount / 10**after.round.pool.decimals,
            payout=_payouts(after),
            calm=_payouts(before) if before is not after else _payouts(after),
            ideal=np.array([float(project.ideal_match) for project in projects]) / CENTS,
            direct=scene.gifts.direct(scene.projects),
            donors=np.array([project.donors for project in projects], dtype=np.float64),
        )

    @property
    def worth(self) -> Floats:
        """V[p]: what each project is worth to all honest donors, in units."""
        return self.made.people.worth

    @property
    def share(self) -> Floats:
        """Part of all payouts each project has; even if nothing was paid."""
        total = self.payout.sum()
        return self.payout / total if total > 0 else np.full(len(self.payout), 1 / len(self.payout))


def _payouts(result: RoundResult) -> Floats:
    return np.array([float(project.payout) for project in result.projects]) / float(10**result.round.pool.decimals)
