"""The best attack on a mechanism, searched for: what it brings, and from which price of an account on it does not pay.

A strategy is so many accounts that give `amount` each to the target and `cover_amount` each to `cover` other projects:
with one account a gift to oneself, with many a split, with cover camouflage, and with members paid a reward instead of
accounts bought a ring. All hand-made strategies of this kind are where the search begins, so that it is never worse.
What is found is a lower bound of what an attacker can do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qf.compare.choices import Choice
from simulations.attacks import Scene
from simulations.attacks.base import new_accounts, others, same_gifts, scattered
from simulations.gifts import CENTS, Gifts
from simulations.settling import settle_all

SMALLEST = 1 / CENTS
"""The smallest gift, in units."""

KEPT = 3
"""From how many of the random strategies the search goes on, one coordinate at a time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the attacker has.

    Attributes:
        budget: money at hand, in units, for gifts, cover, accounts and rewards; gifts to the target come back.
        accounts: how many accounts can be made.
        price: what one costs, in units.
        members: how many people could be won for a ring, whom no check of identities finds.
        reward: what each of them is paid, in units.
    """

    budget: float
    accounts: int = 100
    price: float = 0.0
    members: int = 0
    reward: float = 1.0


@dataclass(frozen=True, slots=True)
class Strategy:
    """So many accounts (members, in a ring) give so much to the target, and so much to so many others as cover."""

    accounts: int
    amount: float
    cover: int = 0
    cover_amount: float = SMALLEST
    ring: bool = False

    def outlay(self, limits: Limits) -> float:
        """Return the money that has to be at hand, in units."""
        each = limits.reward if self.ring else limits.price
        return self.accounts * (self.amount + self.cover * self.cover_amount + each)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a strategy comes to, in units.

    Attributes:
        strategy: what is done.
        gain: what the target is paid more.
        cost: what does not come back: cover, accounts, rewards.
        outlay: what has to be at hand.
        captured: gain by the pool.
        break_even: the price of an account at which it pays just nothing; nan for a ring.
    """

    strategy: Strategy
    gain: float
    cost: float
    outlay: float
    captured: float
    break_even: float

    @property
    def profit(self) -> float:
        """Gain - cost."""
        return self.gain - self.cost


OBJECTIVES: Mapping[str, Callable[[Outcome], float]] = {
    "profit": lambda outcome: outcome.profit,
    "gain": lambda outcome: outcome.gain,
    "break_even": lambda outcome: -math.inf if math.isnan(outcome.break_even) else outcome.break_even,
}
"""What can be searched for the most of."""


@dataclass(frozen=True, eq=False)
class Field:
    """A round to attack.

    Attributes:
        scene: its gifts.
        choice: its mechanism, with pool and caps.
        own: the project the attack is for.
        calm: what it is paid without the attack, in units.
        pool: in units.
        seed: cover goes to the same projects whenever the same strategy is tried.
    """

    scene: Scene
    choice: Choice
    own: int
    calm: float
    pool: float
    seed: int

    @classmethod
    def of(cls, scene: Scene, choice: Choice, own: int, seed: int = 1) -> Field:
        """Return the field, with what the project is paid without an attack."""
        pool = choice.round.pool.amount / 10**choice.round.pool.decimals
        return cls(scene, choice, own, _payout(scene, choice, own), pool, seed)

    def outcome(self, strategy: Strategy, limits: Limits) -> Outcome:
        """Return what a strategy comes to; under a mechanism that is then undefined nobody is paid anything."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(strategy.accounts, strategy.cover)))
        accounts = new_accounts(self.scene, strategy.accounts)
        given = same_gifts(accounts, self.own, strategy.amount)
        if strategy.cover:
            cover = scattered(rng, accounts, others(self.scene, self.own), strategy.cover, strategy.cover_amount)
            given = Gifts.joined(given, cover)
        after = self.scene.with_accounts(given, strategy.accounts, [self.own], sybil=not strategy.ring)
        gain = _payout(after, self.choice, self.own) - self.calm
        fixed = after.lost + (strategy.accounts * limits.reward if strategy.ring else 0.0)
        return Outcome(
            strategy=strategy,
            gain=gain,
            cost=fixed + after.bought * limits.price,
            outlay=strategy.outlay(limits),
            captured=gain / self.pool if self.pool else 0.0,
            break_even=math.nan if strategy.ring or not strategy.accounts else (gain - fixed) / strategy.accounts,
        )


def search(
    field: Field, limits: Limits, objective: str = "profit", *, tries: int = 60, steps: int = 240
) -> tuple[Outcome, ...]:
    """Return everything that was tried, the best first.

    Args:
        field: the round and the target.
        limits: what the attacker has.
        objective: what is to be large: see `OBJECTIVES`.
        tries: how many random strategies are tried after the hand-made ones.
        steps: how many strategies are tried near the best of those, one coordinate changed at a time.
    """
    rng = np.random.default_rng(np.random.SeedSequence(field.seed))
    trials = _Trials(field, limits, OBJECTIVES[objective], len(others(field.scene, field.own)), {})
    for strategy in (*handmade(limits), *(_random(rng, limits, trials.projects) for _ in range(tries))):
        trials.add(strategy)
    for begin in trials.ranked()[:KEPT]:
        trials.climb(begin.strategy, steps // KEPT)
    return tuple(trials.ranked())


@dataclass(frozen=True, eq=False)
class _Trials:
    """What was tried, each strategy once."""

    field: Field
    limits: Limits
    worth: Callable[[Outcome], float]
    projects: int
    tried: dict[Strategy, Outcome]

    def add(self, strategy: Strategy) -> Outcome | None:
        """Return what a strategy comes to, brought within the limits; None if it cannot be done."""
        feasible = _within(strategy, self.limits, self.projects)
        if feasible is None:
            return None
        if feasible not in self.tried:
            self.tried[feasible] = self.field.outcome(feasible, self.limits)
        return self.tried[feasible]

    def climb(self, strategy: Strategy, most: int) -> None:
        """Go to a better neighbour as long as there is one, and no more than so many new strategies were tried."""
        last = len(self.tried) + most
        better = self.add(strategy)
        while better is not None:
            here, better = better, None
            for near in _neighbours(here.strategy):
                found = self.add(near) if len(self.tried) < last else None
                if found is not None and self.worth(found) > self.worth(here):
                    better = found
                    break

    def ranked(self) -> list[Outcome]:
        """Return all outcomes, the best first; ties in the order they were tried."""
        return sorted(self.tried.values(), key=self.worth, reverse=True)


def capture_curve(field: Field, limits: Limits, budgets: Sequence[float], **effort: int) -> tuple[Outcome, ...]:
    """Return, for each budget, the strategy found that moves most of the pool to the target (the cost of capture).

    A larger budget can do what a smaller one can, so that the curve never falls.
    """
    curve: list[Outcome] = []
    for budget in sorted(budgets):
        found = search(field, replace(limits, budget=budget), "gain", **effort)[0]
        curve.append(max([found, *curve[-1:]], key=OBJECTIVES["gain"]))
    return tuple(curve)


def unprofitable_price(field: Field, limits: Limits, **effort: int) -> float:
    """Return the price of an account, in units, from which on nothing that was found pays.

    It is the largest (gain - lost) / accounts, which is searched for; 0 where nothing pays even for free.
    """
    best = search(field, replace(limits, price=0.0, members=0), "break_even", **effort)[0]
    return max(0.0, best.break_even)


def handmade(limits: Limits) -> Iterator[Strategy]:
    """Yield what people try, with accounts and as a ring.

    1 unit from each account, alone or with 1 unit to one or two others; all money divided; and one gift to oneself.
    """
    kinds = [(limits.accounts, limits.price, False), (limits.members, limits.reward, True)]
    for many, fee, ring in kinds:
        if many:
            for cover in (0, 1, 2):
                yield Strategy(many, 1.0, cover, 1.0, ring)
                yield Strategy(many, limits.budget / many - fee - cover * SMALLEST, cover, SMALLEST, ring)
            yield Strategy(1, limits.budget - fee, ring=ring)


def _within(strategy: Strategy, limits: Limits, projects: int) -> Strategy | None:
    """Return the strategy with amounts in hundredths and no more than there is to spend; None if it cannot be done."""
    most = limits.members if strategy.ring else limits.accounts
    cents = [max(1, round(amount * CENTS)) / CENTS for amount in (strategy.amount, strategy.cover_amount)]
    cover = min(max(strategy.cover, 0), projects)
    cut = replace(
        strategy,
        accounts=min(strategy.accounts, most),
        amount=cents[0],
        cover=cover,
        cover_amount=cents[1] if cover else SMALLEST,
    )
    return cut if cut.accounts >= 1 and cut.outlay(limits) <= limits.budget + 1e-9 else None


def _random(rng: np.random.Generator, limits: Limits, projects: int) -> Strategy:
    """Draw a strategy that spends the whole budget: numbers and amounts evenly on a logarithmic scale."""
    ring = bool(limits.members and rng.random() < 0.5)
    most, fee = (limits.members, limits.reward) if ring else (limits.accounts, limits.price)
    accounts = int(np.exp(rng.random() * np.log(max(most, 1))))
    cover = int(rng.integers(0, min(projects, 5) + 1))
    each = max(limits.budget / accounts - fee, 0.0)
    part = 10 ** (-2 * rng.random()) / max(cover, 1)
    cover_amount = max(SMALLEST, part * each / 2) if cover else SMALLEST
    return Strategy(accounts, each - cover * cover_amount, cover, cover_amount, ring)


def _neighbours(here: Strategy) -> Iterator[Strategy]:
    """Yield strategies that differ in one coordinate, or in which the same money comes from more or fewer accounts."""
    for factor in (2.0, 0.5, 1.2, 1 / 1.2):
        accounts = max(1, round(here.accounts * factor))
        yield replace(here, accounts=accounts)
        yield replace(here, amount=here.amount * factor)
        yield replace(here, accounts=accounts, amount=here.amount / factor)
        if here.cover:
            yield replace(here, cover_amount=here.cover_amount * factor)
    for more in (1, -1):
        yield replace(here, cover=here.cover + more)


def _payout(scene: Scene, choice: Choice, own: int) -> float:
    settled = settle_all([choice], scene.gifts, accounts=scene.accounts, projects=scene.projects)[choice.name]
    if isinstance(settled, str):
        return 0.0
    return float(settled.projects[own].payout) / float(10**choice.round.pool.decimals)
