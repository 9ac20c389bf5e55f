"""Connection-oriented cluster match: equal to the dense formula and to other people's numbers, also without numba."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qf.errors import InvariantError
from qf.kernels import connection as kernel
from qf.kernels.connection import connection_match
from tests.reference.twin_connection import connection_matches
from tests.reference.twin_pairwise import Table, compressed, random_table

KERNELS = [name for name, value in vars(kernel).items() if hasattr(value, "py")]

RULES = [{"style": style, "harsh": harsh} for style, harsh in product(("markov", "pct_friends"), (True, False))]

each_rule = pytest.mark.parametrize("rules", RULES, ids=lambda rules: f"{rules['style']}-{rules['harsh']}")

amounts = st.one_of(st.just(0.0), st.just(0.0), st.integers(1, 100_000).map(lambda cents: cents / 100))


def tables(donors: int) -> st.SearchStrategy[Table]:
    """Return tables of 1 to 5 columns."""
    rows = st.integers(1, 5).map(lambda size: st.lists(amounts, min_size=size, max_size=size))
    return rows.flatmap(lambda row: st.lists(row, min_size=donors, max_size=donors))


def matched(table: Table, groups: Table | None = None, **rules: Any) -> list[float]:
    if groups is not None:
        rules |= {"groups": compressed(groups), "groups_count": len(groups[0])}
    return connection_match(*compressed(table), projects=len(table[0]) if table else 3, **rules).tolist()


def expected(table: Table, groups: Table | None = None, **rules: Any) -> Any:
    twin = connection_matches(np.array(table), None if groups is None else np.array(groups), **rules)
    return pytest.approx(twin.tolist(), rel=1e-12, abs=1e-12 * float(np.sum(table)))


@each_rule
@given(data=st.data(), donors=st.integers(1, 8))
def test_matches_equal_the_twin_when_rounds_are_arbitrary(
    rules: dict[str, Any], data: st.DataObject, donors: int
) -> None:
    table = data.draw(tables(donors))
    assert matched(table, **rules) == expected(table, **rules)


@each_rule
@given(data=st.data(), donors=st.integers(1, 8))
def test_matches_equal_the_twin_when_groups_are_given(rules: dict[str, Any], data: st.DataObject, donors: int) -> None:
    table, groups = (data.draw(tables(donors)) for _ in range(2))
    assert matched(table, groups, **rules) == expected(table, groups, **rules)


@each_rule
@pytest.mark.parametrize(("width", "chunk"), [(1, 1), (3, 7), (kernel.WIDTH, kernel.CHUNK)])
def test_matches_equal_the_twin_whatever_is_worked_on_at_a_time(
    rules: dict[str, Any], width: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "WIDTH", width)
    monkeypatch.setattr(kernel, "CHUNK", chunk)
    table = random_table(40, 10)
    assert matched(table, **rules) == expected(table, **rules)


@each_rule
def test_matches_equal_the_twin_when_the_round_is_larger_than_a_block(rules: dict[str, Any]) -> None:
    table = random_table(kernel.CHUNK + 44, kernel.WIDTH + 12)
    assert matched(table, **rules) == expected(table, **rules)


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("COCM_markov_harsh", {}),
        ("COCM_markov_soft", {"harsh": False}),
        ("COCM_pct_friends_harsh", {"style": "pct_friends"}),
    ],
)
def test_matches_equal_qf_calculator(shared: Path, name: str, rules: dict[str, Any]) -> None:
    for case in json.loads((shared / "vectors/gitcoin_variants.json").read_text("utf-8"))["cases"]:
        published = pytest.approx(list(case["raw"][name].values()), rel=1e-9, abs=0)
        assert matched(case["donations"], **rules) == published, case["name"]


@each_rule
def test_bits_are_equal_when_numba_is_missing(rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr(kernel, "WIDTH", 4)
    monkeypatch.setattr(kernel, "CHUNK", 16)
    table, groups = random_table(50, 7), random_table(50, 9, seed=2)
    fast = matched(table, **rules), matched(table, groups, **rules)
    for name in KERNELS:
        monkeypatch.setattr(kernel, name, getattr(kernel, name).py)
    assert len(KERNELS) >= 5
    assert min(fast[0]) > 0
    assert (matched(table, **rules), matched(table, groups, **rules)) == fast


@each_rule
def test_groups_are_the_projects_when_none_are_given(rules: dict[str, Any]) -> None:
    table = random_table(60, 8)
    assert matched(table, **rules) == matched(table, table, **rules)


@each_rule
def test_donors_without_groups_or_gifts_are_ignored(rules: dict[str, Any]) -> None:
    table, groups = random_table(30, 4), random_table(30, 6, seed=2)
    extra = [[5.0, 1.0, 0.0, 2.0], [0.0] * 4], [[0.0] * 6, [1.0, 0.0, 2.0, 0.0, 0.0, 0.0]]
    both = [i for i in range(30) if any(table[i]) and any(groups[i])]
    alone = matched([table[i] for i in both], [groups[i] for i in both], **rules)
    assert matched(table + extra[0], groups + extra[1], **rules) == alone


@each_rule
def test_unit_of_group_weights_and_order_of_donors_move_only_last_digits(rules: dict[str, Any]) -> None:
    table, groups = random_table(50, 5), random_table(50, 6, seed=2)
    scaled = [[1000 * weight for weight in row] for row in groups[::-1]]
    found = matched(table[::-1], scaled, **rules)
    assert found == pytest.approx(matched(table, groups, **rules), rel=1e-12)


@pytest.mark.parametrize("style", ["markov", "pct_friends"])
def test_harsh_matches_scale_with_the_amounts(style: str) -> None:
    table = random_table(50, 6)
    scaled = [[1000 * amount for amount in row] for row in table]
    assert matched(scaled, style=style) == pytest.approx([1000 * match for match in matched(table, style=style)])


@pytest.mark.parametrize(
    "table",
    [
        [],
        [[0.0] * 3] * 4,
        [[5.0, 1.0, 2.0]],
        [[5.0, 0.0, 0.0]],
        [[5.0, 0.0, 0.0]] * 3,
        [[1.0, 2.0, 3.0], [9.0, 1.0, 1.0]],
        [[1.0, 0.0, 0.0], [0.0, 2.0, 3.0]],
        [[1.0, 0.0, 0.0], [1.0, 2.0, 3.0], [0.0, 0.0, 7.0]],
    ],
    ids=["nobody", "zeros", "single", "single of one", "one project", "all of all", "disjoint", "one of one or all"],
)
@pytest.mark.parametrize("style", ["markov", "pct_friends"])
def test_harsh_matches_are_exactly_zero_when_nobody_connects_two_groups(table: Table, style: str) -> None:
    assert matched(table, style=style) == [0.0, 0.0, 0.0]


@each_rule
def test_one_project_or_none_match_nothing(rules: dict[str, Any]) -> None:
    assert matched([[1.0], [4.0]], **rules) == [0.0]
    assert connection_match(*compressed([[], []]), projects=0, **rules).tolist() == []
    assert matched([[1.0, 2.0], [4.0, 1.0]], [[], []], **rules) == [0.0, 0.0]


@each_rule
def test_zero_entries_count_as_absent(rules: dict[str, Any]) -> None:
    table = [[1.0, 2.0, 0.0], [0.0, 3.0, 4.0], [5.0, 0.0, 6.0]]
    start, project = np.array([0, 3, 6, 9]), np.array([0, 1, 2] * 3, dtype=np.int32)
    found = connection_match(start, project, np.array(table).ravel(), projects=3, **rules)
    assert found.tolist() == matched(table, **rules)
    with_groups = connection_match(
        *compressed(table), projects=3, groups=(start, project, np.array(table).ravel()), groups_count=3, **rules
    )
    assert with_groups.tolist() == matched(table, **rules)


@each_rule
def test_half_of_all_entries_present_is_no_special_case(rules: dict[str, Any]) -> None:
    table = (np.random.default_rng(3).random((40, 12)).round(2) + 0.01) * (np.arange(480).reshape(40, 12) % 7 < 4)
    assert matched(table.tolist(), **rules) == expected(table.tolist(), **rules)


def test_a_member_counts_as_such_when_its_group_is_far() -> None:
    """k = 1 for a member, though a walk rarely returns to so small a share."""
    table = [[1e9, 1e-3, 0.0], [1e9, 0.0, 1.0], [0.0, 1.0, 1.0]]
    assert matched(table, harsh=True) == expected(table, style="markov", harsh=True)


def test_closeness_never_exceeds_one_when_shares_round_up() -> None:
    """Seven whales hold group 0 and live in group 1: the first donor is as close to 1 as a float can tell."""
    random = np.random.default_rng(1)
    for _ in range(100):
        groups = [[1e-30, 0.0], [0.0, 1.0], *([weight, 1e30] for weight in random.random(7).tolist())]
        table = [[5.0, 0.0], [5.0, 0.0], *([[0.0, 1.0]] * 7)]
        assert matched(table, groups) == [pytest.approx(0.0, abs=1e-6), 0.0]


@pytest.mark.parametrize(
    "fault",
    [
        {"style": "og"},
        {"groups": compressed([[1.0], [1.0]])},
        {"groups_count": 2},
        {"groups": compressed([[1.0]]), "groups_count": 1},
        {"groups": compressed([[1.0, 1.0], [1.0, 0.0]]), "groups_count": 1},
        {"groups": (np.array([0, 1, 2]), np.array([0, 0], dtype=np.int32), np.array([1.0, -1.0])), "groups_count": 1},
        {"amount": np.array([1.0, np.nan, 1.0])},
        {"project": np.array([1, 0, 0], dtype=np.int32)},
        {"project": np.array([0, 2, 0], dtype=np.int32)},
    ],
)
def test_a_broken_promise_is_refused(fault: dict[str, Any]) -> None:
    promised = {"start": np.array([0, 2, 3]), "project": np.array([0, 1, 0], dtype=np.int32), "amount": np.ones(3)}
    with pytest.raises(InvariantError):
        connection_match(**{**promised, "projects": 2, **fault})
