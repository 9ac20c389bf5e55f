"""One replication before it is settled: projects, donors, what they give, and what attackers do to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.attacks import Scene
from simulations.gifts import Gifts
from simulations.population.people import People
from simulations.scenario import Scenario

STREAMS = ("projects", "people", "behaviour", "identity", "attacks")
"""What draws random numbers. Each has a generator of its own, so that another attack leaves the donors as they are."""


@dataclass(frozen=True, eq=False)
class World:
    """What one replication draws.

    Attributes:
        replication: its number.
        quality: of each project, shape (projects,), sum 1.
        people: the honest donors.
        before, after: the round without attackers, and with them; one and the same if there are none.
        weights_before, weights_after: of each account in bps; None: all count in full.
    """

    replication: int
    quality: NDArray[np.float64]
    people: People
    before: Scene
    after: Scene
    weights_before: NDArray[np.int64] | None
    weights_after: NDArray[np.int64] | None


def world(scenario: Scenario, replication: int) -> World:
    """Return the world of one replication: the same numbers, whoever asks, and in whatever order."""
    seed = np.random.SeedSequence(scenario.head.seed, spawn_key=(replication,))
    rng = dict(zip(STREAMS, map(np.random.default_rng, seed.spawn(len(STREAMS))), strict=True))
    parts = scenario.parts
    quality = parts.projects.quality(rng["projects"])
    people = parts.population.draw(rng["people"], quality)
    gifts = Gifts.of_matrix(parts.behaviour.give(rng["behaviour"], people))
    before = Scene.honest(gifts, len(people.budget), len(quality))
    after = before
    for attack in parts.attacks:
        after = attack.strike(rng["attacks"], after)
    weights = parts.identity.weigh(rng["identity"], after.sybil, scenario.rules.weights)
    honest = None if weights is None else weights[: before.accounts]
    quality = quality if people.quality is None else people.quality
    return World(replication, quality, people, before, after, honest, weights)
