"""What a run looks like beyond its measures: curves for drawings, a few points each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qf.result import RoundResult
from simulations.metrics.inequality import lorenz
from simulations.metrics.view import Floats
from simulations.running import Played
from simulations.scenario import Scenario

CURVE_REPLICATIONS = 100
"""Curves are kept of so many replications of each cell; more would not be told apart in a drawing."""

POINTS = 21
"""Points of a Lorenz curve: 0, 5, ... 100 % of the projects."""

RANKS = 20
"""Shares are kept of so many projects: those that donors value most."""


def curves_of(scenario: Scenario, played: Played) -> Iterator[dict[str, Any]]:
    """Return the points of three curves for each mechanism that has a result.

    lorenz: y = part of all payouts that the part x of the projects with the smallest payouts has.
    share: y = part of all payouts that the project of rank x (1: donors value it most) has.
    worth: y = part of all worth that the project of rank x has; the same for every mechanism.
    """
    worth = played.made.people.worth
    order = np.argsort(-worth, kind="stable")[:RANKS]
    value = (worth / worth.sum())[order] if worth.sum() > 0 else np.zeros(len(order))
    for name, result in played.after.items():
        if not isinstance(result, RoundResult):
            continue
        payout = np.array([float(project.payout) for project in result.projects])
        share = payout / payout.sum() if payout.sum() > 0 else payout
        curves = {
            "lorenz": _lorenz(payout),
            "share": (np.arange(1.0, len(order) + 1), share[order]),
            "worth": (np.arange(1.0, len(order) + 1), value),
        }
        for curve, (xs, ys) in curves.items():
            for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
                yield {"replication": played.made.replication, "mechanism": name, "curve": curve, "x": x, "y": y}


def _lorenz(payout: Floats) -> tuple[Floats, Floats]:
    """Return the Lorenz curve at `POINTS` places from 0 to 1, linear between projects."""
    places = np.linspace(0, 1, POINTS)
    return places, np.interp(places, np.linspace(0, 1, len(payout) + 1), lorenz(payout))
