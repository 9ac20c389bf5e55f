"""One person behind many accounts, each giving a little to the own project, and perhaps to others as cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, target, target_key
from simulations.gifts import CENTS, Gifts
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Sybil:
    """So many accounts give `amount` each to the target; each also gives `cover_amount` to `cover` other projects.

    Cover defeats rules that discount whoever gives like others do: the accounts no longer look alike.
    """

    model: ClassVar[str] = "sybil"
    accounts: int = key("how many accounts the attacker has", 100, least=1, most=1_000_000)
    amount: float = key("what each gives to the target, in units", 1.0, least=0.01)
    cover: int = key("to how many other projects each also gives", 0, least=0, most=10_000)
    cover_amount: float = key("what each gives to each of those, in units", 1.0, least=0.01)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the accounts and their gifts."""
        own = target(self.target, rng, scene)
        account = scene.accounts + np.arange(self.accounts, dtype=np.int32)
        cover = min(self.cover, scene.projects - 1)
        gifts = Gifts(account, np.full(self.accounts, own, np.int32), _cents(self.amount, self.accounts))
        if cover:
            others = np.delete(np.arange(scene.projects, dtype=np.int32), own)
            chosen = rng.permuted(np.tile(others, (self.accounts, 1)), axis=1)[:, :cover]
            size = self.accounts * cover
            cover_gifts = Gifts(np.repeat(account, cover), chosen.ravel(), _cents(self.cover_amount, size))
            gifts = Gifts.joined(gifts, cover_gifts)
        return scene.with_accounts(gifts, self.accounts, [own])


def _cents(amount: float, count: int) -> np.ndarray:
    return np.full(count, round(amount * CENTS), np.int64)
