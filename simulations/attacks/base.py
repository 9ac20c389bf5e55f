"""What an attack is: it changes the gifts of a round, and costs something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.gifts import CENTS, Gifts
from simulations.parts import key


@dataclass(frozen=True, eq=False)
class Scene:
    """A round as its donors leave it, before and after attackers came.

    Attackers are counted together: what one of them gives to a project of another stays among them.

    Attributes:
        gifts: who gave what.
        projects: how many projects there are, forks included.
        sybil: which accounts stand for nobody of their own, shape (accounts,).
        theirs: which accounts give the attackers' money, shape (accounts,); sybils, and people who are paid back.
        owned: projects whose payout the attackers count as theirs; never the number of a fork.
        paid: what the attackers paid to donors, for fees and the like, in units.
        bought: accounts that the attackers had to make.
        forks: of which project the last ones are copies; empty: there are none.
    """

    gifts: Gifts
    projects: int
    sybil: NDArray[np.bool_]
    theirs: NDArray[np.bool_]
    owned: frozenset[int] = frozenset()
    paid: float = 0.0
    bought: int = 0
    forks: tuple[int, ...] = ()

    @classmethod
    def honest(cls, gifts: Gifts, donors: int, projects: int) -> Scene:
        """Return a round without attackers."""
        nobody = np.zeros(donors, dtype=np.bool_)
        return cls(gifts, projects, nobody, nobody)

    @property
    def accounts(self) -> int:
        """How many accounts there are."""
        return len(self.sybil)

    @property
    def original(self) -> NDArray[np.int64]:
        """Which project each project really is, shape (projects,): itself, unless it is a fork."""
        return np.concatenate([np.arange(self.projects - len(self.forks)), np.array(self.forks, dtype=np.int64)])

    @property
    def lost(self) -> float:
        """What the attack costs but for accounts, in units: `paid`, and gifts of theirs to projects of others."""
        gifts = self.gifts
        away = self.theirs[gifts.donor] & ~np.isin(self.original[gifts.project], sorted(self.owned))
        return self.paid + float(gifts.amount[away].sum()) / CENTS

    def with_accounts(
        self, gifts: Gifts, accounts: int, owned: Iterable[Any], *, sybil: bool = True, theirs: bool = True
    ) -> Scene:
        """Return the scene with so many new accounts, and what they give.

        Args:
            gifts: their gifts, accounts numbered from `self.accounts`.
            accounts: how many they are.
            owned: the projects whose payout the attacker counts as theirs.
            sybil: they stand for nobody of their own, and had to be made.
            theirs: the money is the attackers'.
        """
        return replace(
            self,
            gifts=Gifts.joined(self.gifts, gifts),
            sybil=np.concatenate([self.sybil, np.full(accounts, sybil)]),
            theirs=np.concatenate([self.theirs, np.full(accounts, theirs)]),
            owned=self.owned | frozenset(int(project) for project in owned),
            bought=self.bought + (accounts if sybil else 0),
        )

    def for_project(self, own: int, gifts: Gifts, paid: float) -> Scene:
        """Return the scene with other gifts of the same accounts, for which the attackers of `own` paid so much."""
        return replace(self, gifts=gifts, owned=self.owned | {own}, paid=self.paid + paid)


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
    """Return the project that `which` stands for, no fork; ties go to the first."""
    projects = scene.projects - len(scene.forks)
    if which == "random":
        return int(rng.integers(projects))
    order = np.argsort(scene.gifts.direct(scene.projects)[:projects], kind="stable")
    return int(order[{"smallest": 0, "median": projects // 2, "largest": -1}[which]])


def new_accounts(scene: Scene, many: int) -> NDArray[np.int32]:
    """Return the numbers of accounts that are yet to come, shape (many,)."""
    return scene.accounts + np.arange(many, dtype=np.int32)


def same_gifts(accounts: NDArray[np.int32], project: int, amount: float) -> Gifts:
    """Return a gift of `amount` units of each account to the project."""
    return Gifts(accounts, np.full(len(accounts), project, np.int32), _cents(amount, len(accounts)))


def scattered(
    rng: np.random.Generator, accounts: NDArray[np.int32], among: NDArray[np.int32], each: int, amount: float
) -> Gifts:
    """Return gifts of `amount` units of each account to `each` projects `among` those named, all if they are fewer."""
    each = min(each, len(among))
    chosen = rng.permuted(np.tile(among, (len(accounts), 1)), axis=1)[:, :each]
    return Gifts(np.repeat(accounts, each), chosen.ravel(), _cents(amount, len(accounts) * each))


def others(scene: Scene, own: int) -> NDArray[np.int32]:
    """Return the projects but this one and its forks."""
    return np.flatnonzero(scene.original != own).astype(np.int32)


def _cents(amount: float, count: int) -> NDArray[np.int64]:
    return np.full(count, round(amount * CENTS), np.int64)
