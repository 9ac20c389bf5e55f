"""What donors give: from habit to the maximisation of utility under incomplete information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.parts import Models, key
from simulations.population.people import People

Matrix = NDArray[np.float64]
"""Donors x projects."""


class Behaviour(Protocol):
    """Turns people into gifts."""

    def give(self, rng: np.random.Generator, people: People) -> Matrix:
        """Return what each donor gives each project, in units, shape (donors, projects)."""


@dataclass(frozen=True, slots=True)
class Habit:
    """A donor gives a part of the budget to the known projects, in proportion to v**focus; small gifts are not made."""

    model: ClassVar[str] = "habit"
    part: float = key("part of the budget that is given", 1.0, above=0.0, most=1.0)
    focus: float = key("0: all known projects alike; large: the favourite alone", 1.0, least=0.0, most=100.0)
    least: float = key("smaller gifts are not made, in units", 0.5, least=0.0)

    def give(self, rng: np.random.Generator, people: People) -> Matrix:
        """Return the gifts, shape (donors, projects)."""
        top = np.where(people.knows, people.value, 0).max(axis=1, keepdims=True)
        pull = np.where(people.knows & (top > 0), people.value / np.where(top > 0, top, 1), 0) ** self.focus
        pull *= people.knows
        total = pull.sum(axis=1, keepdims=True)
        gifts = pull / np.where(total > 0, total, 1) * (self.part * people.budget)[:, None]
        return np.where(gifts >= self.least, gifts, 0)


@dataclass(frozen=True, slots=True)
class Utility:
    """A donor maximises sum over p of v ln(1 + F_p) minus what is given, believing in quadratic funding.

    With F = a (S**2 - R) + R, S = sum of roots, R = sum of gifts, the first-order condition is

        c = (a S v / (1 + F - (1 - a) v))**2

    S and F are what the donor believes of the others: the truth of the round before, which every donor sees with an
    error of exp(noise z). With a = 1, no noise and many rounds this is the equilibrium of Buterin, Hitzig and Weyl, in
    which F is the sum of the v's less one: the optimum. Whoever would give more than the budget gives in proportion.
    """

    model: ClassVar[str] = "utility"
    match: float = key("a: how much of the quadratic match donors expect to be paid", 1.0, above=0.0, most=1.0)
    noise: float = key("standard deviation of ln(belief / truth)", 0.5, least=0.0, most=5.0)
    rounds: int = key("how often donors look at what the others do", 8, least=1, most=1000)

    def give(self, rng: np.random.Generator, people: People) -> Matrix:
        """Return the gifts, shape (donors, projects)."""
        value = np.where(people.knows, people.value, 0)
        belief = np.exp(self.noise * rng.standard_normal(value.shape))
        roots = np.sqrt(np.maximum(people.worth, 1e-9))
        gifts = value
        for _ in range(self.rounds):
            direct = np.minimum(gifts.sum(axis=0), roots**2)
            fund = self.match * (roots**2 - direct) + direct
            believed = np.maximum(1 + fund * belief**2 - (1 - self.match) * value, 1e-9)
            gifts = self._affordable((self.match * roots * belief * value / believed) ** 2, people.budget)
            roots = np.sqrt(roots * np.maximum(np.sqrt(gifts).sum(axis=0), 1e-9))
        return gifts

    def _affordable(self, gifts: Matrix, budget: NDArray[np.float64]) -> Matrix:
        total = gifts.sum(axis=1)
        return gifts * np.minimum(1, budget / np.where(total > 0, total, 1))[:, None]


BEHAVIOURS: Models = {kind.model: kind for kind in (Habit, Utility)}
"""The kinds of behaviour."""
