"""Logs of a range of blocks, chunk after chunk, each checked before the next is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qf.chain.logs.checks import check_blocks, sifted
from qf.chain.logs.proving import proved, read_block
from qf.chain.logs.span import START, Span
from qf.chain.node.limits import Fault
from qf.chain.node.node import Node
from qf.chain.node.nodes import Nodes
from qf.chain.node.reader import Chunk, Trust
from qf.chain.types import BlockStamp, Log, LogFilter
from qf.errors import NodeError, ReorganisedError

NEAR_HEAD = 8
"""How many blocks at the end of what is asked for are asked for by hash: near the head, nodes differ for a while."""

TOO_MUCH = (Fault.RANGE, Fault.DENSITY)
"""Refusals that mean: ask for less."""


class Chain(Nodes):
    """One chain behind several nodes: the `ChainReader` of everything else."""

    def fetch(self, wanted: LogFilter, first: int, last: BlockStamp, trust: Trust) -> Iterator[Chunk]:
        """Return the logs in blocks `first..last.number` that fit, chunk after chunk without a gap; see `fetch`."""
        return fetch(self, wanted, first, last, trust)


def fetch(nodes: Nodes, wanted: LogFilter, first: int, last: BlockStamp, trust: Trust) -> Iterator[Chunk]:
    """Return the logs in blocks `first..last.number` that fit, chunk after chunk without a gap.

    No block is asked for whose hash is not held; every log is in a block that a quorum holds for the chain's, or that
    `last` proves to be.

    Raises:
        ReorganisedError: `last` is no longer part of the chain; walk back and ask again.
        UnprovableError: something that was read cannot be checked; says which blocks and what to do.
        NoNodeError: no node gives an answer that can be true.
    """
    reading = _Reading(nodes, wanted, last, trust)
    while first <= last.number:
        chunk = reading.chunk(first)
        yield chunk
        first = chunk.last.number + 1


class _Reading:
    """Reads one range, and remembers what each node would give at once."""

    def __init__(self, nodes: Nodes, wanted: LogFilter, last: BlockStamp, trust: Trust) -> None:
        self.nodes = nodes
        self.wanted = wanted
        self.last = last
        self.trust = trust
        # Where every header is read, a chunk has no more blocks than fit in memory.
        most = None if trust is Trust.NODE else START
        self.spans = {node.name: Span(cap=most) for node in nodes.nodes}

    def chunk(self, first: int) -> Chunk:
        """Return the logs from block `first` on, as far as a node gives them at once, proved as far as is asked."""
        if first > self.last.number - NEAR_HEAD:
            blocks = self._stamps(range(first, self.last.number + 1))
            chunk = self.nodes.ask(lambda node: self._by_hash(node, blocks))
        else:
            chunk = self.nodes.ask(lambda node: self._by_number(node, first))
        if self.trust is not Trust.NODE:
            chunk = proved(self.nodes, self.wanted, chunk, receipts=self.trust is Trust.RECEIPTS)
        return chunk

    def _by_hash(self, node: Node, blocks: Sequence[BlockStamp]) -> Chunk:
        try:
            sent = node.logs_of(self.wanted, blocks)
        except NodeError as refusal:
            if refusal.fault not in TOO_MUCH:
                raise
            sent = [log for block in blocks for log in read_block(self.nodes, self.wanted, block)]
        return self._checked(node, sent, blocks[0].number, blocks[-1])

    def _by_number(self, node: Node, first: int) -> Chunk:
        """Return what the node gives at once; a single block that is too much for it is read from its receipts."""
        span = self.spans[node.name]
        while True:
            end = min(first + span.size - 1, self.last.number - NEAR_HEAD)
            stamp = self._stamps([end, self.last.number])[0]
            try:
                sent = node.logs(self.wanted, first, stamp)
            except NodeError as refusal:
                if refusal.fault not in TOO_MUCH:
                    raise
                if span.shrink(refusal, end - first + 1):
                    continue
                sent = read_block(self.nodes, self.wanted, stamp)
            span.grow(len(sent))
            return self._checked(node, sent, first, stamp)

    def _checked(self, node: Node, sent: Sequence[Log], first: int, last: BlockStamp) -> Chunk:
        logs, dropped = sifted(node.name, sent, self.wanted, first, last.number)
        blocks: dict[int, BlockStamp] = {}
        if self.trust is Trust.NODE:
            numbers = sorted({log.block_number for log in logs})
            blocks = dict(zip(numbers, self._stamps([*numbers, self.last.number]), strict=False))
            check_blocks(node.name, logs, blocks)
        return Chunk(first, last, tuple(logs), blocks, dropped)

    def _stamps(self, numbers: Sequence[int]) -> list[BlockStamp]:
        """Return the blocks of those heights, the last of which is the end of what is read and must still be there."""
        stamps = [header.stamp for header in self.nodes.headers(numbers)]
        if stamps[-1].hash != self.last.hash:
            raise ReorganisedError(self.last.number, self.last.hash, stamps[-1].hash)
        return stamps
