"""How near the generated rounds of the benchmark are to the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulations.attacks import Scene
from simulations.bench.setting import TRACKS, scenario
from simulations.population.fit import read_fit, statistics
from simulations.world import world

DRAWS = 5
"""How many rounds are generated to compare, at most as many as the track has replications."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was counted in a real round, and on average in generated ones."""

    track: str
    real: Mapping[str, float]
    made: Mapping[str, float]


def compared(track: str, draws: int = DRAWS) -> Compared:
    """Return the statistics of the real round of a track, and their means over generated rounds."""
    draws = min(draws, TRACKS[track].replications)
    found = [statistics_of(world(scenario(track), number).before) for number in range(draws)]
    real = read_fit(TRACKS[track].fit).facts
    return Compared(track, real, {name: float(np.mean([each[name] for each in found])) for name in real})


def statistics_of(scene: Scene) -> dict[str, float]:
    """Return the statistics of a round; see `simulations.population.fit.statistics`."""
    cents = np.zeros((scene.accounts, scene.projects), dtype=np.int64)
    np.add.at(cents, (scene.gifts.donor, scene.gifts.project), scene.gifts.amount)
    return statistics(cents)
