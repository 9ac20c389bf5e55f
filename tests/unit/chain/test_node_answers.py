"""What is made of the answers of a node, without one: every digit checked, every fault told apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from qf.chain.node import Fault, Nodes, endpoint, panel, wire
from qf.chain.node.calls import Call
from qf.chain.node.node import Node
from qf.chain.node.pace import Limits, Pace, pace_of
from qf.chain.node.transport import Reply
from qf.chain.types import Address, BlockStamp, ChainId, Hash, LogFilter
from qf.errors import InputError, NodeError, NoNodeError, UnprovableError

LOG: dict[str, Any] = {
    "address": "0x" + "a1" * 20,
    "topics": ["0x" + "b2" * 32, "0x" + "b3" * 32],
    "data": "0x" + "c4" * 33,
    "blockNumber": "0x10",
    "blockHash": "0x" + "d5" * 32,
    "transactionHash": "0x" + "e6" * 32,
    "transactionIndex": "0x0",
    "logIndex": "0xff",
    "removed": False,
}

NOWHERE = "http://127.0.0.1:9/key-of-the-operator"


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def test_a_log_is_read_digit_by_digit() -> None:
    (log,) = wire.logs(raw([LOG]))
    assert (log.address, log.topics) == (LOG["address"], tuple(LOG["topics"]))
    assert (log.data, log.block_number, log.log_index) == (b"\xc4" * 33, 16, 255)
    assert (log.block_hash, log.tx_hash, log.tx_index) == (LOG["blockHash"], LOG["transactionHash"], 0)


def test_a_log_in_capitals_is_the_same_log() -> None:
    loud = {**LOG, "address": "0x" + "A1" * 20, "topics": ["0x" + "B2" * 32, "0x" + "b3" * 32]}
    assert wire.logs(raw([loud])) == wire.logs(raw([LOG]))


@pytest.mark.parametrize(
    "change",
    [
        {"address": "0x" + "a1" * 19},
        {"address": "0x" + "a1" * 19 + "zz"},
        {"address": "0x" + "a1" * 20 + ",0x" + "d5" * 32, "blockHash": ""},
        {"address": None},
        {"blockHash": None},
        {"blockHash": "0x" + "d5" * 31},
        {"topics": ["0x" + "b2" * 33, "0x" + "b2" * 31]},
        {"topics": ["0x" + "b2" * 32] * 5},
        {"topics": ["0x" + "b2" * 32 + ",0x" + "b2" * 32]},
        {"topics": ["0x" + "b2" * 31 + "é"]},
        {"data": "0x123"},
        {"data": "0x12 4"},
        {"data": "1234"},
        {"blockNumber": 16},
        {"blockNumber": 16.0},
        {"blockNumber": "16"},
        {"blockNumber": "0x1_0"},
        {"logIndex": "-0x1"},
        {"logIndex": " 0x1"},
        {"transactionIndex": "0x"},
        {"removed": True},
    ],
)
def test_a_malformed_log_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.DecodeError)):
        wire.logs(raw([{**LOG, **change}]))


def test_numbers_are_exact_to_the_last_of_256_bits() -> None:
    assert wire.number(raw(hex(2**256 - 1))) == 2**256 - 1
    with pytest.raises(ValueError, match="no number"):
        wire.number(raw(hex(2**256)))


class Scripted(Node):
    """A node that gives the replies it is told to, one after the other; the last one for ever."""

    def __init__(self, *replies: Any, name: str = "scripted") -> None:
        super().__init__(NOWHERE, ChainId(1), Limits(per_second=10_000))
        self.name = name
        self.replies = list(replies)
        self.sent: list[int] = []
        self._chain = 1

    def _send(self, calls: Sequence[Call]) -> Reply:
        self.sent.append(len(calls))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, NodeError):
            raise reply
        return reply if isinstance(reply, Reply) else Reply(200, 0, json.dumps(reply).encode())


def said(result: Any, number: int = 0) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": result}


def refused(message: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": None, "error": message}


NUMBER = Call("eth_blockNumber", [], wire.number)
LOGS = Call("eth_getLogs", [], wire.logs)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(200, 0, b'{"id":1,"resu'), Fault.BROKEN),
        (Reply(200, 0, b"\xff\xfe"), Fault.BROKEN),
        (Reply(503, 0, b"<html>"), Fault.BROKEN),
        (Reply(429, 0, b"slow down"), Fault.THROTTLED),
        (Reply(413, 0, b"too large"), Fault.DENSITY),
        (Reply(403, 0, b"no"), Fault.FATAL),
        (Reply(301, 0, b""), Fault.FATAL),
        (Reply(429, 0, json.dumps(refused({"code": 1, "message": "?"})).encode()), Fault.THROTTLED),
        (Reply(400, 0, json.dumps(refused({"code": 1, "message": "rate limit"})).encode()), Fault.THROTTLED),
        (refused({"code": -32000, "message": "header not found"}), Fault.ABSENT),
        (refused("unauthorized"), Fault.FATAL),
        (said(None), Fault.ABSENT),
        (said(5), Fault.BROKEN),
        (said("0x"), Fault.BROKEN),
        ({}, Fault.ABSENT),
        ([], Fault.BROKEN),
        ([said("0x1"), said("0x2")], Fault.BROKEN),
    ],
)
def test_what_is_no_result_says_of_what_kind(reply: Any, fault: Fault) -> None:
    with pytest.raises(NodeError) as told:
        Scripted(reply).ask([NUMBER])
    assert told.value.fault == fault
    assert "key-of" not in str(told.value)


def test_a_provider_that_repeats_the_key_is_cut_short() -> None:
    with pytest.raises(NodeError) as told:
        Scripted(refused({"message": f"unauthorized: {NOWHERE} has key-of-the-operator"})).ask([NUMBER])
    assert str(told.value) == "scripted: eth_blockNumber: unauthorized: ... has ..."


def test_answers_to_several_calls_are_put_in_order() -> None:
    assert Scripted([said("0x2", 8), said("0x1", 7)]).ask([NUMBER, NUMBER]) == [1, 2]


def test_a_node_that_takes_no_batches_is_asked_one_by_one_from_then_on() -> None:
    node = Scripted(refused({"message": "batch is not allowed"}), said("0x3"))
    assert node.ask([NUMBER, NUMBER]) == [3, 3]
    assert node.ask([NUMBER, NUMBER]) == [3, 3]
    assert node.sent == [2, 1, 1, 1, 1]


def test_a_node_that_is_busy_is_not_thought_to_refuse_batches() -> None:
    node = Scripted(refused({"message": "rate limit"}), [said("0x1", 1), said("0x2", 2)])
    with pytest.raises(NodeError) as told:
        node.ask([NUMBER, NUMBER])
    assert told.value.fault == Fault.THROTTLED
    assert node.ask([NUMBER, NUMBER]) == [1, 2]


def test_a_batch_that_is_too_dense_is_said_to_be() -> None:
    node = Scripted(refused({"message": "query returned more than 10 results"}))
    with pytest.raises(NodeError) as told:
        node.ask([NUMBER, LOGS], range(100))
    assert told.value.fault == Fault.DENSITY


def test_many_calls_are_sent_in_several_requests() -> None:
    full = [said("0x1", number) for number in range(endpoint.BATCH)]
    node = Scripted(full, full, [said("0x2")])
    assert node.ask([NUMBER] * (2 * endpoint.BATCH + 1)) == [1] * 2 * endpoint.BATCH + [2]


def test_a_node_that_failed_rests_as_long_as_it_asks_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    node = Scripted(Reply(429, 7, b""), Reply(429, 99_999, b""))
    rests = []
    for _ in range(2):
        with pytest.raises(NodeError):
            node.ask([NUMBER])
        rests.append(node.rests_until)
    assert rests == [1007.0, 1000.0 + endpoint.LONGEST_REST]


def test_a_block_that_was_not_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"id": 1, "result": {}}
    stamp = BlockStamp(5, Hash("0x" + "11" * 32), Hash("0x" + "22" * 32), 0)
    monkeypatch.setattr(wire, "header", lambda result: type("H", (), {"stamp": stamp})())
    for block in (4, Hash("0x" + "33" * 32)):
        with pytest.raises(NodeError, match="gave a false answer"):
            Scripted(other).header(block)
    assert Scripted(other).header(5).stamp == Scripted(other).header("latest").stamp == stamp


def test_logs_come_with_the_hash_of_the_last_block(monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = BlockStamp(5, Hash("0x" + "11" * 32), Hash("0x" + "22" * 32), 0)
    monkeypatch.setattr(wire, "header", lambda result: type("H", (), {"stamp": stamp})())
    node = Scripted([said({}, 1), said([LOG], 2)])
    assert len(node.logs(LogFilter(), 0, stamp)) == 1
    other = BlockStamp(5, Hash("0x" + "44" * 32), stamp.parent, 0)
    with pytest.raises(NodeError, match="has another block 5") as told:
        node.logs(LogFilter(), 0, other)
    assert told.value.fault == Fault.ABSENT


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(panel.time, "sleep", pauses.append)
    return pauses


def paneled(quorum: int, *nodes: Node) -> Nodes:
    made = Nodes(ChainId(1), [NOWHERE])
    made.nodes, made.quorum = list(nodes), quorum
    return made


def number_of(node: Node) -> int:
    found: int = node.ask([NUMBER])[0]
    return found


DOWN = NodeError("a: gone", Fault.BROKEN)


def test_the_first_node_that_answers_is_enough_for_one(no_pause: list[float]) -> None:
    nodes = paneled(1, Scripted(DOWN), Scripted(said("0x2"), name="b"), Scripted(said("0x3"), name="c"))
    assert nodes.ask(number_of) == 2
    assert no_pause == []


def test_a_quorum_is_of_hosts_and_not_of_urls() -> None:
    with pytest.raises(InputError, match="2 of 1 hosts cannot agree"):
        Nodes(ChainId(1), [NOWHERE, NOWHERE + "-second"], quorum=2)
    with pytest.raises(InputError, match="0 hosts"):
        Nodes(ChainId(1), [])
    with pytest.raises(InputError, match="begins with http"):
        Nodes(ChainId(1), ["ftp://somewhere"])


def test_nodes_that_differ_are_asked_again_before_it_is_an_error(no_pause: list[float]) -> None:
    late = Scripted(said("0x1"), said("0x1"), said("0x2"), name="late")
    assert paneled(2, late, Scripted(said("0x2"), name="b")).agreed("the number", number_of) == 2
    assert len(no_pause) == 2
    apart = paneled(2, Scripted(said("0x1"), name="a"), Scripted(said("0x2"), name="b"))
    with pytest.raises(UnprovableError, match="chain 1, the number: a says 1; b says 2; ask again later"):
        apart.agreed("the number", number_of)


def test_a_third_node_stands_in_for_one_that_is_down(no_pause: list[float]) -> None:
    nodes = paneled(2, Scripted(said("0x2"), name="a"), Scripted(DOWN, name="b"), Scripted(said("0x2"), name="c"))
    assert nodes.agreed("the number", number_of) == 2


def test_all_faults_are_named_when_nobody_is_left(no_pause: list[float]) -> None:
    nodes = paneled(1, Scripted(DOWN, name="a"), Scripted(Reply(429, 0, b""), name="b"))
    with pytest.raises(NoNodeError, match="chain 1: 0 of 1 nodes answered: a: gone; b: too many requests"):
        nodes.ask(number_of)
    assert len(no_pause) == Limits().turns - 1
    assert max(no_pause) <= panel.LONGEST_PAUSE


def test_what_cannot_help_is_not_tried_again(no_pause: list[float]) -> None:
    node = Scripted(refused({"message": "execution reverted"}))
    with pytest.raises(NoNodeError, match="execution reverted"):
        paneled(1, node).ask(number_of)
    assert (no_pause, node.sent) == ([], [1])


@pytest.mark.parametrize(
    "ask",
    [
        lambda nodes, at: nodes.call(Address("0x" + "11" * 20), b"", at),
        lambda nodes, at: nodes.balance(Address("0x" + "11" * 20), at),
        lambda nodes, at: nodes.code_hash(Address("0x" + "11" * 20), at),
        lambda nodes, at: nodes.storage(Address("0x" + "11" * 20), Hash("0x"), at),
    ],
)
def test_a_state_is_said_by_a_quorum(ask: Callable[[Nodes, BlockStamp], Any], no_pause: list[float]) -> None:
    at = BlockStamp(5, Hash("0x" + "11" * 32), Hash("0x" + "22" * 32), 0)
    one, other = Scripted(said("0x01"), name="a"), Scripted(said("0x02"), name="b")
    with pytest.raises(UnprovableError, match="block 5: a says"):
        ask(paneled(2, one, other), at)
    ask(paneled(2, one, Scripted(said("0x01"), name="b")), at)


def test_a_host_is_asked_at_the_slowest_pace_anybody_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pace_of("slow.example", 10) is pace_of("slow.example", 5)
    assert pace_of("slow.example", 100).seconds == 0.2
    waited: list[float] = []
    monkeypatch.setattr("time.monotonic", lambda: 50.0)
    monkeypatch.setattr("time.sleep", waited.append)
    pace = Pace(2)
    for _ in range(3):
        pace.wait()
    assert waited == [0.5, 1.0]
