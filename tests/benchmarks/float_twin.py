"""What exactness is compared with: the same rounds, drawn once, and the same sums in float64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qf.kernels.compiled import compiled
from qf.kernels.partition import sum_by_partition


class Columns(NamedTuple):
    """Donations of one round, 16 bytes a row: codes of identity and project, amounts in round units."""

    identity: NDArray[np.int32]
    project: NDArray[np.int32]
    amount: NDArray[np.int64]


Floats = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]
"""The columns with amounts in float64."""


class Round(NamedTuple):
    """Donations and the sizes of the round."""

    columns: Columns
    identities: int
    projects: int


def heavy_tailed_round(rows: int, projects: int, seed: int = 1) -> Round:
    """Return a round in which the median donor gives two projects, and a few give hundreds.

    Gifts per donor and amounts are log-normal; a project's share of the gifts falls like a power law.
    """
    random = np.random.default_rng(seed)
    donors = max(1, rows * 2 // 7)
    gifts = np.clip(np.rint(random.lognormal(0.9, 0.85, donors)), 1, projects).astype(np.int64)
    identity = np.resize(np.repeat(np.arange(donors, dtype=np.int32), gifts), rows)
    random.shuffle(identity)
    rank = (projects * random.random(rows) ** 2.5).astype(np.int32)
    project = random.permutation(projects).astype(np.int32)[rank]
    amount = np.maximum(1, np.rint(random.lognormal(7, 1.5, rows))).astype(np.int64)
    return Round(Columns(identity, project, amount), donors, projects)


def float_sums(columns: Floats, identities: int, projects: int) -> NDArray[np.float64]:
    """Return sum of sqrt(c), sum of c and donors per project, in float64: shape (projects, 3).

    The very loops of the exact path, on float64 amounts, and then one loop instead of the exact sums.
    """
    _, project, amount = sum_by_partition(*columns, identities, projects)
    sums = np.zeros((projects, 4))
    _add_roots(project, amount, sums)
    return sums[:, :3]


@compiled
def _add_roots(project: NDArray[Any], amount: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    for entry in range(len(project)):
        sums[project[entry], 0] += np.sqrt(amount[entry])
        sums[project[entry], 1] += amount[entry]
        sums[project[entry], 2] += 1.0


def pandas_sums(columns: Floats) -> pd.DataFrame:
    """Return the same in pandas, as published settlement notebooks do it: two groupbys in float64."""
    frame = pd.DataFrame(dict(zip(("identity", "project", "amount"), columns, strict=True)))
    given = frame.groupby(["identity", "project"], sort=False)["amount"].sum()
    by_project = given.to_frame("direct").assign(root=np.sqrt(given)).groupby("project")
    return by_project.agg({"root": "sum", "direct": ["sum", "count"]})
