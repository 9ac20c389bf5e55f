"""Many accounts that come when everybody else has given, for whichever project gains the most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, same_gifts
from simulations.gifts import CENTS
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class LastMinute:
    """So many accounts give `amount` each to the project whose share of the pool grows the most by it.

    The attacker sees all gifts, owns or befriends any project, and reckons with plain quadratic funding and a pool that
    is paid out in full:

        gain[p] = m'[p] / (T - m[p] + m'[p]) - m[p] / T
        m = S**2 - R,  m' = (S + k sqrt(c))**2 - R - k c,  T = sum of m

    Under another mechanism it may not be the best choice: see `simulations.search`.
    Costs: the accounts. Source: none; the best a `sybil` can do who is free to choose the target.
    """

    model: ClassVar[str] = "last_minute"
    accounts: int = key("how many accounts the attacker has", 100, least=0, most=1_000_000)
    amount: float = key("what each gives, in units", 1.0, least=0.01)

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the accounts and their gifts."""
        own = int(np.argmax(self.gains(scene)))
        gifts = same_gifts(new_accounts(scene, self.accounts), own, self.amount)
        return scene.with_accounts(gifts, self.accounts, [own])

    def gains(self, scene: Scene) -> np.ndarray:
        """Return by how much the share of each project would grow, shape (projects,), forks left out."""
        projects = scene.projects - len(scene.forks)
        root, direct = scene.gifts.roots(scene.projects), scene.gifts.direct(scene.projects)
        amount = round(self.amount * CENTS) / CENTS
        match = root**2 - direct
        grown = (root + self.accounts * np.sqrt(amount)) ** 2 - direct - self.accounts * amount
        total = match.sum()
        before = match / total if total > 0 else np.zeros_like(match)
        after_total = total - match + grown
        after = np.where(after_total > 0, grown / np.where(after_total > 0, after_total, 1), 0)
        return np.asarray((after - before)[:projects])
