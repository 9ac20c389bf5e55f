"""What is known of a real round: how many gave to how many, how much, and what projects have in common."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulations.figures import gini, mean_ranks
from simulations.gifts import CENTS
from simulations.population.real import PUBLISHED, Cents, matrix

FOLDER = Path(__file__).with_name("fits")
"""The fits of published rounds: facts, no rows of data."""

QUANTILES = tuple(np.linspace(0, 1, 101).round(2).tolist())
"""Where the distribution of usual gifts is kept: in steps of a hundredth, smallest and largest included."""

Histogram = tuple[tuple[int, int], ...]
"""(Degree, how many have it), ascending."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a population is fitted to.

    Attributes:
        name, title: of the round.
        donor_degrees: to how many projects donors gave.
        project_degrees: how many donors projects have; those without any are left out.
        usual: quantiles of a donor's usual gift (geometric mean), at `QUANTILES`, in units.
        within: standard deviation of ln(gift) about the usual gift, of donors with two gifts or more.
        with_degree, with_fame: weights of two ranks in that of the usual gift, each as a normal score: to how many
            projects the donor gives, and how many donors those have on average.
        overlap: root mean square, over pairs of projects, of the cosine of their sets of donors.
        facts: what else was counted, for comparison with what is generated; see `statistics`.
    """

    name: str
    title: str
    donor_degrees: Histogram
    project_degrees: Histogram
    usual: tuple[float, ...]
    within: float
    with_degree: float
    with_fame: float
    overlap: float
    facts: Mapping[str, float]

    @property
    def donors(self) -> int:
        """How many gave."""
        return sum(many for _, many in self.donor_degrees)

    @property
    def projects(self) -> int:
        """How many were given something."""
        return sum(many for _, many in self.project_degrees)

    @property
    def fame_spread(self) -> float:
        """Standard deviation of ln(how many donors a project has)."""
        degree, many = np.array(self.project_degrees).T
        return float(np.log(np.repeat(degree, many)).std())


def statistics(cents: Cents) -> dict[str, float]:
    """Return what rounds are compared by, from what each donor gave each project in hundredths.

    donors, projects: who gave or was given anything. gifts_per_donor: their mean. single: part of the donors with one
    gift. donors_per_project: the median. gini_donors: of the numbers of donors of projects. median_gift: in units.
    gini_match: of the matches S**2 - R. overlap: as in `Fit`.
    """
    gave = cents[np.ix_(cents.sum(axis=1) > 0, cents.sum(axis=0) > 0)]
    edge = gave > 0
    degree, popular = edge.sum(axis=1), edge.sum(axis=0)
    root = np.sqrt(gave / CENTS).sum(axis=0)
    return {
        "donors": float(len(degree)),
        "projects": float(len(popular)),
        "gifts_per_donor": float(degree.mean()),
        "single": float((degree == 1).mean()),
        "donors_per_project": float(np.median(popular)),
        "gini_donors": gini(popular.astype(np.float64)),
        "median_gift": float(np.median(gave[edge])) / CENTS,
        "gini_match": gini(np.maximum(root**2 - gave.sum(axis=0) / CENTS, 0)),
        "overlap": overlap(edge),
    }


def overlap(edge: NDArray[np.bool_]) -> float:
    """Return the root mean square, over pairs of projects, of |A and B| / sqrt(|A| |B|), A and B their donors.

    >>> overlap(np.array([[True, True], [True, False]])).__round__(6)  # 1 / sqrt(2)
    0.707107
    """
    known = edge.astype(np.float32)
    shared = np.asarray(known.T @ known, dtype=np.float64)
    size = np.maximum(np.diag(shared), 1)
    squared = shared**2 / np.outer(size, size)
    many = len(size)
    return math.sqrt((squared.sum() - np.trace(squared)) / (many * (many - 1))) if many > 1 else 0.0


def fit_of(name: str, title: str, cents: Cents) -> Fit:
    """Return the fit of a round."""
    gave = cents[np.ix_(cents.sum(axis=1) > 0, cents.sum(axis=0) > 0)]
    edge = gave > 0
    degree = edge.sum(axis=1)
    logs = np.log(np.where(edge, gave, CENTS) / CENTS)
    usual = logs.sum(axis=1) / degree
    several = degree > 1
    apart = (logs - usual[:, None])[several][edge[several]]
    told = np.stack([normal_scores(degree), normal_scores(mean_fame(edge))], axis=1)
    weights = np.linalg.lstsq(told, normal_scores(usual), rcond=None)[0]
    freedom = int((degree[several] - 1).sum())
    return Fit(
        name=name,
        title=title,
        donor_degrees=_histogram(degree),
        project_degrees=_histogram(edge.sum(axis=0)),
        usual=tuple(np.exp(np.quantile(usual, QUANTILES)).round(4).tolist()),
        within=round(math.sqrt(float(apart @ apart) / freedom), 4) if freedom else 0.0,
        with_degree=round(float(weights[0]), 4),
        with_fame=round(float(weights[1]), 4),
        overlap=round(overlap(edge), 4),
        facts={key: round(value, 4) for key, value in statistics(gave).items()},
    )


def mean_fame(edge: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how many donors the projects of each donor have on average, shape (donors,).

    >>> mean_fame(np.array([[True, True], [True, False]])).tolist()
    [1.5, 2.0]
    """
    return np.asarray(edge @ edge.sum(axis=0) / np.maximum(edge.sum(axis=1), 1), dtype=np.float64)


def normal_scores(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the normal quantiles of the ranks of values, ties sharing their mean rank, scaled to variance 1.

    >>> normal_scores(np.array([3.0, 1.0, 2.0])).round(4).tolist()
    [1.2247, -1.2247, 0.0]
    """
    scores = np.asarray(norm.ppf((mean_ranks(values) - 0.5) / len(values)), dtype=np.float64)
    spread = float(scores.std())
    return scores / spread if spread > 0 else scores


def fit_published(data: Path) -> list[Path]:
    """Write the fits of the published rounds under `data` into the repository; return the files."""
    return [write_fit(fit_of(name, title, matrix(read(data)))) for name, (title, read) in PUBLISHED.items()]


def write_fit(fit: Fit, folder: Path = FOLDER) -> Path:
    """Return the TOML file to which a fit was written."""
    lines = [f"# Facts about a published round, counted by `python -m simulations fit`. {fit.title}.", ""]
    lines += [
        f"{name} = {json.dumps(getattr(fit, name))}"
        for name in ("name", "title", "within", "with_degree", "with_fame", "overlap")
    ]
    lines += [f"{name} = {_wrapped(getattr(fit, name))}" for name in ("donor_degrees", "project_degrees", "usual")]
    lines += ["", "[facts]", *(f"{name} = {value}" for name, value in fit.facts.items()), ""]
    path = folder / f"{fit.name}.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


@lru_cache(maxsize=16)
def read_fit(name: str) -> Fit:
    """Return the fit of that name.

    >>> read_fit("tegr3").projects
    20
    """
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    for field in ("donor_degrees", "project_degrees"):
        document[field] = tuple((degree, many) for degree, many in document[field])
    return Fit(**{**document, "usual": tuple(document["usual"])})


def _wrapped(values: tuple[object, ...]) -> str:
    cells = [json.dumps(value) for value in values]
    rows = [", ".join(cells[start : start + 10]) for start in range(0, len(cells), 10)]
    return "[\n" + "".join(f"    {row},\n" for row in rows) + "]"


def _histogram(degree: NDArray[np.int64]) -> Histogram:
    which, many = np.unique(degree, return_counts=True)
    return tuple(zip(which.tolist(), many.tolist(), strict=True))
