"""How much each donor values each project: v[i, p] >= 0, every donor's adding up to 1.

Every model is told the quality q of the projects (sum 1) and lets it show through more or less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.parts import Models, key

Matrix = NDArray[np.float64]
"""Donors x projects."""


class Valuations(Protocol):
    """Draws valuations."""

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects), rows of sum 1."""


@dataclass(frozen=True, slots=True)
class Dirichlet:
    """Each donor's row is Dirichlet(concentration q m): impartial culture with all q equal and concentration 1."""

    model: ClassVar[str] = "dirichlet"
    concentration: float = key("the larger, the more donors agree with the quality of projects", 1.0, above=0.0)

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects)."""
        shape = np.maximum(self.concentration * len(quality) * quality, 1e-3)
        return _rows_of_one(rng.standard_gamma(shape, (donors, len(quality))))


@dataclass(frozen=True, slots=True)
class MallowsDirichlet:
    """v = (1 - dispersion) base + dispersion Dirichlet(1): all share one base, and stray from it.

    Source: GovXS, "Mallows" for cumulative ballots; its base is one draw of Dirichlet(1), here the quality of projects.
    """

    model: ClassVar[str] = "mallows_dirichlet"
    dispersion: float = key("0: all donors agree; 1: nothing is shared", 0.5, least=0.0, most=1.0)

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects)."""
        own = _rows_of_one(rng.standard_exponential((donors, len(quality))))
        return (1 - self.dispersion) * quality + self.dispersion * own


@dataclass(frozen=True, slots=True)
class PolyaUrn:
    """Donors come one by one and take over the row of an earlier one with a chance that grows, else draw their own.

    Donor k (from 0) copies with probability copies k / (1 + copies k): the urn begins with one ball for a row of one's
    own, and every donor adds `copies` balls of the own row.
    """

    model: ClassVar[str] = "polya_urn"
    copies: float = key("balls each donor adds; 0: everybody draws alone", 0.05, least=0.0)
    concentration: float = key("of the rows that are drawn, as in dirichlet", 1.0, above=0.0)

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects)."""
        rows = Dirichlet(self.concentration).draw(rng, donors, quality)
        number = np.arange(donors)
        copies = rng.random(donors) < self.copies * number / (1 + self.copies * number)
        whose = np.where(copies, (rng.random(donors) * number).astype(np.int64), number)
        for _ in range(int(donors).bit_length()):  # who copies a copy has the row of its origin
            whose = whose[whose]
        return rows[whose]


@dataclass(frozen=True, slots=True)
class Euclidean:
    """Donors and projects are points of a unit square (or cube, ...); v = q / (distance + nearness)**sharpness."""

    model: ClassVar[str] = "euclidean"
    dimensions: int = key("dimensions of the space of opinions", 2, least=1, most=20)
    sharpness: float = key("how fast value falls with distance", 1.0, least=0.0, most=20.0)
    nearness: float = key("distances much smaller than this do not matter", 0.01, above=0.0)

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects)."""
        here = rng.random((donors, self.dimensions))
        there = rng.random((len(quality), self.dimensions))
        squared = np.zeros((donors, len(quality)))
        for mine, theirs in zip(here.T, there.T, strict=True):  # a product of matrices depends on the threads of BLAS
            squared += np.subtract.outer(mine, theirs) ** 2
        distance = np.sqrt(squared)
        return _rows_of_one(quality / (distance + self.nearness) ** self.sharpness)


@dataclass(frozen=True, slots=True)
class PlackettLuce:
    """Each donor ranks the projects (Plackett-Luce with weights q**cohesion) and values rank r at decay**r.

    A ranking is drawn by sorting exponential times with rates q**cohesion.
    """

    model: ClassVar[str] = "plackett_luce"
    cohesion: float = key("0: every ranking is as likely; large: all rank by quality", 1.0, least=0.0, most=20.0)
    decay: float = key("value of a rank by that of the rank before", 0.5, above=0.0, most=1.0)

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects)."""
        times = rng.standard_exponential((donors, len(quality))) / quality**self.cohesion
        rank = np.argsort(np.argsort(times, axis=1), axis=1)
        return _rows_of_one(self.decay ** rank.astype(np.float64))


@dataclass(frozen=True, slots=True)
class CoreAndVisitors:
    """Every project has a core of donors who value it above all; visitors value what they see by its quality.

    Donor i belongs to the core of project i mod m with chance `core`; a core member puts `loyalty` on the own project
    and divides the rest as visitors do.
    """

    model: ClassVar[str] = "core_and_visitors"
    core: float = key("part of the donors who belong to a core", 0.5, least=0.0, most=1.0)
    loyalty: float = key("part of a member's value that lies on the own project", 0.8, least=0.0, most=1.0)
    concentration: float = key("of the visitors, as in dirichlet", 1.0, above=0.0)

    def draw(self, rng: np.random.Generator, donors: int, quality: NDArray[np.float64]) -> Matrix:
        """Return the valuations, shape (donors, projects)."""
        rows = Dirichlet(self.concentration).draw(rng, donors, quality)
        member = np.flatnonzero(rng.random(donors) < self.core)
        rows[member] *= 1 - self.loyalty
        rows[member, member % len(quality)] += self.loyalty
        return rows


VALUATIONS: Models = {
    kind.model: kind for kind in (Dirichlet, MallowsDirichlet, PolyaUrn, Euclidean, PlackettLuce, CoreAndVisitors)
}
"""The kinds of valuation."""


def _rows_of_one(matrix: Matrix) -> Matrix:
    """Return the matrix with rows of sum 1; a row of zeros becomes even."""
    total = matrix.sum(axis=1, keepdims=True)
    return np.where(total > 0, matrix / np.where(total > 0, total, 1), 1 / matrix.shape[1])
