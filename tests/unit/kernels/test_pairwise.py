"""Pairwise-bounded matching: equal to the naive twin and to other people's numbers, and the same bits without numba."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qf.errors import InvariantError
from qf.kernels import pairwise as kernel
from qf.kernels.pairwise import BLOCK, pairwise_match
from tests.reference.twin_pairwise import Table, compressed, pairwise_matches, random_table

amounts = st.one_of(st.just(0.0), st.integers(1, 10_000).map(lambda cents: cents / 100), st.floats(1e-18, 1e12))
strengths = st.floats(1e-3, 1e6)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Donors x projects, half of the donors with at most one project."""
    projects = draw(st.integers(1, 5))
    several = st.lists(amounts, min_size=projects, max_size=projects)
    one = st.tuples(st.integers(0, projects - 1), amounts).map(
        lambda at: [at[1] * (p == at[0]) for p in range(projects)]
    )
    return draw(st.lists(several | one, max_size=8))


def matched(table: Sequence[Sequence[float]], **options: Any) -> list[float]:
    return pairwise_match(*compressed(table), projects=len(table[0]) if table else 3, **options).tolist()


@given(table=tables(), strength=strengths, ordered=st.booleans())
def test_matches_equal_the_twin_when_rounds_are_arbitrary(table: Table, strength: float, ordered: bool) -> None:
    expected = pairwise_matches(table, strength=strength, ordered=ordered) or [0, 0, 0]
    assert matched(table, strength=strength, ordered=ordered) == pytest.approx(expected, rel=1e-12, abs=0)


@given(table=tables(), data=st.data())
def test_matches_equal_the_twin_when_pairs_have_weights_and_trust(table: Table, data: st.DataObject) -> None:
    size = {"min_size": len(table), "max_size": len(table)}
    weight = data.draw(st.lists(st.floats(0, 1), **size))
    trust = data.draw(st.lists(st.one_of(st.just(0.0), st.floats(0.5, 1.5)), **size))
    expected = pairwise_matches(table, strength=25, pair_weight=weight, trust=trust) or [0, 0, 0]
    found = matched(table, strength=25.0, pair_weight=np.array(weight), trust=np.array(trust))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_matches_equal_the_twin_when_the_round_is_larger_than_a_block() -> None:
    table = random_table(2 * BLOCK + 100, 3)
    assert matched(table, strength=25.0) == pytest.approx(pairwise_matches(table, strength=25), rel=1e-12)


@pytest.mark.parametrize("name", ["pairwise_M0.01", "pairwise_M25"])
def test_matches_equal_qf_calculator_when_each_pair_counts_once(shared: Path, name: str) -> None:
    for case in json.loads((shared / "vectors/gitcoin_variants.json").read_text("utf-8"))["cases"]:
        expected = list(case["raw"][name].values())
        found = matched(case["donations"], strength=float(name.partition("M")[2]), ordered=False)
        assert found == pytest.approx(expected, rel=1e-9), case["name"]


def test_matches_equal_the_old_clr_when_donors_are_trusted(shared: Path) -> None:
    cases = json.loads((shared / "vectors/clr_pairwise.json").read_text("utf-8"))["cases"]
    for case in cases:
        expected = [project["clr_amount"] for project in case["expected"]["grants"].values()]
        assert old_clr(case["input"]) == pytest.approx(expected, rel=1e-9), case["name"]
    assert len(cases) >= 5


def old_clr(case: dict[str, Any]) -> list[float]:
    """Return what the old CLR paid: capped, then scaled down to the pot, or up by a little."""
    names, donors = (list(dict.fromkeys(row[at] for row in case["contributions"])) for at in (0, 1))
    table = np.zeros((len(donors), len(names)))
    for name, donor, amount in case["contributions"]:
        table[donors.index(donor), names.index(name)] += amount
    trust = np.array([case["trust_bonus"][donor] for donor in donors])
    match = np.array(matched(table.tolist(), strength=case["v_threshold"], trust=trust, ordered=False))
    pot, cap = case["total_pot"], case["grant_clr_percentage_cap"]
    capped = np.minimum(match, pot * cap / 100) if cap else match
    total = float(capped.sum())
    scale = 1.0 if total == 0 else pot / total if total >= pot else 1 + log(pot / total) / 100
    return (capped * scale).tolist()


def test_bits_are_equal_when_numba_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    rows, random = compressed(random_table(60, 6)), np.random.default_rng(2)
    options = {"projects": 6, "strength": 25.0, "pair_weight": random.random(60), "trust": random.uniform(0.5, 1.5, 60)}
    fast = pairwise_match(*rows, **options)
    for name in ("add_shared_pairs", "add_lone_pairs"):
        monkeypatch.setattr(kernel, name, getattr(kernel, name).py)
    assert fast.min() > 0
    assert pairwise_match(*rows, **options).tobytes() == fast.tobytes()


def test_ordered_pairs_count_exactly_twice() -> None:
    table = random_table(50, 4)
    once = matched(table, strength=1.0, ordered=False)
    assert matched(table, strength=1.0) == [2 * match for match in once]


def test_order_of_donors_moves_nothing_but_last_digits() -> None:
    table = random_table(80, 5)
    assert matched(table[::-1], strength=25.0) == pytest.approx(matched(table, strength=25.0), rel=1e-13)


def test_everybody_who_gives_to_one_project_only_has_a_closed_form() -> None:
    donors, amount, strength = BLOCK + 1, 4.0, 12.0
    expected = donors * (donors - 1) * amount * strength / (strength + amount)
    assert matched([[amount, 0.0]] * donors, strength=strength) == pytest.approx([expected, 0.0], rel=1e-13)


def test_colluders_gain_at_most_the_bound_however_much_they_give() -> None:
    for amounts_given in ([1e12], [1e12, 1e6]):
        assert sum(matched([amounts_given] * 7, strength=25.0)) <= 7 * 6 * 25


def test_unbounded_strength_is_plain_quadratic_funding() -> None:
    table = random_table(40, 5)
    gifts = np.array(table)
    plain = np.sqrt(gifts).sum(axis=0) ** 2 - gifts.sum(axis=0)
    assert matched(table, strength=1e30) == pytest.approx(plain.tolist(), rel=1e-9)


@pytest.mark.parametrize("table", [[], [[0.0] * 3] * 4, [[5.0, 1.0, 2.0]], [[5.0, 0.0, 0.0]]])
def test_nothing_matches_when_there_are_no_two_donors(table: Table) -> None:
    assert matched(table, strength=25.0) == [0.0, 0.0, 0.0]


def test_nothing_matches_when_donors_are_disjoint() -> None:
    assert matched([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0]], strength=25.0) == [0.0] * 4


def test_no_projects_have_no_matches() -> None:
    assert pairwise_match(*compressed([[], []]), projects=0, strength=1.0).tolist() == []


def test_zero_entries_count_as_absent() -> None:
    start, project, amount = np.array([0, 2, 4]), np.array([0, 1, 0, 1], dtype=np.int32), np.array([4.0, 0.0, 9.0, 5.0])
    expected = matched([[4.0, 0.0], [9.0, 5.0]], strength=6.0)
    assert pairwise_match(start, project, amount, projects=2, strength=6.0).tolist() == expected


def test_inputs_are_left_as_they_were() -> None:
    rows = compressed(random_table(30, 4))
    before = [column.copy() for column in rows]
    pairwise_match(*rows, projects=4, strength=25.0)
    assert all((column == copy).all() for column, copy in zip(rows, before, strict=True))


@pytest.mark.parametrize(
    "fault",
    [
        {"start": np.array([0, 1])},
        {"start": np.array([1, 2, 3])},
        {"start": np.array([0, 4, 3])},
        {"start": np.array([], dtype=np.int64)},
        {"project": np.array([1, 0, 0], dtype=np.int32)},
        {"project": np.array([0, 0, 0], dtype=np.int32)},
        {"project": np.array([0, 2, 0], dtype=np.int32)},
        {"project": np.array([-1, 1, 0], dtype=np.int32)},
        {"project": np.array([0.0, 1.0, 0.0])},
        {"amount": np.array([1.0, -1.0, 1.0])},
        {"amount": np.array([1.0, np.inf, 1.0])},
        {"amount": np.array([1.0, np.nan, 1.0])},
        {"amount": np.array([1.0, 1.0])},
        {"amount": np.array([1, 1, 1])},
        {"strength": 0.0},
        {"strength": float("inf")},
        {"strength": float("nan")},
        {"trust": np.array([1.0, -0.5])},
        {"trust": np.array([1.0])},
        {"pair_weight": np.array([1.0, 1.5])},
        {"pair_weight": np.array([1.0, np.nan])},
        {"pair_weight": np.array([-0.1, 1.0])},
    ],
)
def test_a_broken_promise_is_refused(fault: dict[str, Any]) -> None:
    promised = {"start": np.array([0, 2, 3]), "project": np.array([0, 1, 0], dtype=np.int32), "amount": np.ones(3)}
    with pytest.raises(InvariantError):
        pairwise_match(**{**promised, "projects": 2, "strength": 25.0, **fault})
