"""What must hold of logs, and how many blocks are asked for at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from qf.chain.logs.checks import check_blocks, sifted
from qf.chain.logs.span import MANY, START, Span
from qf.chain.node import Fault
from qf.chain.types import Address, BlockStamp, Hash, Log, LogFilter
from qf.errors import NodeError
from tests.unit.chain.made import account, word

ROUND, STRANGER = account(1), account(2)

WANTED = LogFilter((ROUND,), ((word(7), word(8)), None, (word(9),)))

TOPICS = (word(7), word(0), word(9))


def log(block: int, index: int, tx: int = 0, address: Address = ROUND, topics: tuple[Hash, ...] = TOPICS) -> Log:
    return Log(address, topics, b"", block, word(block), word(1000 * block + tx), tx, index)


LOGS = [log(1, 0), log(1, 1), log(1, 4, 2), log(3, 0), log(3, 2, 1)]


def test_what_was_asked_for_is_kept_as_it_is() -> None:
    assert sifted("node", LOGS, WANTED, 1, 3) == (LOGS, 0)


@given(st.permutations([*LOGS, *LOGS[:2]]))
def test_order_and_repetition_change_nothing(sent: list[Log]) -> None:
    assert sifted("node", sent, WANTED, 1, 3) == (LOGS, 2)


@pytest.mark.parametrize(
    "foreign",
    [
        log(0, 5),
        log(4, 5),
        log(2, 5, address=STRANGER),
        log(2, 5, topics=(word(6), word(0), word(9))),
        log(2, 5, topics=(word(7), word(0), word(8))),
        log(2, 5, topics=(word(7), word(0))),
        log(2, 5, topics=()),
    ],
)
def test_what_was_not_asked_for_is_dropped_and_counted(foreign: Log) -> None:
    assert sifted("node", [*LOGS, foreign], WANTED, 1, 3) == (LOGS, 1)
    assert not WANTED.fits(foreign) or foreign.block_number in (0, 4)


@pytest.mark.parametrize(
    "second",
    [
        replace(LOGS[1], data=b"more"),
        replace(LOGS[1], log_index=2, tx_hash=word(99)),
        replace(LOGS[1], log_index=2, block_hash=word(99)),
        replace(LOGS[1], log_index=5, tx_index=1, tx_hash=word(99)),
        replace(LOGS[1], log_index=2, tx_index=1),
    ],
)
def test_logs_that_cannot_both_be_true_are_refused(second: Log) -> None:
    with pytest.raises(NodeError, match=r"(of|in) block 1") as told:
        sifted("node", [*LOGS, second], WANTED, 1, 3)
    assert told.value.fault == Fault.BROKEN


def test_a_log_of_another_block_of_that_height_is_refused() -> None:
    blocks = {number: BlockStamp(number, word(number), word(number - 1), 0) for number in (1, 3)}
    check_blocks("node", LOGS, blocks)
    with pytest.raises(NodeError, match=f"is in block {word(3)}; the chain has {word(33)} there"):
        check_blocks("node", LOGS, {**blocks, 3: BlockStamp(3, word(33), word(2), 0)})


def test_a_range_cap_holds_for_ever() -> None:
    span = Span()
    assert span.shrink(NodeError("", Fault.RANGE, 10), START)
    for _ in range(50):
        span.grow(0)
    assert span.size == 10


def test_density_is_forgotten_slowly() -> None:
    span = Span(1600)
    assert span.shrink(NodeError("", Fault.DENSITY), 1600)
    assert (span.size, span.cap) == (800, None)
    span.grow(100)
    assert span.size == 850


def test_a_node_that_never_refuses_is_asked_for_twice_as_much_each_time() -> None:
    span = Span(100)
    span.grow(10)
    assert span.size == 200


def test_many_logs_are_enough_for_memory() -> None:
    span = Span(100)
    span.grow(MANY)
    assert span.size == 100
    span.grow(MANY + 1)
    assert span.size == 50


@given(st.integers(1, 10**9), st.one_of(st.none(), st.integers(1, 10**10)), st.sampled_from(list(Fault)))
def test_a_refusal_always_makes_the_next_request_smaller(asked: int, size: int | None, fault: Fault) -> None:
    span = Span(asked)
    assert span.shrink(NodeError("", fault, size), asked) == (asked > 1)
    assert 1 <= span.size < max(asked, 2)
