"""Donors who are paid to move a part of their gifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, target, target_key
from simulations.gifts import CENTS, Gifts
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Bribery:
    """Of the donors who give to others, some move a part of every such gift to the target, for a price per unit moved.

    Nobody gives more or less than before; parts are cut to hundredths. The moved money is not the attacker's, and stays
    with the project. Costs: price times what is moved. Source: GovXS, bribery of voters.
    """

    model: ClassVar[str] = "bribery"
    reach: float = key("part of those donors who accept", 0.1, least=0.0, most=1.0)
    part: float = key("part of their gifts to others that they move", 0.5, least=0.0, most=1.0)
    price: float = key("what they are paid for a unit moved, in units", 0.2, least=0.0)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the gifts moved."""
        own = target(self.target, rng, scene)
        gifts = scene.gifts
        elsewhere = gifts.project != own
        asked = np.unique(gifts.donor[elsewhere])
        bribed = rng.permutation(asked)[: round(self.reach * len(asked))]
        moved = np.where(elsewhere & np.isin(gifts.donor, bribed), np.floor(gifts.amount * self.part), 0)
        moved = moved.astype(np.int64)
        kept = Gifts(gifts.donor, gifts.project, gifts.amount - moved)
        brought = Gifts(gifts.donor, np.full(len(gifts), own, np.int32), moved)
        after = Gifts.joined(kept.without(kept.amount == 0), brought.without(moved == 0))
        return scene.for_project(own, after, self.price * float(moved.sum()) / CENTS)
