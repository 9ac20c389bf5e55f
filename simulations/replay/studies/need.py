"""What quadratic funding would need without a limit, by the pool there was (Pasquini 2020: the need grows)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulations.gifts import Gifts
from simulations.replay.measured import gifts_of
from simulations.replay.studies.study import Finding, Study

POOLS = {"gr3": 100_000, "gr9": 500_000, "tegr1": 50_000, "tegr2": 25_000, "tegr3": 50_000}
"""Round -> pool in USD; of GR9 it is assumed, of TEGR1 it is that of the attack table."""

PUBLISHED = {"gr9": 308.0}
"""Need by pool, as another program computed it from the same file."""

WITHIN = 0.005
"""The published figure has three digits."""

SETTING = """\
Need is the sum over projects of S**2 - R, what unlimited quadratic funding would pay; the figure is need by pool.
The second part takes parts of the donors of GR9 in a fixed random order: with twice the donors the need grows
about fourfold, the money given only twofold, so that need by money given about doubles: Pasquini's claim. Amounts
are cut to cents."""

OPEN = """\
rounds 1, 4, 6, 7 and 8, whose data is not at hand; and round 3 as 15.7, which is of an extract with 324 of its
514 donors. What is at hand of round 3 has them all."""


def need_of(gifts: Gifts, projects: int) -> float:
    """Return the sum over projects of S**2 - R, in units.

    >>> import numpy as np
    >>> need_of(Gifts(np.array([0, 1]), np.array([0, 0]), np.array([100, 400])), 1)
    4.0
    """
    return float((gifts.roots(projects) ** 2 - gifts.direct(projects)).sum())


def need(data: Path) -> Study:
    """Return the study on the published rounds that are there."""
    findings = []
    for name, pool in POOLS.items():
        gifts, _, projects = gifts_of(data, name)
        ratio = need_of(gifts, projects) / pool
        findings.append(Finding(f"need / pool, {name}", PUBLISHED.get(name), ratio, WITHIN))
    for part, amount, ratio in growth(data):
        findings.append(Finding(f"gr9, {part:.0%} of donors: need (USD)", None, amount, WITHIN))
        findings.append(Finding(f"gr9, {part:.0%} of donors: need / given", None, ratio, WITHIN))
    return Study("Need by pool (Pasquini 2020)", SETTING, findings, OPEN)


def growth(data: Path, parts: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)) -> list[tuple[float, float, float]]:
    """Return (part of the donors, need in USD, need by money given) of growing parts of GR9."""
    gifts, accounts, projects = gifts_of(data, "gr9")
    place = np.random.default_rng(9).permutation(accounts)[gifts.donor]
    rows = []
    for part in parts:
        some = gifts.without(place >= part * accounts)
        amount = need_of(some, projects)
        rows.append((part, amount, amount / float(some.direct(projects).sum())))
    return rows
