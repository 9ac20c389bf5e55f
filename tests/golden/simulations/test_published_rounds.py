"""Fits of published rounds are what is counted in them, and the search beats what people tried on one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulations import scenario_of
from simulations.attacks import Scene
from simulations.gifts import CENTS, Gifts
from simulations.population.fit import FOLDER, fit_of, write_fit
from simulations.population.real import PUBLISHED, matrix
from simulations.search import Field, Limits, Strategy, search

MECHANISMS = ("quadratic", "pairwise:strength=25", "pairwise:strength=0.01", "cluster_profile", "cluster_connection")
LIMITS = Limits(budget=300.0, accounts=100)


@pytest.mark.parametrize(
    "name", [*(name for name in PUBLISHED if name != "gr9"), pytest.param("gr9", marks=pytest.mark.slow)]
)
def test_fit_when_counted_again_then_it_is_the_one_in_the_repository(name: str, shared: Path, tmp_path: Path) -> None:
    title, read = PUBLISHED[name]
    written = write_fit(fit_of(name, title, matrix(read(shared / "data"))), tmp_path)
    assert written.read_text("utf-8") == (FOLDER / f"{name}.toml").read_text("utf-8")


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_search_when_100_accounts_attack_tegr3_then_it_is_at_least_as_good_as_the_best_of_three(
    mechanism: str, shared: Path
) -> None:
    """The setting of a table of research: 100 accounts with 1 each, alone or with 1 to one or two others."""
    gave = matrix(PUBLISHED["tegr3"][1](shared / "data"))
    scene = Scene.honest(Gifts.of_matrix(gave / CENTS), *gave.shape)
    choices = scenario_of(
        {"scenario": {"id": "tegr3", "mechanisms": [mechanism]}, "pool": {"amount": str(50_000 * CENTS)}}
    ).choices
    own = int(np.argsort(gave.sum(axis=0), kind="stable")[10])
    field = Field.of(scene, choices[0], own)
    usual = [field.outcome(Strategy(100, 1.0, cover, 1.0), LIMITS) for cover in (0, 1, 2)]
    best = search(field, LIMITS, tries=20, steps=90)[0]
    assert best.profit >= max(outcome.profit for outcome in usual)
    assert best.outlay <= 300
    assert [round(outcome.profit, -2) for outcome in usual] == pytest.approx(HANDMADE[mechanism], abs=150)


HANDMADE = {
    "quadratic": [3100, 2800, 2500],
    "pairwise:strength=25": [3700, 3300, 2900],
    "pairwise:strength=0.01": [8700, 6900, 5600],
    "cluster_profile": [500, 2700, 5300],
    "cluster_connection": [0, 3100, 3200],
}
"""Profits for this project; the medians over all projects and seeds are 3282/2901/2609, 3755/3330/2961, 8747/6907/5591,
254/2571/5354 and 5/2787/2884."""
