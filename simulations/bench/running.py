"""Every mechanism on every track under every attack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed

from simulations.bench.setting import ATTACKS, MERIT, TRACKS, scenario
from simulations.metrics import measure
from simulations.scenario import Scenario
from simulations.settling import Settled, settle_all
from simulations.world import World, world

HONEST = ""
"""What stands for no attack."""

KEPT = ("alignment", "welfare_ratio", "gini", "attack_profit", "captured", "moved")
"""The measures that the benchmark keeps."""

Row = dict[str, Any]
"""track, replication, attack, mechanism, error and what is in `KEPT`; money by the pool."""


def bench(
    tracks: Iterable[str] = tuple(TRACKS),
    attacks: Iterable[str] = tuple(ATTACKS),
    *,
    merit: float = MERIT,
    jobs: int = 1,
) -> list[Row]:
    """Return a row for every track, replication, attack (and none) and mechanism, in this order.

    Args:
        tracks: which of `TRACKS`.
        attacks: which of `ATTACKS`, after none.
        merit: how much fame tells of quality.
        jobs: how many processes; it changes nothing in the rows.
    """
    wanted = (HONEST, *attacks)
    tasks = [(track, number) for track in tracks for number in range(TRACKS[track].replications)]
    parts = Parallel(n_jobs=jobs)(delayed(one_round)(track, number, wanted, merit) for track, number in tasks)
    return [row for part in parts for row in part]


def one_round(track: str, replication: int, attacks: Sequence[str], merit: float = MERIT) -> list[Row]:
    """Return the rows of one replication: the same donors under each attack."""
    return list(_rows(track, replication, attacks, merit))


def _rows(track: str, replication: int, attacks: Sequence[str], merit: float) -> Iterator[Row]:
    calm: Settled | None = None
    for attack in attacks:
        chosen = scenario(track, attack or None, merit=merit)
        made = world(chosen, replication)
        calm = calm or _settled(chosen, made, attacked=False)
        after = _settled(chosen, made, attacked=True) if attack else calm
        first = after[chosen.choices[0].name]
        pool = chosen.rules.pool.amount / 10**chosen.rules.pool.decimals
        for choice in chosen.choices:
            found = measure(chosen, made, choice, calm[choice.name], after[choice.name], first)
            kept: Row = {name: found[name] for name in KEPT}
            kept["attack_profit"] = found["attack_profit"] / pool
            yield {
                "track": track,
                "replication": replication,
                "attack": attack,
                "mechanism": choice.name,
                **kept,
                "error": found["error"],
            }


def _settled(chosen: Scenario, made: World, *, attacked: bool) -> Settled:
    scene = made.after if attacked else made.before
    return settle_all(chosen.choices, scene.gifts, accounts=scene.accounts, projects=scene.projects)
