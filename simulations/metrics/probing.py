"""What it takes to change a result: rounds settled again with other gifts. Taken only on demand, as each costs many.

Bribery and control are for the project with the median payout, which is to be paid `RISE` more than it is. nan: it is
paid nothing, or what is tried is not enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from qf.compare.choices import choice_of
from simulations.gifts import CENTS, Gifts
from simulations.metrics.view import Floats, View, folded
from simulations.settling import settle_all

RISE = 0.1
"""By which part of its payout a project is to gain. GovXS averages over 1 % to 30 %."""

DRAWS = 10
"""How many donors are changed, one at a time, to see how robust a result is."""

CONCENTRATION = 0.99
"""Which part of the own gifts a donor puts on one project to extract value. GovXS: 90 % to 99 %."""

STEPS = 12
"""Halvings of a search: to a 4,096th of what is searched."""


def robustness(view: View) -> float:
    """Return the mean over `DRAWS` donors of |x - x'|, the l1 distance of payouts, in units.

    x' is the round in which the gifts of that one donor go to other projects, drawn at random.
    """
    gifts, rng = view.made.after.gifts, view.rng(1)
    if not len(gifts):
        return 0.0
    distances = []
    for donor in rng.choice(np.unique(gifts.donor), DRAWS):
        rows = gifts.donor == donor
        project = gifts.project.copy()
        project[rows] = rng.permutation(view.made.after.projects)[np.unique(project[rows], return_inverse=True)[1]]
        distances.append(np.abs(view.settle(Gifts(gifts.donor, project, gifts.amount)) - view.payout).sum())
    return float(np.mean(distances))


def bribery_cost(view: View) -> float:
    """Return the least money, in units, that donors have to move: all move one part of every gift to others.

    The part is found by halving; it is where the goal is first met if the payout grows with the part.
    """
    own, goal = _aim(view)
    gifts = view.made.after.gifts
    elsewhere = view.made.after.original[gifts.project] != own

    def moved(part: float) -> Gifts:
        cents = np.where(elsewhere, np.floor(gifts.amount * part), 0).astype(np.int64)
        kept = Gifts(gifts.donor, gifts.project, gifts.amount - cents)
        brought = Gifts(gifts.donor, np.full(len(gifts), own, np.int32), cents)
        return Gifts.joined(kept.without(kept.amount == 0), brought.without(cents == 0))

    def given(part: float) -> float:
        return float(np.floor(gifts.amount[elsewhere] * part).sum()) / CENTS

    if math.isnan(goal) or view.settle(moved(1.0))[own] < goal:
        return math.nan
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if view.settle(moved(middle))[own] >= goal else (middle, high)
    return given(high)


def removal_cost(view: View) -> float:
    """Return how many donors have to be kept away, of those who give the project nothing, the largest first."""
    own, goal = _aim(view)
    scene = view.made.after
    totals = np.bincount(scene.gifts.donor, weights=scene.gifts.amount, minlength=scene.accounts)
    totals[scene.gifts.donor[scene.original[scene.gifts.project] == own]] = 0
    opposed = np.argsort(-totals, kind="stable")[: int((totals > 0).sum())]

    def payout(many: int) -> float:
        return float(view.settle(scene.gifts.without(np.isin(scene.gifts.donor, opposed[:many])))[own])

    return _fewest(payout, goal, len(opposed))


def adding_cost(view: View) -> float:
    """Return how many new donors the project has to bring, who each give it the median gift of the round.

    At most as many are tried as there are accounts already.
    """
    own, goal = _aim(view)
    scene = view.made.after
    if not len(scene.gifts):
        return math.nan
    amount = int(np.median(scene.gifts.amount))

    def payout(many: int) -> float:
        account = scene.accounts + np.arange(many, dtype=np.int32)
        brought = Gifts(account, np.full(many, own, np.int32), np.full(many, amount, np.int64))
        return float(view.settle(Gifts.joined(scene.gifts, brought), scene.accounts + many)[own])

    return _fewest(payout, goal, scene.accounts)


def extractable(view: View) -> float:
    """Return max over p of x'[p] - x[p], in units: what one donor can extract (VEV).

    In x' the donor who gives the most gives the same money, but puts `CONCENTRATION` of it on p, and divides the rest
    as before. One settlement for each project.
    """
    scene = view.made.after
    gifts = scene.gifts
    if not len(gifts):
        return 0.0
    donor = int(np.argmax(np.bincount(gifts.donor, weights=gifts.amount)))
    rows = gifts.donor == donor
    amount = gifts.amount.copy()
    moved = np.floor(amount[rows] * CONCENTRATION).astype(np.int64)
    amount[rows] -= moved
    kept = Gifts(gifts.donor, gifts.project, amount)
    kept = kept.without(amount == 0)

    def gain(project: int) -> float:
        one = Gifts(np.array([donor], np.int32), np.array([project], np.int32), np.array([moved.sum()], np.int64))
        return float(view.settle(Gifts.joined(kept, one.without(one.amount == 0)))[project] - view.payout[project])

    return max(gain(project) for project in range(len(view.payout)))


def marginal_leverage(view: View) -> float:
    """Return the mean over projects of what its payout grows by, per unit, if a new donor gives it 1 unit."""
    scene = view.made.after
    account, amount = np.array([scene.accounts], np.int32), np.array([CENTS], np.int64)
    grown = [
        view.settle(
            Gifts.joined(scene.gifts, Gifts(account, np.array([project], np.int32), amount)), scene.accounts + 1
        )[project]
        for project in range(len(view.payout))
    ]
    return float((np.array(grown) - view.payout).mean())


def optimality_gap(view: View) -> float:
    """Return 1 - real / optimal match under pairwise bounding with M = 1, of the gifts of the round (BlockScience).

        real = sum over p and i < j of s s' / (1 + T),  optimal = sum over p of N (N - 1) B / (2 (N + B))

    where N donors of p, who gave B together, would each have given B / N, and nothing else in common. It is a measure
    of the gifts, the same for every mechanism; nan where no project has two donors. It is negative if unequal gifts, or
    rather gifts of many to many, ask for more than that.
    """
    scene = view.made.after
    choice = choice_of(view.choice.round, "pairwise:strength=1,variant=clr")
    result = settle_all([choice], scene.gifts, accounts=scene.accounts, projects=scene.projects)[choice.name]
    optimal = float(
        (view.donors * (view.donors - 1) * view.direct / (2 * np.maximum(view.donors + view.direct, 1e-9))).sum()
    )
    if isinstance(result, str) or optimal <= 0:
        return math.nan
    real: Floats = folded([float(project.ideal_match) / CENTS for project in result.projects], scene)
    return 1 - float(real.sum()) / optimal


def _aim(view: View) -> tuple[int, float]:
    """Return the project that is to gain, and the payout that it is to have."""
    own = int(np.argsort(view.payout, kind="stable")[len(view.payout) // 2])
    now = float(view.payout[own])
    return own, now * (1 + RISE) if now > 0 else math.nan


def _fewest(payout: Callable[[int], float], goal: float, most: int) -> float:
    """Return the smallest number, found by halving, at which the payout meets the goal; nan if `most` do not."""
    if math.isnan(goal) or payout(most) < goal:
        return math.nan
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if payout(middle) >= goal else (middle, high)
    return float(high)


METRICS: Mapping[str, Callable[[View], float]] = {
    "robustness": robustness,
    "bribery_cost": bribery_cost,
    "removal_cost": removal_cost,
    "adding_cost": adding_cost,
    "extractable": extractable,
    "marginal_leverage": marginal_leverage,
    "optimality_gap": optimality_gap,
}
"""Column -> measure."""
