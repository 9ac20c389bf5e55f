"""Donors made up so that rounds look like a real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.parts import ScenarioError, key
from simulations.population.awareness import Mask
from simulations.population.fit import FOLDER, QUANTILES, Fit, Histogram, mean_fame, normal_scores, read_fit
from simulations.population.graph import random_graph
from simulations.population.people import People

FITS = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
"""The rounds there are fits of."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Degrees, amounts and overlap are as in a real round; who gives to what is random (a configuration model).

    What a donor values is drawn: v[i, p] = budget u[i, p] / (sum over all p of u[i, p]), u = q[p] exp(taste z), also
    for projects the donor has not heard of. So what a project is worth, the sum of v, is known and does not follow from
    the gifts; `merit` says how much fame tells of it. A donor knows as many projects as such a donor of the real round
    gave to, and has a budget that makes the mean gift what it was there. Under `habit` with least 0 and
    focus = within / sqrt(spread**2 + taste**2) gifts of one donor differ as they did there: `usual_focus` returns it.
    """

    model: ClassVar[str] = "configuration"
    fit: str = key("the real round", "tegr3", options=FITS)
    donors: int = key("how many donors there are; 0: as many as in the round", 0, least=0, most=10_000_000)
    merit: float = key("correlation of a project's quality with how many know it, by rank", 0.5, least=0.0, most=1.0)
    taste: float = key("standard deviation of ln(value) about the quality of a project", 1.0, least=0.0, most=10.0)

    def usual_focus(self, spread: float) -> float:
        """Return the focus of `habit` under which a donor's gifts differ as they did in the real round."""
        apart = float(np.hypot(spread, self.taste))
        return read_fit(self.fit).within / apart if apart else 0.0

    def check(self, projects: int) -> None:
        """Raise what keeps so many projects from being drawn.

        Raises:
            ScenarioError: donors give more than there are places.
        """
        self._degrees(projects)

    def draw(self, rng: np.random.Generator, quality: NDArray[np.float64]) -> People:
        """Return the donors of one replication."""
        fit = read_fit(self.fit)
        degree, popular = self._degrees(len(quality))
        noise = np.sqrt(1 - self.merit**2) * rng.standard_normal(len(quality))
        fame = _ranks(self.merit * normal_scores(quality) + noise)
        knows = random_graph(rng, rng.permutation(degree), popular[fame], fit.overlap)
        budget = self._budgets(rng, fit, knows)
        pull = quality * np.exp(self.taste * rng.standard_normal(knows.shape))
        return People(budget, pull * (budget / pull.sum(axis=1))[:, None], knows)

    def _degrees(self, projects: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the degrees of donors and of projects, each ascending."""
        fit = read_fit(self.fit)
        degree = np.minimum(stretched(fit.donor_degrees, self.donors or fit.donors), projects)
        return degree, np.sort(scaled_to(stretched(fit.project_degrees, projects), int(degree.sum()), len(degree)))

    def _budgets(self, rng: np.random.Generator, fit: Fit, knows: Mask) -> NDArray[np.float64]:
        """Usual gift times degree; exp(within**2 / 2) is the mean of a gift by its geometric mean."""
        degree = knows.sum(axis=1)
        told = fit.with_degree * normal_scores(degree) + fit.with_fame * normal_scores(mean_fame(knows))
        mixed = told + np.sqrt(max(0.0, 1 - told.var())) * rng.standard_normal(len(degree))
        usual = np.exp(np.interp((_ranks(mixed) + 0.5) / len(degree), QUANTILES, np.log(fit.usual)))
        return np.asarray(usual * degree * np.exp(fit.within**2 / 2 * (1 - 1 / np.maximum(degree, 1))))


def stretched(histogram: Histogram, count: int) -> NDArray[np.int64]:
    """Return `count` degrees distributed as in the histogram, ascending: its quantiles at (k + 1/2) / count.

    >>> stretched(((1, 2), (3, 2)), 4).tolist(), stretched(((1, 2), (3, 2)), 2).tolist()
    ([1, 1, 3, 3], [1, 3])
    """
    degree, many = np.array(histogram).T
    place = (np.arange(count) + 0.5) / count * many.sum()
    return np.asarray(degree[np.searchsorted(np.cumsum(many), place, side="right")], dtype=np.int64)


def scaled_to(degree: NDArray[np.int64], total: int, most: int) -> NDArray[np.int64]:
    """Return degrees in these proportions with this sum, none above `most`; none below 1 either, if the sum allows.

    >>> scaled_to(np.array([1, 1, 8]), 20, 12).tolist()
    [4, 4, 12]

    Raises:
        ScenarioError: there are not so many places.
    """
    if total > len(degree) * most:
        raise ScenarioError.at("projects count", f"{total} gifts do not fit", "have more projects or fewer donors")
    low, high = 0.0, float(total)  # the factor, found by halving: the sum grows with it
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if np.clip(degree * middle, 1, most).sum() >= total else (middle, high)
    exact = np.clip(degree * high, min(1.0, total / len(degree)), most)
    whole = np.floor(exact).astype(np.int64)
    missing = total - int(whole.sum())
    nearest = np.argsort(whole - exact, kind="stable")
    room = nearest[whole[nearest] < most]
    np.add.at(whole, np.resize(room, max(0, missing)), 1)
    return np.asarray(whole, dtype=np.int64)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return ranks from 0; ties by place."""
    return np.asarray(np.argsort(np.argsort(values, kind="stable"), kind="stable"))
