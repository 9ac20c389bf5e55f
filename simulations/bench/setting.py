"""What QF-Bench runs: made-up rounds like four real ones, and every mechanism and attack. Frozen: see `VERSION`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulations.gifts import CENTS
from simulations.population.configuration import Configuration
from simulations.population.fit import read_fit
from simulations.scenario import Scenario, scenario_of

VERSION = 1
"""Of the setting. Whatever changes a figure makes it another benchmark, with another number."""

SEED = 20_250_601
"""Of all replications."""

TASTE = 1.0
"""Standard deviation of what a donor thinks of a project about its quality, on a logarithmic scale."""

MERIT = 0.5
"""How much the fame of a project tells of its quality. Data cannot say; the page shows 0 and 1 as well."""


@dataclass(frozen=True, slots=True)
class Track:
    """A round that is made up.

    Attributes:
        fit: the real round whose degrees, amounts and overlap it has.
        pool: in units; what the real round had, or was assumed to have.
        replications: how often it is drawn.
    """

    fit: str
    pool: int
    replications: int


TRACKS: Mapping[str, Track] = {
    "tegr2": Track("tegr2", 25_000, 20),
    "tegr3": Track("tegr3", 50_000, 20),
    "gr3": Track("gr3", 100_000, 20),
    "gr9": Track("gr9", 500_000, 2),
}
"""The rounds, by name."""

MECHANISMS: tuple[str, ...] = (
    "quadratic",
    "pairwise:strength=25",
    "pairwise:strength=0.01",
    "cluster_profile",
    "cluster_connection:when_disjoint=quadratic",
    "cluster_connection:variant=soft,when_disjoint=quadratic",
    "mix",
    "quadratic_voting",
    "headcount",
    "proportional",
    "equal",
)
"""Every mechanism of `qf` that needs nothing but gifts. `alpha_constrained`, and `tunable` without boosts, divide a
pool that is paid out in full as `quadratic` does; `cluster_declared` needs groups, and here nobody declared any."""

ATTACKS: Mapping[str, Mapping[str, Any]] = {
    "sybil": {"model": "sybil", "accounts": 100, "amount": 1.0},
    "sybil, cover 1": {"model": "sybil", "accounts": 100, "amount": 1.0, "cover": 1, "cover_amount": 1.0},
    "sybil, cover 2": {"model": "sybil", "accounts": 100, "amount": 1.0, "cover": 2, "cover_amount": 1.0},
    "split": {"model": "split", "money": 300.0, "accounts": 20},
    "ring": {"model": "ring", "members": 20, "amount": 10.0, "reward": 1.0},
    "reciprocal": {"model": "reciprocal", "owners": 3, "amount": 100.0},
    "fork": {"model": "fork", "copies": 2, "part": 0.5},
    "last minute": {"model": "last_minute", "accounts": 100, "amount": 1.0},
    "bribery": {"model": "bribery", "reach": 0.1, "part": 0.5, "price": 0.2},
    "deleted donors": {"model": "deleted_donors", "part": 0.1},
    "added donors": {"model": "added_donors", "donors": 50, "amount": 1.0},
    "wash": {"model": "wash", "amount": 300.0, "passes": 1},
    "airdrop": {"model": "airdrop", "accounts": 200, "projects": 5, "amount": 0.1},
}
"""The attacks, by name; targets are random projects, accounts cost nothing."""


def scenario(track: str, attack: str | None = None, *, merit: float = MERIT) -> Scenario:
    """Return the scenario of a track under an attack.

    Args:
        track: one of `TRACKS`.
        attack: one of `ATTACKS`; None: nobody attacks.
        merit: how much fame tells of quality, 0 to 1.
    """
    chosen = TRACKS[track]
    fit = read_fit(chosen.fit)
    spread = round(fit.fame_spread, 3)  # quality is as unequal as fame
    focus = Configuration(chosen.fit, taste=TASTE).usual_focus(spread)
    return scenario_of(
        {
            "scenario": {
                "id": f"qf-bench-{VERSION}-{track}",
                "seed": SEED,
                "replications": chosen.replications,
                "mechanisms": MECHANISMS,
            },
            "pool": {"amount": str(chosen.pool * CENTS)},
            "projects": {"count": fit.projects, "spread": spread},
            "population": {"model": "configuration", "fit": chosen.fit, "merit": merit, "taste": TASTE},
            "behaviour": {"model": "habit", "focus": round(focus, 6), "least": 0.0},
            "attacks": [] if attack is None else [dict(ATTACKS[attack])],
        }
    )


def setting_digest() -> str:
    """Return the SHA-256 of the digests of all scenarios: of everything the benchmark depends on but the code."""
    digests = [scenario(track, attack).digest for track in TRACKS for attack in (None, *ATTACKS)]
    return hashlib.sha256("".join(digests).encode()).hexdigest()
