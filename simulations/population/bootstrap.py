"""Donors of a real round, drawn again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qf.errors import InputError
from simulations.gifts import CENTS
from simulations.parts import ScenarioError, key
from simulations.population.people import People
from simulations.population.real import Cents, digest, read_round


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Donors are drawn with replacement from those of a real round, each with all gifts (Efron 1979).

    What donors gave is taken for what they value: v[i, p] = what i gave p, the budget is what i gave in all, and who
    gave to a project knows it. That is what `habit` implies with focus 1: who divides a budget to maximise the sum of
    v ln(gift) gives in proportion to v. So under `habit` with part 1, focus 1 and least 0 the donors give exactly what
    they gave; a project is worth what it was given, and its quality is its share of that. Nobody is taken to value
    what they gave nothing to, so measures of worth say how a mechanism departs from gifts, no more.
    """

    model: ClassVar[str] = "bootstrap"
    source: str = key("a bundle, a file of donations, or a folder of such files")
    donors: int = key("how many donors are drawn; 0: as many as the round had", 0, least=0, most=10_000_000)
    digest: str = key("SHA-256 of the round, to be sure that it is the same; empty: any", "")

    def check(self, projects: int) -> None:
        """Raise what is wrong with the source, or with a scenario that has so many projects.

        Raises:
            ScenarioError: it cannot be read, is another round, or has another number of projects.
        """
        found = self._round()
        if self.digest and self.digest != digest(found):
            told = f"{self.source} is another round: its digest is {digest(found)}"
            raise ScenarioError.at("population digest", told, "name the right source, or this digest")
        if found.shape[1] != projects:
            told = f"is {projects}, but the round in {self.source} has {found.shape[1]}"
            raise ScenarioError.at("projects count", told, f"write count = {found.shape[1]}")

    def draw(self, rng: np.random.Generator, quality: NDArray[np.float64]) -> People:
        """Return the donors of one replication; the quality of projects is that of the round."""
        gave = self._round()
        rows = rng.integers(len(gave), size=self.donors or len(gave))
        value = gave[rows] / CENTS
        total = gave.sum(axis=0)
        return People(value.sum(axis=1), value, value > 0, quality=total / total.sum())

    def _round(self) -> Cents:
        try:
            return read_round(self.source)
        except (InputError, OSError) as error:
            raise ScenarioError.at("population source", str(error).partition("\n")[0], "name a round") from None
