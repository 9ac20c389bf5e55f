"""Proof that no log is missing: headers linked up to a block we hold, their blooms, receipts against their roots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qf.chain.node.node import Node
from qf.chain.node.nodes import UNPROVED, Nodes
from qf.chain.node.reader import Chunk
from qf.chain.proof.bloom import may_hold
from qf.chain.proof.headers import Header
from qf.chain.types import BlockStamp, Hash, Log, LogFilter
from qf.errors import NodeError, UnprovableError


def linked(nodes: Nodes, first: int, last: BlockStamp) -> list[Header]:
    """Return the headers of blocks `first..last.number`, each the parent of the next, the last one with the hash held.

    The hash of `last` proves them all; one node is enough.

    Raises:
        UnprovableError: the chain hashes its headers in a form that is not known.
    """

    def read(node: Node) -> list[Header]:
        headers = node.headers(range(first, last.number + 1))
        expected = last.hash
        for header in reversed(headers):
            if header.stamp.hash != expected:
                told = f"{node.name}: block {header.stamp.number} is {header.stamp.hash}"
                raise NodeError(f"{told}, the blocks after it are built on {expected}", "absent")
            expected = header.stamp.parent
        return headers

    headers = nodes.ask(read)
    doubtful = next((header for header in headers if header.doubt), None)
    if doubtful:
        raise UnprovableError(f"chain {nodes.chain_id}, block {doubtful.stamp.number}", doubtful.doubt, UNPROVED)
    return headers


def proved(nodes: Nodes, wanted: LogFilter, chunk: Chunk, *, receipts: bool) -> Chunk:
    """Return `chunk` with every log that its blocks hold.

    A block whose bloom excludes the filter holds none. Of the others those that came without a log are read from
    their receipts, or all of them if `receipts`: then it is proved that no log is missing, else only that no block is.

    Raises:
        UnprovableError: headers or receipts are of a form that is not known.
    """
    headers = linked(nodes, chunk.first, chunk.last)
    stamps = {header.stamp.number: header.stamp for header in headers}
    claimed = _by_block(log for log in chunk.logs if log.block_hash == stamps[log.block_number].hash)
    logs: list[Log] = []
    for header in headers:
        if may_hold(header.bloom, wanted):
            said = claimed.get(header.stamp.number, [])
            logs += read_block(nodes, wanted, header.stamp) if receipts or not said else said
    blocks = {log.block_number: stamps[log.block_number] for log in logs}
    false = len(set(map(_key, chunk.logs)) - set(map(_key, logs)))
    return replace(chunk, logs=tuple(logs), blocks=blocks, dropped=chunk.dropped + false)


def read_block(nodes: Nodes, wanted: LogFilter, at: BlockStamp) -> list[Log]:
    """Return the logs of one block out of its receipts, proved complete and unaltered."""
    return [log for receipt in nodes.receipts(at) for log in receipt.logs if wanted.fits(log)]


def _key(log: Log) -> tuple[Hash, int]:
    return log.block_hash, log.log_index


def _by_block(logs: Iterable[Log]) -> dict[int, list[Log]]:
    blocks: dict[int, list[Log]] = {}
    for log in logs:
        blocks.setdefault(log.block_number, []).append(log)
    return blocks
