"""What is compared where no payouts were published: correlations with estimates, and how unequal payouts are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qf.result import RoundResult
from simulations.figures import gini, spearman
from simulations.gifts import CENTS, Gifts
from simulations.metrics.inequality import hhi, top_share
from simulations.population.real import PUBLISHED, matrix
from simulations.scenario import scenario_of
from simulations.settling import settle_all

Figures = Mapping[str, float]
"""Name -> value."""

STRENGTHS = (25, 500)
"""M of the pairwise rule, in USD, for which a correlation with the published estimates of round 3 is known."""

MECHANISMS = (
    "quadratic",
    "pairwise",
    "cluster_profile",
    "cluster_connection",
    "mix",
    "quadratic_voting",
    "headcount",
    "proportional",
    "equal",
)
"""Every mechanism that divides a round differently from the others and needs nothing but gifts."""


def gifts_of(data: Path, name: str) -> tuple[Gifts, int, int]:
    """Return the gifts of a published round, how many donors and how many projects it has."""
    cents = _cents(data, name)
    donor, project = np.nonzero(cents)
    gifts = Gifts(donor.astype(np.int32), project.astype(np.int32), cents[donor, project])
    return gifts, cents.shape[0], cents.shape[1]


def payouts_of(
    mechanisms: tuple[str, ...], gifts: Gifts, *, accounts: int, projects: int, pool: int
) -> dict[str, NDArray[np.float64]]:
    """Return what each mechanism pays each project out of `pool` units, in units, shape (projects,).

    A mechanism that is undefined on these gifts is left out.
    """
    head = {"id": "replay", "mechanisms": list(mechanisms)}
    tables = {"scenario": head, "pool": {"amount": str(pool * CENTS)}, "projects": {"count": projects}}
    settled = settle_all(scenario_of(tables).choices, gifts, accounts=accounts, projects=projects)
    return {name: _payouts(result) for name, result in settled.items() if isinstance(result, RoundResult)}


def ranking(data: Path, name: str, pool: int) -> dict[str, float]:
    """Return how payouts of Gitcoin's round 3 go with the estimates that were shown to donors."""
    document = json.loads((data / "gitcoin_gr3/grants_round_3_data.json").read_text("utf-8"))
    shown = {grant["url"]: float(grant["estimated_round_3_clr_match_usd"] or 0) for grant in document["grants"]}
    given = sorted({project for _, project, _ in PUBLISHED[name][1](data)})
    gifts, accounts, projects = gifts_of(data, name)
    rules = tuple(f"pairwise:variant=clr,strength={strength}" for strength in STRENGTHS)
    found = payouts_of(rules, gifts, accounts=accounts, projects=projects, pool=pool)
    figures: dict[str, float] = {}
    for strength, rule in zip(STRENGTHS, rules, strict=True):
        paid = dict(zip(given, found[rule].tolist(), strict=True))
        ours, theirs = np.array([paid.get(url, 0.0) for url in shown]), np.array(list(shown.values()))
        figures[f"correlation, M = {strength}"] = float(np.corrcoef(ours, theirs)[0, 1])
        figures[f"rank correlation, M = {strength}"] = spearman(ours, theirs)
    return figures


def shares(data: Path, name: str, pool: int) -> dict[str, float]:
    """Return gini, HHI and largest share of the payouts of a round under every mechanism."""
    gifts, accounts, projects = gifts_of(data, name)
    figures: dict[str, float] = {}
    for mechanism, paid in payouts_of(MECHANISMS, gifts, accounts=accounts, projects=projects, pool=pool).items():
        figures[f"{mechanism} gini"] = gini(paid)
        figures[f"{mechanism} hhi"] = hhi(paid)
        figures[f"{mechanism} top"] = top_share(paid)
    return figures


CHECKS: Mapping[str, Callable[[Path, str, int], dict[str, float]]] = {"ranking": ranking, "shares": shares}
"""Check of the manifest -> what it measures, given the data folder, the name of the round and the pool in units."""


@lru_cache(maxsize=8)
def _cents(data: Path, name: str) -> NDArray[np.int64]:
    return matrix(PUBLISHED[name][1](data))


def _payouts(result: RoundResult) -> NDArray[np.float64]:
    return np.array([float(project.payout) for project in result.projects]) / CENTS
