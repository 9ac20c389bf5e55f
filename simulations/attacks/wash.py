"""Money of the owner that is given again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, same_gifts, target, target_key
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Wash:
    """The owner of the target gives `amount` to it, gets it back, and gives it again through the next account.

    The same money is seen `passes` times, so that one needs only `amount` at hand. With one account the ideal match
    under plain quadratic funding grows by 2 S sqrt(amount). Costs: `fee` of what passes, each time, and the accounts.
    Source: qf-calculator weighs a gift to oneself as nothing; rounds that cannot see who owns what are open to it.
    """

    model: ClassVar[str] = "wash"
    amount: float = key("what the owner has at hand, in units", 100.0, least=0.01)
    passes: int = key("how often it is given", 1, least=0, most=1_000_000)
    fee: float = key("part of it that is lost each time", 0.0, least=0.0, most=1.0)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the owner's gifts."""
        own = target(self.target, rng, scene)
        gifts = same_gifts(new_accounts(scene, self.passes), own, self.amount)
        after = scene.with_accounts(gifts, self.passes, [own])
        return after.for_project(own, after.gifts, self.fee * self.amount * self.passes)
