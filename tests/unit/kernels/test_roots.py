"""Integer roots: each equals `math.isqrt`, above all next to perfect squares and at the limits of the vector path."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qf.errors import InvariantError
from qf.kernels import compiled as engine
from qf.kernels import roots as kernel
from qf.kernels.roots import ROOT_LIMIT_BITS, shifted_roots

ROOT_BITS = [0, 1, 8, 20, 21, 24, 31, 32, 33, 40, 51, 52, 64, 100, 2_000]

on_each_engine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test once with numba and once as if numba were not installed."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    monkeypatch.setattr(engine, "has_compiler", lambda: request.param == "compiled")
    return str(request.param)


def limit(root_bits: int) -> int:
    """Return the first value that the vector path does not take."""
    return 1 << min(63, max(0, 2 * (ROOT_LIMIT_BITS - root_bits)))


def assert_roots(values: list[int], root_bits: int) -> None:
    array = np.array(values, dtype=np.int64 if max(values) < 2**63 else object)
    roots = shifted_roots(array, root_bits)
    assert roots.tolist() == [isqrt(value << 2 * root_bits) for value in values]
    assert roots.dtype == (np.int64 if max(values) < limit(root_bits) else object)


@pytest.mark.parametrize("root_bits", ROOT_BITS)
def test_roots_are_exact_when_next_to_a_square(root_bits: int) -> None:
    top = isqrt((limit(root_bits) - 1) << 2 * root_bits)
    random = np.random.default_rng(root_bits)
    by_size = [int(random.integers(0, 2**62)) >> shift for shift in range(62) for _ in range(100)]
    roots = [*range(4), *(min(root, top) for root in by_size), *range(max(0, top - 500), top + 1)]
    near = {(root**2 >> 2 * root_bits) + step for root in roots for step in (-2, -1, 0, 1, 2)}
    assert_roots(sorted(value for value in near if 0 <= value < limit(root_bits)), root_bits)


@pytest.mark.parametrize("root_bits", ROOT_BITS)
def test_roots_are_exact_when_small_and_at_the_limit_of_the_vector_path(root_bits: int) -> None:
    assert_roots(list(range(min(20_000, limit(root_bits)))), root_bits)
    assert_roots(list(range(max(0, limit(root_bits) - 20_000), limit(root_bits))), root_bits)
    if limit(root_bits) < 2**63:
        assert_roots([0, 7, limit(root_bits)], root_bits)


@given(
    values=st.lists(st.one_of(st.integers(0, 2**24), st.integers(0, 2**56 - 1), st.integers(0, 2**130)), min_size=1),
    root_bits=st.sampled_from(ROOT_BITS),
)
@on_each_engine
def test_roots_are_exact_when_values_are_arbitrary(values: list[int], root_bits: int) -> None:
    assert_roots(values, root_bits)


@given(root=st.integers(0, 2**52 - 1), step=st.integers(-2, 2), root_bits=st.sampled_from([0, 1, 20, 24, 32, 40]))
@on_each_engine
def test_roots_are_exact_when_built_from_a_root(root: int, step: int, root_bits: int) -> None:
    assert_roots([min(limit(root_bits) - 1, max(0, (root * root >> 2 * root_bits) + step))], root_bits)


@pytest.mark.parametrize("root_bits", [0, 24, 40])
def test_roots_are_exact_when_there_are_a_million(root_bits: int) -> None:
    random = np.random.default_rng(7)
    sizes = random.uniform(0, (limit(root_bits) - 1).bit_length(), 1_000_000)
    values = np.minimum(2.0**sizes, limit(root_bits) - 1024).astype(np.int64)
    assert_roots(values.tolist(), root_bits)


def test_the_guess_needs_its_correction_when_roots_are_large() -> None:
    """The corrections are not decoration: without them a float64 root is wrong, in both directions."""
    values = np.random.default_rng(1).integers(2**54, 2**56, 1_000_000)
    guess = (np.sqrt(values.astype(np.float64)) * 2.0**24).astype(np.int64)
    assert set(np.unique(guess - shifted_roots(values, 24)).tolist()) >= {0, 1}


@pytest.mark.parametrize("root_bits", [0, 20, 24, 40])
@pytest.mark.parametrize("toward", [0.0, np.inf], ids=["low", "high"])
def test_roots_are_exact_when_the_guess_is_off_by_one(path: str, root_bits: int, toward: float) -> None:
    """A correctly rounded square root never guesses low, but nothing rests on that: a scale a little off does both."""
    middle = isqrt((limit(root_bits) - 1) << 2 * root_bits) // 4
    values = np.array(
        [(root**2 >> 2 * root_bits) + step for root in range(middle, middle + 500) for step in (-1, 0, 1)]
    )
    scale = float(np.nextafter(2.0**root_bits, toward))
    roots = np.empty(len(values), dtype=np.int64)
    fill_roots = kernel.compiled_roots if path == "compiled" else kernel.numpy_roots
    fill_roots(values, root_bits, scale, roots)
    assert roots.tolist() == [isqrt(value << 2 * root_bits) for value in values.tolist()]


def test_squares_below_2_63_have_the_right_root_when_float64_rounds_them_up() -> None:
    root = isqrt(2**63 - 1)
    assert shifted_roots(np.array([root**2 - 1, root**2, 2**63 - 1]), 0).tolist() == [root - 1, root, root]


def test_compiled_loop_agrees_when_interpreted() -> None:
    values = np.array([0, 1, 2, 10**12, 2**55 + 1])
    interpreted: Any = kernel.compiled_roots
    roots = np.empty(len(values), dtype=np.int64)
    with np.errstate(over="ignore"):
        interpreted.py(values, 24, 2.0**24, roots)
    assert roots.tolist() == [isqrt(value << 48) for value in values.tolist()]


def test_there_are_no_roots_when_there_are_no_values() -> None:
    assert shifted_roots(np.array([], dtype=np.int64), 24).dtype == np.int64
    assert shifted_roots(np.array([], dtype=object), 24).tolist() == []


@pytest.mark.parametrize(
    ("values", "root_bits"),
    [
        (np.array([4, -1]), 24),
        (np.array([4, -1], dtype=object), 24),
        (np.array([4]), -1),
        (np.array([4.0]), 24),
    ],
)
def test_values_are_refused_when_they_have_no_root(values: Any, root_bits: int) -> None:
    with pytest.raises(InvariantError):
        shifted_roots(values, root_bits)
