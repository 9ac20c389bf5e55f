"""Where the pool went."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulations.metrics.view import View


def unspent_fraction(view: View) -> float:
    """Return the part of the pool that nobody is paid."""
    return max(0.0, 1 - float(view.payout.sum()) / view.pool) if view.pool else 0.0


def need(view: View) -> float:
    """Return what all ideal matches ask for, by the pool: above 1 the round is saturated."""
    return float(view.ideal.sum()) / view.pool if view.pool else 0.0


def cap_leakage(view: View) -> float:
    """Return (sum of scaled matches - sum of payouts) / pool: what caps took away and nobody got."""
    if not view.pool:
        return 0.0
    leak = float(view.scaled.sum() - view.payout.sum()) / view.pool
    return leak if leak > ROUNDING else 0.0


def leverage(view: View) -> float:
    """Return payouts by gifts: what a unit given brought in all; nan without gifts."""
    given = float(view.direct.sum())
    return float(view.payout.sum()) / given if given else math.nan


def left_out(view: View) -> float:
    """Return the part of the donors none of whose projects is paid anything (exclusion ratio); nan without donors."""
    scene = view.made.after
    gave = np.zeros(scene.accounts, dtype=np.bool_)
    gave[scene.gifts.donor] = True
    served = np.zeros(scene.accounts, dtype=np.bool_)
    served[scene.gifts.donor[(view.payout > 0)[scene.original[scene.gifts.project]]]] = True
    return float((gave & ~served).sum() / gave.sum()) if gave.any() else math.nan


ROUNDING = 1e-9
"""Parts of the pool below this are the rounding of floating point and of payouts."""

METRICS: Mapping[str, Callable[[View], float]] = {
    "unspent_fraction": unspent_fraction,
    "need": need,
    "cap_leakage": cap_leakage,
    "leverage": leverage,
    "left_out": left_out,
}
"""Column -> measure."""
