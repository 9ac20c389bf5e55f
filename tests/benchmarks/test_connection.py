"""How long the connection-oriented cluster match takes, and how much memory: compressed rows in, matches out.

QF_BENCH_CONNECTION sets the size, donors x projects (default "50000x1000"). The limits, which hold for the default
size, are in CPU seconds of one thread, since other work shares the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

from qf.kernels.connection import connection_match
from tests.benchmarks.test_pairwise import CompressedRows, drawn_rows, extra_memory, fastest, sizes_of
from tests.reference.twin_connection import connection_matches

FULL_SIZE = "50000x1000"

SIZE = os.environ.get("QF_BENCH_CONNECTION", FULL_SIZE)

MAX_SECONDS = 15.0
"""At the default size."""

DENSE_SIZE = "5000x200"
"""What the dense formula is compared at; at 50,000 x 1,000 it takes hours."""

MIN_DENSE_RATIO = 25
"""The dense formula in NumPy, with BLAS on all cores, takes at least this many times as long."""

MAX_EXTRA_BYTES = 1_000_000_000
"""How far the peak of the process may lie above what it held with the inputs loaded."""

RULES = list(product(("markov", "pct_friends"), (True, False)))

each_rule = pytest.mark.parametrize(("style", "harsh"), RULES)


@pytest.fixture(scope="module")
def drawn() -> CompressedRows:
    return drawn_rows(*sizes_of(SIZE))


@pytest.mark.benchmark(timer=process_time)
@each_rule
def test_connection_match_is_fast_enough(benchmark: Any, drawn: CompressedRows, style: str, harsh: bool) -> None:
    pytest.importorskip("numba")
    options = {"projects": sizes_of(SIZE)[1], "style": style, "harsh": harsh}
    seconds = fastest({SIZE: lambda: connection_match(*drawn, **options)}, 2)[SIZE]
    benchmark.extra_info.update(seconds=seconds, entries=len(drawn[1]))
    benchmark.pedantic(connection_match, drawn, options, rounds=1)
    assert SIZE != FULL_SIZE or seconds <= MAX_SECONDS


@pytest.mark.benchmark(timer=process_time)
def test_connection_match_is_25_times_as_fast_as_the_dense_formula(benchmark: Any) -> None:
    pytest.importorskip("numba")
    donors, projects = sizes_of(DENSE_SIZE)
    start, project, amount = rows = drawn_rows(donors, projects)
    dense = np.zeros((donors, projects))
    dense[np.repeat(np.arange(donors), np.diff(start)), project] = amount
    calls: dict[str, Callable[[], Any]] = {
        "sparse": lambda: connection_match(*rows, projects=projects),
        "dense": lambda: connection_matches(dense, style="markov", harsh=True),
    }
    seconds = fastest(calls, 3)
    benchmark.extra_info.update(seconds, ratio=seconds["dense"] / seconds["sparse"])
    found = benchmark.pedantic(connection_match, rows, {"projects": projects}, rounds=3)
    assert np.allclose(found, calls["dense"](), rtol=1e-10)
    assert seconds["dense"] >= MIN_DENSE_RATIO * seconds["sparse"], seconds


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("style", ["markov", "pct_friends"])
def test_connection_match_needs_little_memory(
    benchmark: Any, drawn: CompressedRows, style: str, tmp_path: Path
) -> None:
    pytest.importorskip("numba")
    names = {"module": "qf.kernels.connection", "function": "connection_match", "options": f"style={style!r}"}
    extra = benchmark.pedantic(extra_memory, (tmp_path, drawn), names | {"projects": sizes_of(SIZE)[1]}, rounds=1)
    benchmark.extra_info.update(extra_bytes=extra)
    assert extra <= MAX_EXTRA_BYTES
