"""One person behind many accounts, each giving a little to the own project, and perhaps to others as cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, others, same_gifts, scattered, target, target_key
from simulations.gifts import Gifts
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Sybil:
    """So many accounts give `amount` each to the target; each also gives `cover_amount` to `cover` other projects.

    Cover (camouflage) defeats rules that discount whoever gives like others do: the accounts no longer look alike.

    Under plain quadratic funding k accounts with c each add 2 k sqrt(c) S + k (k - 1) c to the ideal match of a project
    with the root sum S. Costs: the accounts, and the cover. Source: Buterin, Hitzig, Weyl (2019), on fraud.
    """

    model: ClassVar[str] = "sybil"
    accounts: int = key("how many accounts the attacker has", 100, least=0, most=1_000_000)
    amount: float = key("what each gives to the target, in units", 1.0, least=0.01)
    cover: int = key("to how many other projects each also gives", 0, least=0, most=10_000)
    cover_amount: float = key("what each gives to each of those, in units", 1.0, least=0.01)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the accounts and their gifts."""
        own = target(self.target, rng, scene)
        accounts = new_accounts(scene, self.accounts)
        cover = scattered(rng, accounts, others(scene, own), self.cover, self.cover_amount)
        gifts = Gifts.joined(same_gifts(accounts, own, self.amount), cover)
        return scene.with_accounts(gifts, self.accounts, [own])
