"""The best attack that a search finds on each mechanism."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulations.bench.setting import scenario
from simulations.search import Field, Limits, Outcome, Strategy, capture_curve, search, unprofitable_price
from simulations.world import world

TRACK = "tegr3"
"""The round that is attacked."""

LIMITS = Limits(budget=300.0, accounts=100)
"""What the attacker has."""

BUDGETS = (10, 100, 1_000)
"""Money at hand, for the curve of what can be captured."""


@dataclass(frozen=True, slots=True)
class Hunted:
    """What was found on one mechanism.

    Attributes:
        mechanism: its name.
        handmade: the best profit of the usual strategies, in units.
        best: the best that was found.
        price: of an account, from which on nothing found pays, in units.
        budgets, captured: money at hand, and the part of the pool it moves to the target.
    """

    mechanism: str
    handmade: float
    best: Outcome
    price: float
    budgets: tuple[int, ...]
    captured: tuple[float, ...]

    @property
    def told(self) -> str:
        """What the best strategy is, in words."""
        strategy = self.best.strategy
        told = f"{strategy.accounts} × {strategy.amount:g}"
        return f"{told}, cover {strategy.cover} × {strategy.cover_amount:g}" if strategy.cover else told


def hunted() -> list[Hunted]:
    """Return what was found on each mechanism."""
    chosen = scenario(TRACK)
    scene = world(chosen, 0).before
    own = int(np.argsort(scene.gifts.direct(scene.projects), kind="stable")[scene.projects // 2])
    found = []
    for choice in chosen.choices:
        field = Field.of(scene, choice, own)
        usual = [field.outcome(Strategy(LIMITS.accounts, 1.0, cover, 1.0), LIMITS).profit for cover in (0, 1, 2)]
        curve = capture_curve(field, LIMITS, BUDGETS)
        found.append(
            Hunted(
                mechanism=choice.name,
                handmade=max(usual),
                best=search(field, LIMITS)[0],
                price=unprofitable_price(field, LIMITS),
                budgets=BUDGETS,
                captured=tuple(outcome.captured for outcome in curve),
            )
        )
    return found
