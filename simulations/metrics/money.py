"""Where the pool went."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulations.metrics.view import View


def unspent_fraction(view: View) -> float:
    """Return the part of the pool that nobody is paid."""
    return 1 - float(view.payout.sum()) / view.pool if view.pool else 0.0


def need(view: View) -> float:
    """Return what all ideal matches ask for, by the pool: above 1 the round is saturated."""
    return float(view.ideal.sum()) / view.pool if view.pool else 0.0


METRICS: Mapping[str, Callable[[View], float]] = {"unspent_fraction": unspent_fraction, "need": need}
"""Column -> measure."""
