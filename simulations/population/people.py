"""The donors of a scenario, made up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.parts import key
from simulations.population.awareness import AWARENESS, Mask, Sample
from simulations.population.budgets import BUDGETS, LogNormal
from simulations.population.valuations import VALUATIONS, Dirichlet, Matrix

WAVES = 10
"""In how many waves donors come, where they look at what the others did."""


@dataclass(frozen=True, eq=False)
class People:
    """Donors, as they are before anybody gives.

    Attributes:
        budget: what each can give, in units, shape (donors,).
        value: v[i, p] = what a donor values a project at, in units: budget times valuation; shape (donors, projects).
        knows: which projects each knows, shape (donors, projects).
        quality: of each project, sum 1, where the donors bring it with them; None: as the scenario draws it.
    """

    budget: NDArray[np.float64]
    value: Matrix
    knows: Mask
    quality: NDArray[np.float64] | None = None

    @cached_property
    def worth(self) -> NDArray[np.float64]:
        """V[p] = sum over i of v[i, p]: what a project is worth to all, shape (projects,)."""
        return np.asarray(self.value.sum(axis=0))


class Population(Protocol):
    """Draws donors."""

    def check(self, projects: int) -> None:
        """Raise a ScenarioError where it cannot be drawn with so many projects."""

    def draw(self, rng: np.random.Generator, quality: NDArray[np.float64]) -> People:
        """Return the donors of one replication; `quality` is that of the projects, sum 1."""


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Donors with budgets, valuations and awareness drawn independently."""

    model: ClassVar[str] = "synthetic"
    donors: int = key("how many donors there are", 500, least=1, most=10_000_000)
    budgets: Any = key("what they can give", LogNormal, models=BUDGETS)
    valuations: Any = key("what they value", Dirichlet, models=VALUATIONS)
    awareness: Any = key("what they know of", Sample, models=AWARENESS)
    herding: float = key(
        "how much fame follows what earlier donors knew of, instead of quality", 0.0, least=0.0, most=1.0
    )

    def check(self, projects: int) -> None:
        """Any number of projects will do."""

    def draw(self, rng: np.random.Generator, quality: NDArray[np.float64]) -> People:
        """Return the donors of one replication."""
        budget = self.budgets.draw(rng, self.donors)
        value = self.valuations.draw(rng, self.donors, quality) * budget[:, None]
        return People(budget, value, self._knows(rng, quality))

    def _knows(self, rng: np.random.Generator, quality: NDArray[np.float64]) -> Mask:
        """Donors come in waves; fame = (1 - herding) q + herding (share of earlier donors' knowledge)."""
        if not self.herding:
            return np.asarray(self.awareness.draw(rng, self.donors, quality))
        waves: list[Mask] = []
        known, fame = np.zeros(len(quality)), quality
        for wave in np.array_split(np.arange(self.donors), min(WAVES, self.donors)):
            waves.append(self.awareness.draw(rng, len(wave), fame))
            known += waves[-1].sum(axis=0)
            fame = (1 - self.herding) * quality + self.herding * known / known.sum()
        return np.concatenate(waves)
