"""People who agree to give to one project and get their money back, with something on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, others, same_gifts, scattered, target, target_key
from simulations.gifts import Gifts
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class Ring:
    """So many people give `amount` to the target; its owner gives the money back, and pays each a `reward`.

    They are real people whom no check of identities finds, and who would not have given otherwise. Costs: the rewards,
    and what they give elsewhere as cover, which is the owner's money too. The ideal match grows as in `sybil`.
    Source: Buterin, Hitzig, Weyl (2019), on collusion; Buterin (2019), ethresear.ch 5553.
    """

    model: ClassVar[str] = "ring"
    members: int = key("how many people take part", 20, least=0, most=1_000_000)
    amount: float = key("what each gives and gets back, in units", 10.0, least=0.01)
    reward: float = key("what each is paid on top, in units", 1.0, least=0.0)
    cover: int = key("to how many other projects each also gives", 0, least=0, most=10_000)
    cover_amount: float = key("what each gives to each of those, in units", 1.0, least=0.01)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the members and their gifts."""
        own = target(self.target, rng, scene)
        members = new_accounts(scene, self.members)
        cover = scattered(rng, members, others(scene, own), self.cover, self.cover_amount)
        gifts = Gifts.joined(same_gifts(members, own, self.amount), cover)
        after = scene.with_accounts(gifts, self.members, [own], sybil=False)
        return after.for_project(own, after.gifts, self.members * self.reward)
