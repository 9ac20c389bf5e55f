"""What a measure looks at: the world of a run and its result, as arrays in units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.compare.choices import Choice
from qf.result import RoundResult
from simulations.attacks import Scene
from simulations.gifts import CENTS, Gifts
from simulations.scenario import Scenario
from simulations.settling import settle_all
from simulations.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """One run under one mechanism. What belongs to a fork is counted with the project that it is a copy of.

    Attributes:
        scenario: what is simulated.
        made: what was drawn.
        choice: the mechanism.
        pool: what there was to pay out, in units.
        payout: of each project, in units, shape (projects,).
        calm: the same without attackers.
        first: the same under the first mechanism of the scenario, with attackers.
        ideal: ideal match of each project, in units (or proportions, where the mechanism gives no money).
        scaled: match of each project after the pool was divided, before caps, in units.
        direct: what each project was given, in units, attackers included.
        donors: how many accounts gave to each project, attackers included.
    """

    scenario: Scenario
    made: World
    choice: Choice
    pool: float
    payout: Floats
    calm: Floats
    first: Floats
    ideal: Floats
    scaled: Floats
    direct: Floats
    donors: Floats

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        made: World,
        choice: Choice,
        results: tuple[RoundResult, RoundResult, RoundResult],
    ) -> View:
        """Return the view of a run.

        Args:
            scenario: what is simulated.
            made: what was drawn.
            choice: the mechanism.
            results: without attackers, with them, and with them under the first mechanism.
        """
        before, after, first = results
        scene, projects = made.after, after.projects
        unit = float(10**after.round.pool.decimals)
        payout = folded(_payouts(after), scene)
        return cls(
            scenario=scenario,
            made=made,
            choice=choice,
            pool=after.round.pool.amount / unit,
            payout=payout,
            calm=_payouts(before) if before is not after else payout,
            first=folded(_payouts(first), scene) if first is not after else payout,
            ideal=folded([float(project.ideal_match) / CENTS for project in projects], scene),
            scaled=folded([float(project.scaled_match) / unit for project in projects], scene),
            direct=folded(scene.gifts.direct(scene.projects), scene),
            donors=_donors(scene, [project.donors for project in projects]),
        )

    @property
    def worth(self) -> Floats:
        """V[p]: what each project is worth to all honest donors, in units."""
        return self.made.people.worth

    @property
    def share(self) -> Floats:
        """Part of all payouts each project has; even if nothing was paid."""
        return shares(self.payout)

    def settle(self, gifts: Gifts, accounts: int | None = None) -> Floats:
        """Return the payouts under the same mechanism if these were the gifts; nothing, if it is undefined on them.

        Args:
            gifts: instead of those of the round, attackers included.
            accounts: how many accounts there are; those beyond the round's own count in full. None: as in the round.
        """
        scene = self.made.after
        many = scene.accounts if accounts is None else accounts
        weights = self.made.weights_after
        if weights is not None and many > len(weights):
            weights = np.concatenate([weights, np.full(many - len(weights), 10_000, np.int64)])
        settled = settle_all([self.choice], gifts, accounts=many, projects=scene.projects, weights=weights)
        result = settled[self.choice.name]
        return np.zeros_like(self.payout) if isinstance(result, str) else folded(_payouts(result), scene)

    def rng(self, purpose: int) -> np.random.Generator:
        """Return a generator for a measure that draws: the same for every mechanism of a replication."""
        seed = np.random.SeedSequence(self.scenario.head.seed, spawn_key=(self.made.replication, 1_000 + purpose))
        return np.random.default_rng(seed)


def shares(values: Floats) -> Floats:
    """Return values by their sum; even if the sum is 0."""
    total = values.sum()
    return values / total if total > 0 else np.full(len(values), 1 / len(values))


def folded(values: Any, scene: Scene) -> Floats:
    """Return one value per project, with those of its forks added."""
    array = np.asarray(values, dtype=np.float64)
    return np.asarray(np.bincount(scene.original, weights=array), dtype=np.float64) if scene.forks else array


def _donors(scene: Scene, counted: Sequence[int]) -> Floats:
    """Return how many accounts gave to each project or a fork of it."""
    if not scene.forks:
        return np.array(counted, dtype=np.float64)
    own = scene.original[scene.gifts.project]
    pairs = np.unique(scene.gifts.donor.astype(np.int64) * scene.projects + own)
    return np.bincount(pairs % scene.projects, minlength=scene.projects - len(scene.forks)).astype(np.float64)


def _payouts(result: RoundResult) -> Floats:
    return np.array([float(project.payout) for project in result.projects]) / float(10**result.round.pool.decimals)
