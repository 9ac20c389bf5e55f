"""Sums per project: equal to the audit's, in any order, in any parts, on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qf.errors import InvariantError
from qf.kernels import compiled as engine
from qf.kernels import tally as kernel
from qf.kernels.aggregate import Entries, aggregate
from qf.kernels.tally import Tally, merge, tally
from tests.reference.twin_quadratic import Donation, quadratic_sums

IDENTITIES, PROJECTS = 6, 5

sizes = st.one_of(st.integers(0, 99), st.integers(0, 2**56), st.integers(2**56 - 9, 2**63 - 1), st.integers(0, 2**96))
rounds = st.lists(st.tuples(st.integers(0, IDENTITIES - 1), st.integers(0, PROJECTS - 1), sizes), max_size=25)
one_weight = st.one_of(st.integers(0, 10_000), st.integers(0, 2**40))
weights = st.none() | st.lists(one_weight, min_size=IDENTITIES, max_size=IDENTITIES)
on_each_engine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test once with numba and once as if numba were not installed."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    monkeypatch.setattr(engine, "has_compiler", lambda: request.param == "compiled")
    return str(request.param)


def as_array(values: list[int] | None) -> NDArray[np.int64] | None:
    return None if values is None else np.array(values, dtype=np.int64)


def entries_of(rows: list[Donation], identities: int, projects: int) -> Entries:
    identity, project, amount = zip(*rows, strict=True) if rows else ((), (), ())
    wide = any(value >= 2**63 for value in amount)
    columns = np.array(identity, dtype=np.int32), np.array(project, dtype=np.int32)
    amounts = np.array(amount, dtype=object if wide else np.int64)
    return aggregate(*columns, amounts, identities=identities, projects=projects)


def tallied(
    rows: list[Donation],
    inner: list[int] | None = None,
    outer: list[int] | None = None,
    *,
    root_bits: int,
    identities: int = IDENTITIES,
    projects: int = PROJECTS,
    squared_roots: bool = True,
) -> Tally:
    entries = entries_of(rows, identities, projects)
    weights = {"inner": as_array(inner), "outer": as_array(outer)}
    return tally(entries, **weights, projects=projects, root_bits=root_bits, squared_roots=squared_roots)


def random_round(rows: int, identities: int, projects: int, top_bits: int) -> list[Donation]:
    random = np.random.default_rng(rows)
    amounts = (2.0 ** random.uniform(0, 52, rows)).astype(np.int64).tolist()
    scaled = [amount << max(0, top_bits - 52) | index % 2 for index, amount in enumerate(amounts)]
    identity, project = random.integers(0, identities, rows), random.integers(0, projects, rows)
    return list(zip(identity.tolist(), project.tolist(), scaled, strict=True))


@given(rows=rounds, inner=weights, outer=weights, root_bits=st.sampled_from([0, 1, 24, 40]))
@on_each_engine
def test_sums_equal_the_audit_when_rounds_are_arbitrary(
    rows: list[Donation], inner: list[int] | None, outer: list[int] | None, root_bits: int
) -> None:
    audit = quadratic_sums(rows, projects=PROJECTS, root_bits=root_bits, inner=inner, outer=outer)
    sums = tallied(rows, inner, outer, root_bits=root_bits)
    assert tuple(sums) == audit
    without = tallied(rows, inner, outer, root_bits=root_bits, squared_roots=False)
    assert without == sums._replace(squared_root_sum=[0] * PROJECTS)


@given(rows=rounds, random=st.randoms(), inner=weights)
@on_each_engine
def test_sums_are_unchanged_when_rows_are_shuffled_and_gifts_split(
    rows: list[Donation], random: Any, inner: list[int] | None
) -> None:
    parts = [part for i, p, amount in rows for part in ((i, p, amount // 3), (i, p, amount - amount // 3))]
    random.shuffle(parts)
    assert tallied(parts, inner, root_bits=24) == tallied(rows, inner, root_bits=24)


@given(rows=rounds, cut=st.integers(0, IDENTITIES))
@on_each_engine
def test_merged_tallies_equal_the_whole_when_identities_are_divided(rows: list[Donation], cut: int) -> None:
    low, high = ([row for row in rows if (row[0] < cut) is side] for side in (True, False))
    whole = tallied(rows, root_bits=24)
    assert merge(tallied(low, root_bits=24), tallied(high, root_bits=24)) == whole
    assert merge(tallied(high, root_bits=24), tallied(low, root_bits=24)) == whole


@pytest.mark.parametrize("convention", ["none", "inner", "outer", "both"])
def test_sums_equal_the_audit_when_a_hundred_thousand_donations_are_weighted(convention: str) -> None:
    rows = random_round(100_000, 30_000, 1_000, 41)
    drawn = np.random.default_rng(3).integers(0, 10_001, 30_000).tolist()
    inner = drawn if convention in ("inner", "both") else None
    outer = drawn[::-1] if convention in ("outer", "both") else None
    audit = quadratic_sums(rows, projects=1_000, root_bits=24, inner=inner, outer=outer)
    assert tuple(tallied(rows, inner, outer, root_bits=24, identities=30_000, projects=1_000)) == audit


def test_sums_equal_the_audit_when_a_million_donations_are_given() -> None:
    rows = random_round(1_000_000, 300_000, 1_000, 41)
    audit = quadratic_sums(rows, projects=1_000, root_bits=24)
    assert tuple(tallied(rows, root_bits=24, identities=300_000, projects=1_000)) == audit


def test_sums_equal_the_audit_when_amounts_are_wei_with_weights() -> None:
    rows = random_round(20_000, 3_000, 50, 96)
    drawn = np.random.default_rng(4).integers(0, 10_001, 3_000).tolist()
    audit = quadratic_sums(rows, projects=50, root_bits=40, inner=drawn, outer=drawn[::-1])
    assert tuple(tallied(rows, drawn, drawn[::-1], root_bits=40, identities=3_000, projects=50)) == audit


def test_sums_equal_the_audit_when_blocks_need_different_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "BLOCK_ENTRIES", 16)
    rows = [(i, p, 2**60 if i == 77 else i + p) for i in range(200) for p in range(3)]
    audit = quadratic_sums(rows, projects=3, root_bits=24)
    assert tuple(tallied(rows, root_bits=24, identities=200, projects=3)) == audit


def test_blocks_hold_every_entry_once_when_an_identity_is_larger_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "BLOCK_ENTRIES", 4)
    rows = [(i, p, 1 + p) for i, width in enumerate([0, 9, 0, 1, 4, 4, 0, 30, 0]) for p in range(width)]
    entries = entries_of(rows, 9, 30)
    blocks = list(kernel.blocks_of(entries, None, np.arange(9)))
    assert [value for block in blocks for value in block.amount.tolist()] == entries.amount.tolist()
    owners = [identity for identity, _, _ in sorted(rows)]
    assert [value for block in blocks for value in block.outer.tolist()] == owners  # type: ignore[union-attr]


@pytest.mark.parametrize(("identities", "projects"), [(0, 0), (4, 0), (0, 2), (4, 2)])
def test_sums_are_zero_when_nobody_gave(identities: int, projects: int) -> None:
    sums = tallied([], root_bits=24, identities=identities, projects=projects)
    assert sums == Tally(*([0] * projects for _ in Tally._fields))


def test_a_project_gets_the_root_of_the_sum_when_one_identity_gives_in_parts() -> None:
    sums = tallied([(0, 0, 1)] * 9, root_bits=0, identities=1, projects=1)
    assert sums == Tally([3], [9], [9], [9], [1])


def test_squared_roots_are_zero_when_not_asked_for() -> None:
    gifts = entries_of([(0, 0, 9), (1, 0, 16)], 2, 1)
    sums = tally(gifts, inner=None, outer=None, projects=1, root_bits=0)
    assert sums == Tally([7], [25], [0], [25], [2])


def test_sums_are_python_ints_when_computed_on_any_path() -> None:
    for amount in (5, 2**70):
        columns = tallied([(0, 0, amount)], [3] * IDENTITIES, root_bits=24)
        assert all(type(value) is int for column in columns for value in column)


def test_merging_is_refused_when_projects_differ() -> None:
    with pytest.raises(ValueError, match="1 and 2 projects"):
        merge(Tally([1], [1], [1], [1], [1]), Tally(*([0, 0] for _ in Tally._fields)))


GIFTS = Entries(np.array([0, 1, 2]), np.array([0, 1], dtype=np.int32), np.array([4, 9]))


@pytest.mark.parametrize(
    ("entries", "weights"),
    [
        (GIFTS, [1]),
        (GIFTS, [1, -1]),
        (GIFTS._replace(project=np.array([0, 2], dtype=np.int32)), [1, 1]),
        (GIFTS._replace(project=np.array([0, -1], dtype=np.int32)), [1, 1]),
        (GIFTS._replace(amount=np.array([4])), [1, 1]),
        (GIFTS._replace(start=np.array([0, 1, 3])), [1, 1]),
        (GIFTS._replace(amount=np.array([4, -9])), [1, 1]),
    ],
)
def test_entries_are_refused_when_a_loop_could_not_trust_them(entries: Entries, weights: list[int]) -> None:
    for inner, outer in ((np.array(weights), None), (None, np.array(weights))):
        with pytest.raises(InvariantError):
            tally(entries, inner=inner, outer=outer, projects=2, root_bits=24)
