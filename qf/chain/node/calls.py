"""Calls by JSON-RPC as they are asked, and answers put beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from qf.chain.node import wire
from qf.chain.node.limits import Fault
from qf.chain.node.raw import Answer
from qf.chain.node.reader import BlockId
from qf.chain.types import BlockStamp, LogFilter


class Call(NamedTuple):
    """A call: the method, its parameters, and what makes something of the result."""

    method: str
    params: list[Any]
    read: Callable[[msgspec.Raw], Any]


def header_call(block: BlockId) -> Call:
    """Return the call for the header of a block."""
    if isinstance(block, str) and block.startswith("0x"):
        return Call("eth_getBlockByHash", [block, False], wire.header)
    return Call("eth_getBlockByNumber", [hex(block) if isinstance(block, int) else block, False], wire.header)


def logs_call(wanted: LogFilter, first: int, last: int) -> Call:
    """Return the call for the logs in blocks `first..last`."""
    return Call("eth_getLogs", [_filter(wanted) | {"fromBlock": hex(first), "toBlock": hex(last)}], wire.logs)


def pinned_call(wanted: LogFilter, block: BlockStamp) -> Call:
    """Return the call for the logs of the block with that hash, and no other of its height (EIP-234)."""
    return Call("eth_getLogs", [_filter(wanted) | {"blockHash": block.hash}], wire.logs)


def in_order(answers: Answer | list[Answer]) -> list[Answer]:
    """Return the answers in the order of the calls: their ids count up, a node may mix them."""
    if not isinstance(answers, list):
        return [answers]
    return sorted(answers, key=lambda answer: answer.id if isinstance(answer.id, int) else -1)


def bare_fault(status: int) -> tuple[str, Fault]:
    """Return what it means that a status of HTTP came without an answer by JSON-RPC."""
    if status == 429:
        meaning = "too many requests", Fault.THROTTLED
    elif status == 413:
        meaning = "the answer would be too big", Fault.DENSITY
    elif status in (401, 402, 403, 404, 410) or 300 <= status < 400:
        meaning = f"does not let us in (HTTP {status}); check the URL and its key", Fault.FATAL
    else:
        meaning = f"the answer is no JSON-RPC, or only half of it (HTTP {status})", Fault.BROKEN
    return meaning


def _filter(wanted: LogFilter) -> dict[str, Any]:
    topics: Sequence[list[str] | None] = [None if place is None else list(place) for place in wanted.topics]
    addresses = {"address": list(wanted.addresses)} if wanted.addresses else {}
    return {**addresses, "topics": list(topics)}
