"""Sums of products per project: exact whatever their size, and the same on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qf.kernels import compiled as engine
from qf.kernels import sums as kernel
from qf.kernels.sums import NOTHING, PairSums, Term

PROJECTS = 4

values = st.one_of(st.integers(0, 9), st.integers(2**63 - 9, 2**63 - 1), st.integers(0, 2**100))
factors = st.one_of(st.integers(0, 9), st.integers(2**31 - 9, 2**31 + 9), st.integers(0, 2**100))
addends = st.lists(st.tuples(st.integers(0, PROJECTS - 1), values, factors, values, factors), min_size=1, max_size=20)
kinds = st.tuples(*[st.sampled_from(["nothing", "value", "product"])] * 2)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test once with numba and once as if numba were not installed."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    monkeypatch.setattr(engine, "has_compiler", lambda: request.param == "compiled")
    return str(request.param)


def as_array(numbers: list[int]) -> NDArray[Any]:
    return np.array(numbers, dtype=object if max(numbers) >= 2**63 else np.int64)


@given(parts=st.lists(st.tuples(addends, kinds), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_sums_equal_python_when_terms_have_any_size(parts: list[tuple[list[tuple[int, ...]], tuple[str, str]]]) -> None:
    sums, expected, counts = PairSums(PROJECTS), ([0] * PROJECTS, [0] * PROJECTS), [0] * PROJECTS
    for part, (first, second) in parts:
        project, *columns = (list(column) for column in zip(*part, strict=True))
        sums.add(np.array(project), term(first, *columns[:2]), term(second, *columns[2:]))
        for code, a, a_factor, b, b_factor in part:
            expected[0][code] += number(first, a, a_factor)
            expected[1][code] += number(second, b, b_factor)
            counts[code] += 1
    assert (sums.totals(), sums.addends()) == (expected, counts)


def term(kind: str, value: list[int], factor: list[int]) -> Term:
    if kind == "nothing":
        return NOTHING
    return as_array(value), as_array(factor) if kind == "product" else None


def number(kind: str, value: int, factor: int) -> int:
    return {"nothing": 0, "value": value, "product": value * factor}[kind]


def test_limbs_are_exact_when_emptied_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LIMB_ADDENDS", 4)
    sums = PairSums(2)
    top, factor = np.array([2**63 - 1] * 3), np.array([2**31 - 1] * 3)
    for _ in range(5):
        sums.add(np.array([1, 1, 0]), (top, factor), (top, None))
    product = (2**63 - 1) * (2**31 - 1)
    expected = [5 * product, 10 * product], [5 * (2**63 - 1), 10 * (2**63 - 1)]
    assert (sums.totals(), sums.totals(), sums.addends()) == (expected, expected, [5, 10])


def test_limbs_do_not_overflow_when_they_hold_all_the_addends_they_may() -> None:
    largest_addend = max((2**32 - 1) + (2**31 - 1), 2**32 - 1)
    assert kernel.LIMB_ADDENDS * largest_addend < 2**63


def test_compiled_loop_agrees_when_interpreted() -> None:
    loop: Any = kernel.add_compiled
    random = np.random.default_rng(5)
    project, value, factor = random.integers(0, 3, 99), random.integers(0, 2**63, 99), random.integers(0, 2**31, 99)
    pairs: list[tuple[Term, Term]] = [
        ((value, None), NOTHING),
        ((value, factor), (value, None)),
        (NOTHING, (value, factor)),
    ]
    for first, second in pairs:
        interpreted, vector = np.zeros((3, kernel.ROW), dtype=np.int64), np.zeros((3, kernel.ROW), dtype=np.int64)
        loop.py(project, *first, *second, interpreted)
        kernel.add_numpy(project, *first, *second, vector)
        assert interpreted.tolist() == vector.tolist()
