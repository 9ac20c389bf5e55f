"""How fast logs are read from a node, beside web3's own `get_logs` in the same run, and whether memory stays flat.

QF_BENCH_CHAIN sets how many events (default 100000). The node runs beside; its time is not counted, that of the
threads which receive its answers is.
"""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest

from qf.chain.logs import Chain
from qf.chain.node.reader import Trust
from qf.chain.types import ChainId, LogFilter
from tests.integration.chain.anvil import ABI, DONATED, EMITTER, Anvil, anvil

EVENTS = int(os.environ.get("QF_BENCH_CHAIN", "100000"))

IN_A_BLOCK = 1_000
"""Events of one block, in two transactions."""

FOR_WEB3 = 10_000
"""Events that web3 is timed at; it takes as long for each of more."""

MIN_RATIO = 50
"""Events per CPU second, as many times those of `contract.events.Donated().get_logs` at least."""

WANTED = LogFilter((EMITTER,), ((DONATED,),))


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with anvil() as running:
        for _ in range(EVENTS // IN_A_BLOCK):
            running.emit(IN_A_BLOCK // 2, IN_A_BLOCK // 2)
        yield running


def read(node: Anvil, trust: Trust) -> int:
    """Return how many logs there are, read chunk by chunk and forgotten."""
    chain = Chain(ChainId(31337), [node.url])
    try:
        return sum(len(chunk.logs) for chunk in chain.fetch(WANTED, 0, chain.stamp("latest"), trust))
    finally:
        chain.close()


def seconds_of_web3(node: Anvil) -> float:
    """Return CPU seconds for one event by web3."""
    from web3 import Web3

    provider = Web3.HTTPProvider(node.url)
    contract = Web3(provider).eth.contract(address=Web3.to_checksum_address(EMITTER), abi=[ABI])
    start = process_time()
    events = contract.events.Donated().get_logs(from_block=1, to_block=FOR_WEB3 // IN_A_BLOCK)
    return (process_time() - start) / len(events)


@pytest.mark.benchmark(timer=process_time)
@pytest.mark.parametrize("trust", Trust)
def test_logs_are_read_many_times_faster_than_by_web3(benchmark: Any, node: Anvil, trust: Trust) -> None:
    theirs = min(seconds_of_web3(node) for _ in range(2))
    assert read(node, trust) == EVENTS
    benchmark.pedantic(read, (node, trust), rounds=3)
    if benchmark.enabled:
        ratio = theirs / (benchmark.stats.stats.min / EVENTS)
        benchmark.extra_info.update(ratio=ratio, entries=EVENTS)
        assert trust is not Trust.NODE or ratio >= MIN_RATIO


def test_memory_does_not_grow_with_the_number_of_logs(node: Anvil) -> None:
    """One chunk is held and not all, which would take 1,100 bytes for each log: 110 MB at the default size."""
    tracemalloc.start()
    try:
        assert read(node, Trust.NODE) == EVENTS
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 90_000_000
