"""What 100 accounts with 1 USD each earn their owner in real rounds, at best of three covers, under five mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulations.attacks import Scene
from simulations.attacks.base import new_accounts, others, same_gifts, scattered
from simulations.gifts import Gifts
from simulations.replay.measured import gifts_of, payouts_of
from simulations.replay.studies.study import Finding, Study

ACCOUNTS, AMOUNT, POOL, SEEDS = 100, 1.0, 50_000, 3
"""How many accounts give how much (USD), of what pool (USD), and how often covers are drawn."""

COVERS = (0, 1, 2)
"""To how many other projects each account also gives."""

MECHANISMS: Mapping[str, str] = {
    "quadratic": "quadratic",
    "pairwise M=25": "pairwise:strength=25",
    "pairwise M=.01": "pairwise:strength=0.01",
    "profile cluster": "cluster_profile",
    "COCM": "cluster_connection:when_disjoint=quadratic",
}
"""Name in the published table -> mechanism."""

PUBLISHED: Mapping[str, Mapping[str, tuple[float, float, float]]] = {
    "tegr3": {
        "quadratic": (3282, 2901, 2609),
        "pairwise M=25": (3755, 3330, 2961),
        "pairwise M=.01": (8747, 6907, 5591),
        "profile cluster": (254, 2571, 5354),
        "COCM": (5, 2787, 2884),
    },
    "tegr2": {
        "quadratic": (2991, 2619, 2277),
        "pairwise M=25": (3169, 2751, 2375),
        "pairwise M=.01": (1875, 1512, 1023),
        "profile cluster": (223, 2149, 5096),
        "COCM": (7, 2619, 2566),
    },
    "tegr1": {
        "quadratic": (13194, 11071, 9230),
        "pairwise M=25": (21079, 16399, 12954),
        "pairwise M=.01": (39271, 31763, 25488),
        "profile cluster": (467, 4823, 8923),
        "COCM": (6, 5678, 4530),
    },
}
"""Round -> mechanism -> median profit in USD with 0, 1 and 2 covers."""

WITHIN = 0.05
"""How near the ratio of best profits has to be. The covers are random, and the original's seeds are not known."""

SETTING = """\
100 accounts with 1 USD each for the target, none, one or two random other projects with 1 USD each from each
account as cover, pool 50,000 USD; the median profit over all targets x 3 seeds, money to the own project counted
as returned. The ratio is the best of three covers by the best under quadratic funding. Assumed: amounts are cut
to cents, who gave less than a cent in all is left out (three donors of TEGR3, two of TEGR2), and a project's
gifts from one donor are added up. The cut shows in one row: of TEGR2 under M = 0.01, gifts below a cent matter,
and with amounts kept to a millionth of a dollar its profits are 1,875 / 1,512 / 1,013."""


def sybils(data: Path) -> Study:
    """Return the study on the three rounds of the Token Engineering Commons."""
    findings = []
    for name, published in PUBLISHED.items():
        found = profits(data, name)
        best, theirs = max(found["quadratic"]), max(published["quadratic"])
        for mechanism, values in published.items():
            findings += [
                Finding(f"{name}, {mechanism}, +{cover}: profit (USD)", value, ours, 0.10 if value > 50 else 1.0)
                for cover, value, ours in zip(COVERS, values, found[mechanism], strict=True)
            ]
            ratio = max(found[mechanism]) / best
            findings.append(Finding(f"{name}, {mechanism}: ratio of best", max(values) / theirs, ratio, WITHIN))
    return Study("Measured sybil attacks on three rounds", SETTING, findings)


def profits(data: Path, name: str) -> dict[str, tuple[float, ...]]:
    """Return the median profit of each mechanism with each cover, in USD."""
    gifts, donors, projects = gifts_of(data, name)
    scene = Scene.honest(gifts, donors, projects)
    calm = _payouts(scene)
    found: dict[str, list[float]] = {mechanism: [] for mechanism in MECHANISMS}
    for cover in COVERS:
        gained: dict[str, list[float]] = {mechanism: [] for mechanism in MECHANISMS}
        for target in range(projects):
            for seed in range(SEEDS):
                after = _attacked(scene, target, cover, seed)
                for mechanism, paid in _payouts(after).items():
                    gained[mechanism].append(float(paid[target] - calm[mechanism][target]) - after.lost)
        for mechanism, values in gained.items():
            found[mechanism].append(float(np.median(values)))
    return {mechanism: tuple(values) for mechanism, values in found.items()}


def _attacked(scene: Scene, target: int, cover: int, seed: int) -> Scene:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(target, cover)))
    accounts = new_accounts(scene, ACCOUNTS)
    hiding = scattered(rng, accounts, others(scene, target), cover, AMOUNT)
    return scene.with_accounts(Gifts.joined(same_gifts(accounts, target, AMOUNT), hiding), ACCOUNTS, [target])


def _payouts(scene: Scene) -> dict[str, NDArray[np.float64]]:
    rules = tuple(MECHANISMS.values())
    found = payouts_of(rules, scene.gifts, accounts=scene.accounts, projects=scene.projects, pool=POOL)
    return {name: found[rule] for name, rule in MECHANISMS.items()}
