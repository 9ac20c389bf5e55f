"""Accounts that give dust to many projects, hoping to be rewarded for it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, scattered
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Airdrop:
    """So many accounts each give `amount` to `projects` projects drawn at random.

    They own no project and gain nothing here: what they do shows in how far payouts move. Costs: the accounts, and
    what they give. Source: none; the visitors of WTFISCOCM, without a project of their own.
    """

    model: ClassVar[str] = "airdrop"
    accounts: int = key("how many accounts there are", 200, least=0, most=1_000_000)
    projects: int = key("to how many projects each gives", 5, least=1, most=10_000)
    amount: float = key("what each gives to each, in units", 0.1, least=0.01)

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the accounts and their gifts."""
        every = np.arange(scene.projects, dtype=np.int32)
        gifts = scattered(rng, new_accounts(scene, self.accounts), every, self.projects, self.amount)
        return scene.with_accounts(gifts, self.accounts, ())
