"""Owners of projects who give to each other's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts
from simulations.gifts import CENTS, Gifts
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Reciprocal:
    """The owners of k projects, drawn at random, each give `amount` to each of the others' projects.

    What one gives comes back from the others, so that it costs nothing. Under plain quadratic funding the root sum of
    each of the projects grows by (k - 1) sqrt(amount). Source: Buterin (2019), ethresear.ch 5553, on donors who
    coordinate.
    """

    model: ClassVar[str] = "reciprocal"
    owners: int = key("how many owners agree", 3, least=0, most=10_000)
    amount: float = key("what each gives to each other project, in units", 10.0, least=0.01)

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the owners and their gifts; at most all projects take part."""
        projects = scene.projects - len(scene.forks)
        own = rng.permutation(projects)[: self.owners].astype(np.int32)
        many = len(own)
        giver, taker = np.nonzero(~np.eye(many, dtype=np.bool_))
        amount = np.full(len(giver), round(self.amount * CENTS), np.int64)
        gifts = Gifts(new_accounts(scene, many)[giver], own[taker], amount)
        return scene.with_accounts(gifts, many, own, sybil=False)
