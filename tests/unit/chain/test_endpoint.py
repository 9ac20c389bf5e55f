"""An endpoint that is none is refused without its secrets, and what no chain can have is no place of a log."""

from __future__ import annotations

import json

import msgspec
import pytest

from qf.chain.node import Nodes, wire
from qf.chain.node.endpoint import Endpoint
from qf.chain.types import ChainId, Hash
from qf.errors import InputError

LOG = {
    "address": "0x" + "11" * 20,
    "topics": [],
    "data": "0x",
    "blockNumber": "0x1",
    "blockHash": "0x" + "22" * 32,
    "transactionHash": "0x" + "33" * 32,
    "transactionIndex": "0x0",
    "logIndex": "0x0",
}


@pytest.mark.parametrize(
    "url",
    ["http://[bad/KEY", "http://h:99999999", "http://user:hunter2secret@\uff45x.com\ufe6bevil/KEY", "ftp://h/KEY", ""],
)
def test_endpoint_when_the_url_is_none_then_it_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InputError, match="an RPC URL: is no address of the web") as caught:
        Endpoint(url)
    assert "hunter2secret" not in str(caught.value) and "KEY" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("name", ["blockNumber", "transactionIndex", "logIndex"])
def test_log_when_it_stands_where_no_chain_reaches_then_it_is_refused(name: str) -> None:
    assert wire.logs(msgspec.Raw(json.dumps([LOG]).encode()))
    with pytest.raises(ValueError, match="no chain has so many"):
        wire.logs(msgspec.Raw(json.dumps([{**LOG, name: hex(1 << 63)}]).encode()))


@pytest.mark.parametrize("odd", ["", "foo", "0xzz", "0x" + "12" * 31, "\u00e9"])
def test_receipt_when_the_hash_is_none_then_no_node_is_asked(odd: str) -> None:
    assert Nodes(ChainId(1), ["http://127.0.0.1:1"]).receipt(Hash(odd)) is None
