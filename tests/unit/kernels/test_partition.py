"""Counting sorts inside partitions: the same sums as one sort in NumPy, for rounds of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qf.kernels import partition
from qf.kernels.aggregate import sum_by_sorting
from qf.kernels.partition import sum_by_partition

pytest.importorskip("numba")

LOOPS = ("count_partitions", "move_rows", "sort_by_digit", "merge_equal")


def random_columns(rows: int, identities: int, projects: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    random = np.random.default_rng(rows)
    identity, project = random.integers(0, identities, rows), random.integers(0, projects, rows)
    return identity, project, random.integers(0, 2**40, rows)


def assert_same(left: tuple[NDArray[Any], ...], right: tuple[NDArray[Any], ...]) -> None:
    for a, b in zip(left, right, strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("rows", "identities", "projects"),
    [
        pytest.param(200_000, 50_000, 500, id="many partitions"),
        pytest.param(200_000, 1, 500, id="one identity"),
        pytest.param(200_000, 50_000, 1, id="one project"),
        pytest.param(50_000, 3, 100_000, id="many projects"),
        pytest.param(100, 300_000, 20, id="few rows"),
        pytest.param(100_000, 4_095, 1 << 19, id="keys fill int32"),
        pytest.param(100_000, 8_191, 1 << 19, id="keys beyond int32"),
    ],
)
def test_sums_equal_those_by_sorting_when_shapes_are_extreme(rows: int, identities: int, projects: int) -> None:
    columns = random_columns(rows, identities, projects)
    assert_same(sum_by_partition(*columns, identities, projects), sum_by_sorting(*columns, identities, projects))


def test_sums_equal_those_by_sorting_when_one_partition_holds_almost_all() -> None:
    identity, project, amount = random_columns(200_000, 40_000, 50)
    identity[1_000:] = 39_999
    columns = identity, project, amount
    assert_same(sum_by_partition(*columns, 40_000, 50), sum_by_sorting(*columns, 40_000, 50))


def test_compiled_loops_agree_when_interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "PARTITION_ROWS", 64)
    columns = random_columns(2_000, 300, 40)
    sums = sum_by_partition(*columns, 300, 40)
    for name in LOOPS:
        loop: Any = getattr(partition, name)
        monkeypatch.setattr(partition, name, loop.py)
    assert_same(sum_by_partition(*columns, 300, 40), sums)
