"""One node of one chain, and what can be asked of it. What it says is well formed, and never believed further."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from qf.chain.node import wire
from qf.chain.node.calls import Call, header_call, logs_call, pinned_call
from qf.chain.node.endpoint import Endpoint
from qf.chain.node.limits import Fault
from qf.chain.node.pace import DEFAULT_LIMITS, Limits
from qf.chain.node.reader import BlockId
from qf.chain.proof.headers import Header
from qf.chain.proof.receipts import Receipt
from qf.chain.proof.transactions import Transaction
from qf.chain.types import BlockStamp, ChainId, Hash, Log, LogFilter
from qf.errors import NodeError

T = TypeVar("T")


class Node(Endpoint):
    """An endpoint that must be on the chain `chain_id`, which it is asked before anything else."""

    def __init__(self, url: str, chain_id: ChainId, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(url, limits)
        self.chain_id = chain_id
        self._chain: int | None = None
        self._lock = threading.Lock()

    def ask(self, calls: Sequence[Call], blocks: range = range(0)) -> list[Any]:
        """Return the result of each call, on the right chain only; see `Endpoint.ask`."""
        with self._lock:
            if self._chain is None:
                self._chain = super().ask([Call("eth_chainId", [], wire.number)])[0]
        if self._chain != self.chain_id:
            raise NodeError(f"{self.name}: is on chain {self._chain}, not on {self.chain_id}", Fault.FATAL)
        return super().ask(calls, blocks)

    def header(self, block: BlockId) -> Header:
        """Return the header of a block it knows; its hash is recomputed, unless `Header.doubt` says why not."""
        return self.headers([block])[0]

    def headers(self, blocks: Sequence[BlockId]) -> list[Header]:
        """Return the headers of several blocks, in the order they were asked for."""
        found: list[Header] = self.ask([header_call(block) for block in blocks])
        for block, header in zip(blocks, found, strict=True):
            if isinstance(block, int) and header.stamp.number != block:
                raise self.false(f"block {header.stamp.number} came for block {block}")
            if isinstance(block, str) and block.startswith("0x") and header.stamp.hash != block:
                raise self.false(f"block {header.stamp.hash} came for block {block}")
        return found

    def logs(self, wanted: LogFilter, first: int, last: BlockStamp) -> list[Log]:
        """Return what it says are the logs in blocks `first..last.number`, none of it checked.

        In the same request it must say that `last` is its block of that height: then its chain is ours up to there.
        """
        asked = range(first, last.number + 1)
        calls = [header_call(last.number), logs_call(wanted, first, last.number)]
        header, logs = self.ask(calls, asked)
        if header.stamp.hash != last.hash:
            raise NodeError(f"{self.name}: has another block {last.number} than {last.hash}", Fault.ABSENT)
        return list(logs)

    def logs_of(self, wanted: LogFilter, blocks: Sequence[BlockStamp]) -> list[Log]:
        """Return what it says are the logs in `blocks`, asked for by hash: it cannot mean others."""
        calls = [pinned_call(wanted, block) for block in blocks]
        return [log for logs in self.ask(calls, range(1)) for log in logs]

    def receipts(self, block: BlockStamp) -> list[Receipt]:
        """Return what it says are all receipts of `block`, in their order, none of it checked."""
        try:
            found: list[Receipt] = self.ask([Call("eth_getBlockReceipts", [block.hash], wire.receipts)])[0]
        except NodeError as refusal:
            if refusal.fault != Fault.FATAL:
                raise
            # Not every node has that method; this one has been around for ever.
            hashes = [sent.hash for sent in self.transactions(block)]
            calls = [Call("eth_getTransactionReceipt", [name], wire.known_receipt) for name in hashes]
            found = self.ask(calls)
        return found

    def transactions(self, block: BlockStamp) -> list[Transaction]:
        """Return what it says are all transactions of `block`, in their order, none of it checked."""
        found: list[Transaction] = self.ask([Call("eth_getBlockByHash", [block.hash, True], wire.transactions)])[0]
        return found

    def receipt(self, transaction: Hash) -> Receipt | None:
        """Return what it says came of a transaction, or None."""
        found: Receipt | None = self.ask([Call("eth_getTransactionReceipt", [transaction], wire.receipt)])[0]
        return found

    def state(self, method: str, params: list[Any], at: BlockStamp, read: Callable[[msgspec.Raw], T]) -> T:
        """Return what it says of the state after the block `at`, which it must know by its hash (EIP-1898)."""
        pinned = {"blockHash": at.hash, "requireCanonical": True}
        found: T = self.ask([Call(method, [*params, pinned], read)])[0]
        return found
