"""How long a round of a million donations takes from a Parquet file to a written, verified bundle.

QF_BENCH_BUNDLE_ROWS sets the number of donations (default 1,000,000); the limits in seconds are for that default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("polars", reason="polars is not installed")

import polars as pl

from qf.allocate import Totals, allocate
from qf.codec import read_donations, write_bundle
from qf.inputs import Inputs
from qf.rules import preset
from qf.settle import match
from qf.verify import verify

ROWS = int(os.environ.get("QF_BENCH_BUNDLE_ROWS", "1_000_000"))
"""Donations in the round."""

MAX_SECONDS = 5.0
"""From the Parquet file to the bundle."""

MAX_WRITING_SECONDS = 2.0
"""From a counted ledger and its result to the bundle."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A heavy-tailed round of 300,000 donors and 5,000 projects."""
    random = np.random.default_rng(1)
    donors, projects = 300_000 * random.random(ROWS) ** 1.5, 5_000 * random.random(ROWS) ** 2.5
    columns = {
        "donor": pl.Series(donors.astype(np.int64)).cast(pl.String),
        "project": "project-" + pl.Series(projects.astype(np.int64)).cast(pl.String),
        "amount": np.maximum(1, np.rint(random.lognormal(7, 1.5, ROWS))).astype(np.int64),
    }
    path = tmp_path_factory.mktemp("dataset") / "donations.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def settled(path: Path) -> tuple[Any, ...]:
    round = preset("yen", pool=10**12)
    inputs = Inputs(read_donations(path))
    counted, ideal = match(round, inputs)
    return round, inputs, allocate(round, ideal, inputs.prices, Totals.of(counted, ideal)), counted


def published(folder: Path, round: Any, inputs: Any, result: Any, counted: Any) -> Path:
    return write_bundle(folder, round, inputs, result, counted=counted)


def test_from_a_parquet_file_to_a_bundle(benchmark: Any, dataset: Path, tmp_path: Path) -> None:
    folder = published(tmp_path / "bundle", *settled(dataset))  # compiles what is compiled
    benchmark.pedantic(lambda: published(folder, *settled(dataset)), rounds=5)
    assert ROWS > 1_000_000 or benchmark.stats.stats.min < MAX_SECONDS


def test_from_a_result_to_a_bundle(benchmark: Any, dataset: Path, tmp_path: Path) -> None:
    made = settled(dataset)
    benchmark.pedantic(published, (tmp_path / "bundle", *made), rounds=5)
    assert ROWS > 1_000_000 or benchmark.stats.stats.min < MAX_WRITING_SECONDS


def test_verification(benchmark: Any, dataset: Path, tmp_path: Path) -> None:
    folder = published(tmp_path / "bundle", *settled(dataset))
    assert benchmark.pedantic(verify, (folder,), rounds=3).donations == ROWS
