"""How much each donor can give, in the unit of the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.parts import Models, key


class Budgets(Protocol):
    """Draws budgets."""

    def draw(self, rng: np.random.Generator, donors: int) -> NDArray[np.float64]:
        """Return the budget of each donor, shape (donors,), above 0."""


@dataclass(frozen=True, slots=True)
class LogNormal:
    """b = median exp(sigma z), z standard normal. The mean is median exp(sigma**2 / 2)."""

    model: ClassVar[str] = "log_normal"
    median: float = key("half of the donors can give less, in units", 20.0, above=0.0)
    sigma: float = key("standard deviation of ln(budget)", 1.0, least=0.0, most=10.0)

    def draw(self, rng: np.random.Generator, donors: int) -> NDArray[np.float64]:
        """Return the budget of each donor, shape (donors,)."""
        return self.median * np.exp(self.sigma * rng.standard_normal(donors))


@dataclass(frozen=True, slots=True)
class Pareto:
    """P(b > x) = (least / x)**shape for x >= least; the mean is infinite for shape <= 1."""

    model: ClassVar[str] = "pareto"
    least: float = key("the smallest budget, in units", 5.0, above=0.0)
    shape: float = key("the smaller, the more the rich have", 1.5, above=0.0, most=100.0)
    most: float = key("no budget is larger, in units", 1e6, above=0.0)

    def draw(self, rng: np.random.Generator, donors: int) -> NDArray[np.float64]:
        """Return the budget of each donor, shape (donors,)."""
        return np.minimum(self.least * (1 - rng.random(donors)) ** (-1 / self.shape), self.most)


@dataclass(frozen=True, slots=True)
class Same:
    """Everybody can give the same."""

    model: ClassVar[str] = "same"
    amount: float = key("what everybody can give, in units", 10.0, above=0.0)

    def draw(self, rng: np.random.Generator, donors: int) -> NDArray[np.float64]:
        """Return the budget of each donor, shape (donors,)."""
        return np.full(donors, self.amount)


BUDGETS: Models = {kind.model: kind for kind in (LogNormal, Pareto, Same)}
"""The kinds of budget."""
