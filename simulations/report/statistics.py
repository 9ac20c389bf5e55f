"""Means over replications, with how sure one can be of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
"""Of all intervals that are shown, about this part holds the true mean."""


ROUNDING = 1e-9
"""Smaller differences, by the size of the values, come from floating point alone."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications.

    Attributes:
        mean: of the replications that have a value; nan if none has.
        low, high: ends of the confidence interval of the mean; nan with fewer than two values.
        count: how many values there are.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def estimate(values: Floats) -> Estimate:
    """Return mean and interval: mean +- t s / sqrt(n), s with n - 1, t of Student's distribution with n - 1 degrees.

    Replications are independent, so that the interval holds for large n whatever the distribution of the values.

    >>> estimate(np.array([1.0, 2.0, 3.0, np.nan]))
    Estimate(mean=2.0, low=-0.484..., high=4.484..., count=3)

    Args:
        values: one of each replication; nan: it has none.
    """
    from scipy.special import stdtrit

    there = values[~np.isnan(values)]
    count = len(there)
    mean = float(there.mean()) if count else math.nan
    if count < 2:
        return Estimate(mean, math.nan, math.nan, count)
    reach = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2) * there.std(ddof=1) / math.sqrt(count))
    return Estimate(mean, mean - reach, mean + reach, count)


def values_of(runs: pl.DataFrame, measure: str) -> dict[str, Floats]:
    """Return the values of a measure by mechanism, one of each replication, in order, shape (replications,) each.

    Of several cells it is the mean over them: cells meet the same donors, so that they are not independent of each
    other, and counting each would make intervals too narrow.

    Args:
        runs: one row for each run.
        measure: the column.
    """
    means = runs.group_by("mechanism", "replication", maintain_order=True).agg(pl.col(measure).fill_nan(None).mean())
    filled = means.sort("replication", maintain_order=True).with_columns(pl.col(measure).fill_null(math.nan))
    return {name: filled.filter(pl.col("mechanism") == name)[measure].to_numpy() for name in mechanisms_of(runs)}


def mechanisms_of(runs: pl.DataFrame) -> list[str]:
    """Return the mechanisms, in the order of the scenario."""
    return runs["mechanism"].unique(maintain_order=True).to_list()


def paired(runs: pl.DataFrame, measure: str) -> dict[str, Estimate]:
    """Return how much each mechanism but the first differs from the first in the same replications.

    Both met the same donors, so that the difference is known far better than either mean.
    """
    values = values_of(runs, measure)
    first, *others = values
    return {name: estimate(values[name] - values[first]) for name in others}


def has(runs: pl.DataFrame, measure: str) -> bool:
    """Return whether any run has a value of the measure."""
    return measure in runs.columns and bool(runs[measure].is_not_nan().any())


def varies(values: pl.Series) -> bool:
    """Return whether the values that are there differ by more than rounding.

    >>> varies(pl.Series([0.1, 0.1 + 1e-15])), varies(pl.Series([0.1, 0.2, float("nan")]))
    (False, True)
    """
    there = values.fill_nan(None).drop_nulls().to_numpy()
    return bool(len(there) and np.ptp(there) > ROUNDING * (1 + np.abs(there).max()))
