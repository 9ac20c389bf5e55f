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

    With F = a (S**2 - R) + R, S = sum of roots, R = sum of gifts, the first-order condition for a gift c = x**2 is

        x = S y,   y = a v / (1 + F - (1 - a) v)

    and the x add up to S where the y add up to 1, which says what F is: the equilibrium of Buterin, Hitzig and Weyl.
    With a = 1 it is F = sum of the v's less one, the optimum. Every donor sees S and F with an error, as e S and
    e**2 F with e = exp(noise z); errors are part of the equilibrium. Whoever would give more than the budget gives in
    proportion, which the others see, `rounds` times. With a = 1, what is worth at most 1 to all is given nothing.
    """

    model: ClassVar[str] = "utility"
    match: float = key("a: how much of the quadratic match donors expect to be paid", 1.0, above=0.0, most=1.0)
    noise: float = key("standard deviation of ln(belief / truth)", 0.5, least=0.0, most=5.0)
    rounds: int = key("how often donors answer to what others cannot afford", 8, least=1, most=1000)

    def give(self, rng: np.random.Generator, people: People) -> Matrix:
        """Return the gifts, shape (donors, projects)."""
        value = np.where(people.knows, people.value, 0)
        belief = np.exp(self.noise * rng.standard_normal(value.shape)) if self.noise else np.ones_like(value)
        part = np.ones(len(value))  # of what they would like to give, that donors can afford
        for _ in range(self.rounds):
            gifts = self._equilibrium(value, belief, np.sqrt(part))
            total = gifts.sum(axis=1)
            now = np.where(total > 0, np.minimum(1, part * people.budget / np.where(total > 0, total, 1)), 1)
            if np.allclose(now, part, rtol=1e-9, atol=0):
                break
            part = now
        return gifts * np.minimum(1, people.budget / np.where(total > 0, total, 1))[:, None]

    def _equilibrium(self, value: Matrix, belief: Matrix, root_part: NDArray[np.float64]) -> Matrix:
        """Return the gifts in equilibrium, where donors give `root_part`**2 of what they would like to."""
        least = (((1 - self.match) * value - 1) / belief**2).max(axis=0)  # F is above this, or the y are not positive
        upper = self.match * belief * value * root_part[:, None]

        def slopes(fund: NDArray[np.float64]) -> tuple[Matrix, NDArray[np.float64], NDArray[np.float64]]:
            below = np.maximum(1 + fund * belief**2 - (1 - self.match) * value, 1e-300)
            y = upper / below
            return y, y.sum(axis=0), (y * belief**2 / below).sum(axis=0)

        fund = np.maximum(least, 0) + 1e-9 * (1 + np.abs(least))
        for _ in range(NEWTON_STEPS):  # 1 / sum of y is concave in F, so that F comes from below and never leaps over
            y, total, slope = slopes(fund)
            step = total * (total - 1) / np.where(slope > 0, slope, 1)
            fund = fund + np.where(total > 0, step, 0)
            fund = np.maximum(fund, np.maximum(least, 0) + 1e-12)
            if np.all(np.abs(step) <= 1e-13 * (1 + fund)):
                break
        y, total, _ = slopes(fund)
        square = fund / (self.match + (1 - self.match) * (y**2).sum(axis=0))  # S**2
        return np.asarray(np.where(total >= 1 - 1e-6, square * y**2, 0))


NEWTON_STEPS = 60
"""How often F is improved at most; without noise and with a = 1 once is enough."""

BEHAVIOURS: Models = {kind.model: kind for kind in (Habit, Utility)}
"""The kinds of behaviour."""
