"""Control of who takes part: donors who are kept away, or brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.attacks.base import Scene, new_accounts, same_gifts, target, target_key
from simulations.parts import key


@dataclass(frozen=True, slots=True)
class DeletedDonors:
    """A part of the donors who give the target nothing is kept from giving.

    Their accounts stay in the round, without gifts. Costs: `price` for each. Source: GovXS, control by removing voters;
    Bartholdi, Tovey, Trick (1992).
    """

    model: ClassVar[str] = "deleted_donors"
    part: float = key("part of those donors who are kept away", 0.1, least=0.0, most=1.0)
    price: float = key("what it costs to keep one away, in units", 0.0, least=0.0)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene without their gifts."""
        own = target(self.target, rng, scene)
        gifts = scene.gifts
        opposed = np.setdiff1d(gifts.donor, gifts.donor[gifts.project == own])
        away = rng.permutation(opposed)[: round(self.part * len(opposed))]
        return scene.for_project(own, gifts.without(np.isin(gifts.donor, away)), self.price * len(away))


@dataclass(frozen=True, slots=True)
class AddedDonors:
    """People who would not have given are brought to give `amount` of their own money to the target.

    They are real people, and the project keeps what they give. Costs: `price` for each. Source: GovXS, control by
    adding voters; Bartholdi, Tovey, Trick (1992).
    """

    model: ClassVar[str] = "added_donors"
    donors: int = key("how many people are brought", 50, least=0, most=1_000_000)
    amount: float = key("what each gives, in units", 1.0, least=0.01)
    price: float = key("what it costs to bring one, in units", 0.0, least=0.0)
    target: str = target_key()

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene with the people and their gifts."""
        own = target(self.target, rng, scene)
        gifts = same_gifts(new_accounts(scene, self.donors), own, self.amount)
        after = scene.with_accounts(gifts, self.donors, [own], sybil=False, theirs=False)
        return after.for_project(own, after.gifts, self.price * self.donors)
