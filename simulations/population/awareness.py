"""Which projects each donor has heard of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.parts import Models, key

Mask = NDArray[np.bool_]
"""Donors x projects: true where the donor knows the project."""


class Awareness(Protocol):
    """Draws who knows what."""

    def draw(self, rng: np.random.Generator, donors: int, fame: NDArray[np.float64]) -> Mask:
        """Return who knows what, shape (donors, projects); `fame` is how visible each project is, sum 1."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Everybody knows every project."""

    model: ClassVar[str] = "everything"

    def draw(self, rng: np.random.Generator, donors: int, fame: NDArray[np.float64]) -> Mask:
        """Return who knows what, shape (donors, projects)."""
        return np.ones((donors, len(fame)), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Sample:
    """Each donor knows 1 + geometric many projects, the visible ones more likely.

    The number is 1 + g with P(g) = (1 - t) t**g and mean `projects` - 1, at most all; which ones are drawn without
    replacement with weights fame**`fame_weight`.
    """

    model: ClassVar[str] = "sample"
    projects: float = key("how many projects a donor knows on average", 5.0, least=1.0)
    fame_weight: float = key("0: all projects are as visible; 1: in proportion to fame", 1.0, least=0.0, most=5.0)

    def draw(self, rng: np.random.Generator, donors: int, fame: NDArray[np.float64]) -> Mask:
        """Return who knows what, shape (donors, projects)."""
        many = np.minimum(rng.geometric(1 / self.projects, donors), len(fame))
        times = rng.standard_exponential((donors, len(fame))) / np.maximum(fame, 1e-12) ** self.fame_weight
        last = np.take_along_axis(np.sort(times, axis=1), many[:, None] - 1, axis=1)
        return times <= last


AWARENESS: Models = {kind.model: kind for kind in (Everything, Sample)}
"""The kinds of awareness."""
