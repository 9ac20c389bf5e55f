"""The same project twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, target, target_key
from simulations.gifts import Gifts
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Fork:
    """The owner of the target lists it several times, and a part of its donors divide their gifts among the copies.

    Payouts of the copies are the owner's, and every measure counts copies as the project they are of. Under plain
    quadratic funding equal division by all donors changes nothing, F = n (S / sqrt(n))**2; forks pay where a cap binds
    each copy, or where a project counts as such (equal, headcount). Cents that cannot be divided stay with the first.
    Costs: `fee` for each copy. Source: the literature on clones, Tideman (1987).
    """

    model: ClassVar[str] = "fork"
    copies: int = key("how often the project is listed", 2, least=1, most=1000)
    part: float = key("part of its donors who divide their gifts", 1.0, least=0.0, most=1.0)
    fee: float = key("what one more listing costs, in units", 0.0, least=0.0)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the copies, and the gifts divided."""
        own = target(self.target, rng, scene)
        more = self.copies - 1
        donors = np.unique(scene.gifts.donor[scene.gifts.project == own])
        follows = rng.permutation(donors)[: round(self.part * len(donors))]
        rows = (scene.gifts.project == own) & np.isin(scene.gifts.donor, follows)
        amount, donor = scene.gifts.amount, scene.gifts.donor[rows]
        share = amount[rows] // self.copies
        given = share > 0
        copies = [
            Gifts(donor[given], np.full(given.sum(), scene.projects + copy, np.int32), share[given])
            for copy in range(more)
        ]
        kept = amount.copy()
        kept[rows] -= share * more
        gifts = Gifts.joined(Gifts(scene.gifts.donor, scene.gifts.project, kept), *copies)
        forked = replace(scene, projects=scene.projects + more, forks=(*scene.forks, *[own] * more))
        return forked.for_project(own, gifts, more * self.fee)
