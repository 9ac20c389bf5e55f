"""Nodes over HTTP: what they say of blocks and states, how they fail, and what is never printed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from web3 import HTTPProvider

from qf.chain.node import Fault, Limits, Nodes, endpoint, panel
from qf.chain.node.node import Node
from qf.chain.node.transport import Transport
from qf.chain.types import Address, ChainId, Hash
from qf.errors import NodeError, NoNodeError, UnprovableError
from tests.integration.chain.anvil import EMITTER, Anvil, anvil
from tests.integration.chain.proxy import proxy

CHAIN = ChainId(31337)
QUICK = Limits(seconds=2, silence=1, per_second=10_000)


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil("--slots-in-an-epoch", "2") as running:
        for block in range(8):
            running.emit(block)
        running.emit(*[1] * 300)
        yield running


@pytest.fixture
def nodes(chain: Anvil) -> Iterator[Nodes]:
    opened = Nodes(CHAIN, [chain.url], limits=QUICK)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(endpoint, "REST", 0.001)


def test_a_header_of_prague_is_proved_by_its_hash_alone(nodes: Nodes) -> None:
    by_number = nodes.header(5)
    assert by_number.doubt == ""
    assert nodes.header(by_number.stamp.hash) == by_number
    assert nodes.header(4).stamp.hash == by_number.stamp.parent


def test_tags_are_blocks(chain: Anvil, nodes: Nodes) -> None:
    numbers = [nodes.stamp(tag).number for tag in ("latest", "safe", "finalized")]
    assert numbers == [chain.head, chain.head - 2, chain.head - 4]


def test_three_hundred_receipts_match_the_root(chain: Anvil, nodes: Nodes) -> None:
    block = nodes.block(nodes.stamp(chain.head))
    assert len(block.receipts) == len(block.transactions) == 300
    assert {receipt.kind for receipt in block.receipts} == {2}
    assert all(receipt.succeeded and receipt.to == EMITTER and len(receipt.logs) == 1 for receipt in block.receipts)


def test_states_are_those_of_the_block(chain: Anvil, nodes: Nodes) -> None:
    account = Address(chain.accounts[9])
    before, after = nodes.stamp(8), nodes.stamp(9)
    assert nodes.balance(account, before) > nodes.balance(account, after)
    assert nodes.code_hash(EMITTER, after) != nodes.code_hash(account, after)
    assert nodes.storage(EMITTER, Hash("0x" + "00" * 32), after) == "0x" + "00" * 32
    assert nodes.call(EMITTER, bytes(32), after) == b""


def test_a_transaction_has_a_receipt_or_none(nodes: Nodes) -> None:
    sent = nodes.block(nodes.stamp(3)).transactions[0]
    receipt = nodes.receipt(sent.hash)
    assert receipt is not None
    assert (receipt.block_number, receipt.sender, len(receipt.logs)) == (3, sent.sender, 2)
    assert nodes.receipt(Hash("0x" + "12" * 32)) is None


def test_a_node_on_another_chain_is_never_asked_for_more(chain: Anvil) -> None:
    with proxy(chain.url, chain_id=10) as wrong, proxy(chain.url) as right:
        nodes = Nodes(CHAIN, [wrong.url, right.url], quorum=1, limits=QUICK)
        assert nodes.stamp(3).number == nodes.stamp(3).number == 3
        assert wrong.requests == 1
        alone = Nodes(CHAIN, [wrong.url], limits=QUICK)
        with pytest.raises(NoNodeError, match="is on chain 10, not on 31337"):
            alone.stamp(3)
        nodes.close()
        alone.close()


def test_a_quorum_of_two_takes_two_that_agree(chain: Anvil) -> None:
    with proxy(chain.url, forked=True) as fork, proxy(chain.url) as right:
        agreed = Nodes(CHAIN, [right.url, chain.url], limits=QUICK)
        assert agreed.quorum == 2 and agreed.stamp(3).number == 3
        split = Nodes(CHAIN, [fork.url, chain.url], limits=QUICK)
        with pytest.raises(UnprovableError, match=r"block 3: 127.0.0.1:\d+ says 0x\w{64}; 127.0.0.1:\d+ says 0x\w{64}"):
            split.stamp(3)
        agreed.close()
        split.close()


def test_a_liar_is_found_out_by_the_hash_of_its_header(chain: Anvil) -> None:
    with proxy(chain.url, lying=1) as liar:
        nodes = Nodes(CHAIN, [liar.url], limits=QUICK)
        with pytest.raises(NoNodeError, match="the node claims"):
            nodes.stamp(3)
        both = Nodes(CHAIN, [liar.url, chain.url], quorum=1, limits=QUICK)
        assert both.header(3).doubt == ""
        nodes.close()
        both.close()


def test_failover_passes_over_a_node_that_is_gone(chain: Anvil) -> None:
    nodes = Nodes(CHAIN, ["http://127.0.0.1:9/", chain.url], quorum=1, limits=QUICK)
    assert nodes.stamp(3).number == 3
    nodes.close()


def test_a_key_in_the_url_is_never_said(chain: Anvil) -> None:
    with proxy(chain.url, throttled=1) as busy:
        nodes = Nodes(CHAIN, [busy.url], limits=QUICK)
        with pytest.raises(NoNodeError) as told:
            nodes.stamp(3)
        nodes.close()
    assert "too many requests" in str(told.value) and told.value.fault == Fault.THROTTLED
    gone = Node("http://somebody:a-long-password@127.0.0.1:9/v2/a-very-secret-key", CHAIN, QUICK)
    with pytest.raises(NodeError) as refused:
        gone.header(1)
    said = f"{told.value!r} {refused.value!r} {gone!r} {refused.value.__cause__!r}"
    assert "secret" not in said and "password" not in said


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "does not let us in"),
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", "check the URL and its key"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", "no JSON-RPC"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{", "too big"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"0" * 300_000, "too big"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id":', "failed"),
    ],
)
def test_what_is_no_answer_is_said_in_words(answer: bytes, words: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        node = Node(f"http://127.0.0.1:{server.server_port}", CHAIN, Limits(2, 1, 200_000, 10_000))
        with pytest.raises(NodeError, match=words):
            node.header(1)
        node.close()
        server.shutdown()


def test_headers_that_drip_in_for_ever_are_cut_off() -> None:
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            while not stop.wait(0.1):
                self.wfile.write(b"H")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        node = Node(f"http://127.0.0.1:{server.server_port}", CHAIN, Limits(0.5, 1, 1000, 1000))
        with pytest.raises(NodeError, match=r"no answer within 0.5 s"):
            node.header(1)
        stop.set()
        server.shutdown()
        node.close()


def test_what_the_transport_takes_from_web3_is_there(chain: Anvil) -> None:
    transport = Transport(chain.url, QUICK)
    assert isinstance(transport, HTTPProvider) and isinstance(transport.http, requests.Session)
    assert b'"method": "eth_chainId"' in transport.encode_rpc_request("eth_chainId", [])  # type: ignore[arg-type]
    assert transport.get_request_kwargs()["headers"]["Content-Type"] == "application/json"
    assert b'"0x7a69"' in transport.send([("eth_chainId", [])]).body
    assert transport.send([("eth_chainId", []), ("net_version", [])]).body.startswith(b"[")
    transport.close()
