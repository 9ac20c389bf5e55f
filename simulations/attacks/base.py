"""What an attack is: it changes the gifts of a round, and costs something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.gifts import CENTS, Gifts
from simulations.parts import key


@dataclass(frozen=True, eq=False)
class Scene:
    """A round as its donors leave it, before and after attackers came.

    Attributes:
        gifts: who gave what.
        projects: how many projects there are.
        sybil: which accounts belong to an attacker, shape (accounts,).
        owned: projects whose payout the attackers count as theirs.
        lost: what the attackers gave to others or paid to donors, in units; gifts to projects of theirs come back.
        bought: accounts that the attackers had to make.
    """

    gifts: Gifts
    projects: int
    sybil: NDArray[np.bool_]
    owned: frozenset[int] = frozenset()
    lost: float = 0.0
    bought: int = 0

    @property
    def accounts(self) -> int:
        """How many accounts there are."""
        return len(self.sybil)

    def with_accounts(self, gifts: Gifts, accounts: int, owned: Any) -> Scene:
        """Return the scene with so many new accounts of an attacker, and what they give.

        Args:
            gifts: their gifts, accounts numbered from `self.accounts`.
            accounts: how many they are.
            owned: the projects whose payout the attacker counts as theirs.
        """
        own = frozenset(int(project) for project in owned)
        to_others = ~np.isin(gifts.project, sorted(own))
        return replace(
            self,
            gifts=Gifts.joined(self.gifts, gifts),
            sybil=np.concatenate([self.sybil, np.ones(accounts, dtype=np.bool_)]),
            owned=self.owned | own,
            lost=self.lost + float(gifts.amount[to_others].sum()) / CENTS,
            bought=self.bought + accounts,
        )


class Attack(Protocol):
    """Changes a scene."""

    def strike(self, rng: np.random.Generator, scene: Scene) -> Scene:
        """Return the scene after the attack."""


TARGETS = ("random", "smallest", "median", "largest")
"""Which project an attack is for: by what it was given."""


def target_key() -> Any:
    """Return the key that says which project an attack is for."""
    return key("which project the attack is for, by what it was given", "random", options=TARGETS)


def target(which: str, rng: np.random.Generator, scene: Scene) -> int:
    """Return the project that `which` stands for; ties go to the first."""
    if which == "random":
        return int(rng.integers(scene.projects))
    order = np.argsort(scene.gifts.direct(scene.projects), kind="stable")
    return int(order[{"smallest": 0, "median": scene.projects // 2, "largest": -1}[which]])
