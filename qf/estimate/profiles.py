"""What else the donors of a project support: examples to stand for a donor of whom nothing is known."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

import numpy as np

from qf.contributions import Contributions
from qf.estimate.stored import Pair

PROFILES = 3
"""How many donors are taken as examples: those a quarter, half and three quarters up by number of projects."""


def profiles(contributions: Contributions, given: Collection[str], project: str) -> list[dict[str, Pair]]:
    """Return what a few donors of `project` give to projects other than `given`, those who give to others at all.

    Always the same ones for the same contributions: donors are ranked by how many projects they support, then by name.
    """
    entries, names = contributions.entries, contributions.projects
    width = np.diff(entries.start)
    rows = np.repeat(np.arange(len(width)), width)
    donors = rows[entries.project == names.index(project)]
    donors = donors[np.argsort(width[donors], kind="stable")]
    chosen = {int(donors[len(donors) * k // (PROFILES + 1)]) for k in range(1, PROFILES + 1)} if len(donors) else set()
    found = []
    for row in sorted(chosen):
        part = slice(int(entries.start[row]), int(entries.start[row + 1]))
        others = zip(entries.project[part].tolist(), entries.amount[part].tolist(), strict=True)
        found.append({names[p]: Pair(Fraction(amount), amount) for p, amount in others if names[p] not in given})
    return [profile for profile in found if profile]
