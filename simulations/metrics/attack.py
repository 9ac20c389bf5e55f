"""What attackers make of it. Without attackers every measure is 0, but for ratios of 0, which are nan."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulations.metrics.view import View


def gain(view: View) -> float:
    """Return what the attackers' projects are paid more than they would be without the attack, in units."""
    own = sorted(view.made.after.owned)
    return float((view.payout[own] - view.calm[own]).sum()) if own else 0.0


def cost(view: View) -> float:
    """Return what an attack costs in units: gifts to others, bribes, and the price of the accounts."""
    scene = view.made.after
    return scene.lost + scene.bought * float(view.scenario.parts.identity.price)


def profit(view: View) -> float:
    """Return gain - cost; what the attackers give to projects of their own comes back to them."""
    return gain(view) - cost(view)


def roi(view: View) -> float:
    """Return profit / cost; nan for an attack that costs nothing."""
    spent = cost(view)
    return profit(view) / spent if spent else math.nan


def break_even_price(view: View) -> float:
    """Return the price of an account, in units, at which the attack pays just nothing; nan without accounts."""
    scene = view.made.after
    return (gain(view) - scene.lost) / scene.bought if scene.bought else math.nan


def captured(view: View) -> float:
    """Return the part of the pool that the attack moves to the attackers' projects."""
    return gain(view) / view.pool if view.pool else 0.0


def moved(view: View) -> float:
    """Return half the l1 distance between payouts with and without the attack, by the pool."""
    return float(np.abs(view.payout - view.calm).sum()) / 2 / view.pool if view.pool else 0.0


METRICS: Mapping[str, Callable[[View], float]] = {
    "attack_gain": gain,
    "attack_cost": cost,
    "attack_profit": profit,
    "attack_roi": roi,
    "break_even_price": break_even_price,
    "captured": captured,
    "moved": moved,
}
"""Column -> measure."""
