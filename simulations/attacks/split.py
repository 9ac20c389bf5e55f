"""One person divides the own money among many accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, target, target_key
from simulations.gifts import CENTS, Gifts
from simulations.parts import ScenarioError, key


@dataclass(frozen=True, slots=True)
class Split:
    """A sum that one person could give at once to the target is given through k accounts, in equal parts.

    Under plain quadratic funding the root sum grows by sqrt(k M) instead of sqrt(M), so the ideal match by
    2 sqrt(k M) S + (k - 1) M, M = `money`. Cents that cannot be divided go to the first accounts. Costs: the accounts.
    Source: Buterin, Hitzig, Weyl (2019), on fraud.
    """

    model: ClassVar[str] = "split"
    money: float = key("what is divided, in units", 100.0, least=0.01)
    accounts: int = key("among how many accounts", 100, least=1, most=1_000_000)
    target: str = target_key()

    def __post_init__(self) -> None:
        if self.accounts > round(self.money * CENTS):
            told = f"{self.money} cannot be divided among {self.accounts}"
            raise ScenarioError.at("accounts", told, f"give each at least {1 / CENTS}")

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the accounts and their gifts."""
        own = target(self.target, rng, scene)
        each, rest = divmod(round(self.money * CENTS), self.accounts)
        amount = each + (np.arange(self.accounts) < rest).astype(np.int64)
        gifts = Gifts(new_accounts(scene, self.accounts), np.full(self.accounts, own, np.int32), amount)
        return scene.with_accounts(gifts, self.accounts, [own])
