"""Sums per (identity, project): exact, sorted, order-free, and the same on every path."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels import aggregate as kernel
from qf.kernels import compiled as engine
from qf.kernels.aggregate import Entries, aggregate, largest

Row = tuple[int, int, int]

IDENTITIES, PROJECTS = 9, 7

sizes = st.one_of(st.integers(0, 9), st.integers(0, 2**40), st.integers(2**60, 2**63 + 9), st.integers(0, 2**96))
rows_of_a_round = st.lists(st.tuples(st.integers(0, IDENTITIES - 1), st.integers(0, PROJECTS - 1), sizes), max_size=40)
on_each_engine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test once with numba and once as if numba were not installed."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    monkeypatch.setattr(engine, "has_compiler", lambda: request.param == "compiled")
    return str(request.param)


def amounts_of(values: list[int]) -> NDArray[Any]:
    wide = any(value >= 2**63 for value in values)
    return np.array(values, dtype=object if wide else np.int64)


def aggregated(rows: list[Row], identities: int = IDENTITIES, projects: int = PROJECTS) -> Entries:
    identity, project, amount = zip(*rows, strict=True) if rows else ((), (), ())
    codes = np.array(identity, dtype=np.int32), np.array(project, dtype=np.int32)
    return aggregate(*codes, amounts_of(list(amount)), identities=identities, projects=projects)


def as_dict(entries: Entries) -> dict[tuple[int, int], int]:
    identity = np.repeat(np.arange(len(entries.start) - 1), np.diff(entries.start)).tolist()
    keys = list(zip(identity, entries.project.tolist(), strict=True))
    assert keys == sorted(set(keys))
    return dict(zip(keys, entries.amount.tolist(), strict=True))


def naive(rows: list[Row]) -> dict[tuple[int, int], int]:
    sums: defaultdict[tuple[int, int], int] = defaultdict(int)
    for identity, project, amount in rows:
        sums[identity, project] += amount
    return dict(sums)


def assert_same(left: Entries, right: Entries) -> None:
    columns: list[tuple[NDArray[Any], NDArray[Any]]] = list(zip(left, right, strict=True))
    for a, b in columns:
        assert a.dtype == b.dtype
        assert a.tolist() == b.tolist()


def random_columns(rows: int, identities: int, projects: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    random = np.random.default_rng(rows)
    identity, project = random.integers(0, identities, rows), random.integers(0, projects, rows)
    return identity, project, random.integers(0, 2**40, rows)


@given(rows=rows_of_a_round)
@on_each_engine
def test_entries_equal_a_dict_of_sums_when_rows_are_arbitrary(rows: list[Row]) -> None:
    entries = aggregated(rows)
    assert as_dict(entries) == naive(rows)
    fits = all(total < 2**63 for total in naive(rows).values())
    assert entries.amount.dtype == (np.int64 if fits else object)
    assert [entries.start.dtype, entries.project.dtype] == [np.dtype(np.int64), np.dtype(np.int32)]


@given(rows=rows_of_a_round, random=st.randoms())
@on_each_engine
def test_entries_are_unchanged_when_rows_are_shuffled_and_split(rows: list[Row], random: Any) -> None:
    parts = [part for i, p, amount in rows for part in ((i, p, amount // 3), (i, p, amount - amount // 3))]
    random.shuffle(parts)
    assert_same(aggregated(parts), aggregated(rows))


def test_entries_are_unchanged_when_code_types_and_layouts_differ() -> None:
    identity, project, amount = random_columns(5_000, 300, 40)
    expected = aggregate(identity, project, amount, identities=300, projects=40)
    strided = np.column_stack([identity, project])
    frozen = amount.copy()
    frozen.flags.writeable = False
    variants: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = [
        (identity.astype(np.int32), project.astype(np.int32), amount),
        (identity.astype(np.uint16), project.astype(np.int8), frozen),
        (strided[:, 0], strided[:, 1], amount.astype(object)),
    ]
    for columns in variants:
        assert_same(aggregate(*columns, identities=300, projects=40), expected)


def test_inputs_are_left_alone_when_aggregated() -> None:
    columns = random_columns(5_000, 300, 40)
    copies = [column.copy() for column in columns]
    aggregate(*columns, identities=300, projects=40)
    assert all((column == copy).all() for column, copy in zip(columns, copies, strict=True))


@pytest.mark.parametrize(("identities", "projects"), [(0, 0), (3, 0), (0, 3), (3, 2)])
def test_there_are_no_entries_when_there_are_no_rows(identities: int, projects: int) -> None:
    entries = aggregated([], identities, projects)
    assert [column.tolist() for column in entries] == [[0] * (identities + 1), [], []]
    assert [column.dtype for column in entries] == [np.int64, np.int32, np.int64]


def test_a_pair_keeps_its_entry_when_its_sum_is_zero() -> None:
    assert as_dict(aggregated([(1, 2, 0), (1, 2, 0)])) == {(1, 2): 0}


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([2**62, 2**62 - 1], np.int64),
        ([2**62, 2**62], object),
        ([2**63], object),
        ([2**63 - 1], np.int64),
        ([2**62, 2**61, 2**61 - 1], np.int64),
    ],
)
def test_sums_are_int64_exactly_when_they_fit(values: list[int], dtype: type) -> None:
    entries = aggregated([(0, 0, value) for value in values])
    assert entries.amount.tolist() == [sum(values)]
    assert entries.amount.dtype == dtype


def test_sums_are_int64_when_each_fits_though_their_total_does_not() -> None:
    entries = aggregated([(i, 0, 2**62) for i in range(9)])
    assert entries.amount.tolist() == [2**62] * 9
    assert entries.amount.dtype == np.int64


def test_sorting_agrees_when_key_and_row_do_not_fit_one_integer(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = random_columns(5_000, 300, 40)
    packed = kernel.sum_by_sorting(*columns, 300, 40)
    monkeypatch.setattr(kernel, "INT64_BITS", 10)
    assert_same(Entries(*kernel.sum_by_sorting(*columns, 300, 40)), Entries(*packed))


@pytest.mark.parametrize("key_bits", [53, 54, 63])
def test_rows_are_in_order_of_their_keys_when_keys_fill_their_bits(key_bits: int) -> None:
    key = np.random.default_rng(key_bits).integers(0, 2**key_bits, 1_000, dtype=np.int64)
    assert key[kernel.ascending(key, key_bits)].tolist() == sorted(key.tolist())


@pytest.mark.parametrize(
    ("identity", "project", "amount"),
    [
        ([0, 1], [0], [1, 2]),
        ([3], [0], [1]),
        ([-1], [0], [1]),
        ([0], [2], [1]),
        ([0], [-1], [1]),
        ([0.0], [0], [1]),
        ([0], [0], [-1]),
        ([0], [0], [1.5]),
        ([0], [0], np.array([-(2**70)], dtype=object)),
        ([0], [0], np.array([2.5], dtype=object)),
        ([0], [0], np.array([np.int64(2)], dtype=object)),
        ([0], [0], np.array([1], dtype=np.uint64)),
    ],
)
def test_rows_are_refused_when_a_loop_could_not_trust_them(identity: Any, project: Any, amount: Any) -> None:
    with pytest.raises(InvariantError):
        aggregate(np.array(identity), np.array(project), np.array(amount), identities=3, projects=2)


def test_largest_counts_a_negative_integer_as_huge() -> None:
    assert largest(np.array([5, -1], dtype=np.int32)) == 2**32 - 1
    assert largest(np.array([5, 2**70], dtype=object)) == 2**70
