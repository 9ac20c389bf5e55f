"""The projects of a scenario: how many, and how good each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Projects:
    """How many projects there are, and how their quality is distributed.

    Quality q[p] is log-normal with median 1; donors value a project in proportion to it, so that `spread` 0 makes all
    projects equally good.
    """

    count: int = key("how many projects there are", 20, least=1, most=100_000)
    spread: float = key("standard deviation of ln(quality); 0: all are equally good", 1.0, least=0.0, most=10.0)

    def quality(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the quality of each project, shape (projects,), sum 1."""
        quality = np.exp(self.spread * rng.standard_normal(self.count))
        return np.asarray(quality / quality.sum())
