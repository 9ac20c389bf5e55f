"""Means and intervals of a report, against scipy's own tests and by counting."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from simulations.report.statistics import estimate, paired, values_of

SEED = 20261125


def test_estimate_when_values_are_drawn_then_its_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(SEED).gamma(2.0, size=37)
    found = estimate(values)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), theirs.low, theirs.high), rel=1e-12)


def test_estimate_when_it_is_repeated_then_19_of_20_intervals_hold_the_mean() -> None:
    rng = np.random.default_rng(SEED)
    found = [estimate(rng.standard_normal(12)) for _ in range(4000)]
    held = sum(each.low <= 0 <= each.high for each in found)
    assert abs(held - 3800) < 4 * math.sqrt(4000 * 0.95 * 0.05)


def test_estimate_when_there_are_fewer_than_two_values_then_there_is_no_interval() -> None:
    one, none = estimate(np.array([2.0, math.nan])), estimate(np.array([math.nan]))
    assert (one.mean, one.count, math.isnan(one.low), one.sure) == (2.0, 1, True, False)
    assert (math.isnan(none.mean), none.count) == (True, 0)


def test_paired_when_both_met_the_same_donors_then_it_is_the_paired_test_of_scipy() -> None:
    rng = np.random.default_rng(SEED)
    luck = rng.standard_normal(50)
    first, second = luck + 0.1 * rng.standard_normal(50), luck + 0.05 + 0.1 * rng.standard_normal(50)
    rows = [(r, name, value) for r in range(50) for name, value in (("a", first[r]), ("b", second[r]))]
    runs = pl.DataFrame(rows, schema=["replication", "mechanism", "m"], orient="row")
    (found,) = paired(runs, "m").values()
    theirs = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)
    apart = estimate(values_of(runs, "m")["b"])
    assert found.high - found.low < (apart.high - apart.low) / 3


def test_values_when_cells_met_the_same_donors_then_they_are_not_counted_as_more_replications() -> None:
    luck = np.random.default_rng(SEED).standard_normal(20)
    rows = [(cell, r, "a", luck[r] + cell) for cell in range(10) for r in range(20)]
    runs = pl.DataFrame(rows, schema=["cell", "replication", "mechanism", "m"], orient="row")
    alone, all_cells = (estimate(values_of(part, "m")["a"]) for part in (runs.filter(pl.col("cell") == 0), runs))
    assert all_cells.count == alone.count == 20
    assert all_cells.high - all_cells.low == pytest.approx(alone.high - alone.low, rel=1e-12)
    assert all_cells.mean == pytest.approx(alone.mean + 4.5)


def test_values_when_a_replication_has_none_then_pairs_stay_together() -> None:
    rows = [(0, "a", 1.0), (0, "b", math.nan), (1, "a", 2.0), (1, "b", 5.0)]
    runs = pl.DataFrame(rows, schema=["replication", "mechanism", "m"], orient="row")
    assert paired(runs, "m")["b"].mean == 3.0
