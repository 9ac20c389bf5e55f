"""One chain behind several nodes: blocks and states that a quorum agrees on, receipts that their header proves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from eth_utils.crypto import keccak

from qf.chain.node import wire
from qf.chain.node.node import Node
from qf.chain.node.panel import Panel
from qf.chain.node.reader import Block, BlockId
from qf.chain.proof import receipts, transactions
from qf.chain.proof.headers import Header
from qf.chain.proof.receipts import Receipt, receipts_root
from qf.chain.proof.transactions import Transaction, hash_of, transactions_root
from qf.chain.types import Address, BlockStamp, Hash
from qf.errors import NodeError, NoNodeError, UnprovableError

T = TypeVar("T")

UNPROVED = 'set proof = "node" for this chain, and compare with what the contract counts'
"""What to do about a chain whose headers or receipts have another form than Ethereum's."""

FAILED = re.compile(r"revert|out of gas|invalid opcode|stack (?:under|over)flow|invalid jump", re.IGNORECASE)
"""How nodes say that what they ran has failed, and they have not."""


class Nodes(Panel):
    """All of `ChainReader` but `fetch`, which `qf.chain.logs.Chain` adds."""

    def stamp(self, block: BlockId) -> BlockStamp:
        """Return a block that a quorum agrees on; of a tag, the lowest that one of them says it is."""
        return self.header(block).stamp

    def header(self, block: BlockId) -> Header:
        """Return the header of a block that a quorum agrees on; of a tag, the lowest that one of them says it is."""
        if isinstance(block, str) and not block.startswith("0x"):
            heads = self.gather(lambda node: node.header(block).stamp.number, self.quorum, dict.values)
            block = min(heads)
        return self.headers([block])[0]

    def headers(self, blocks: Sequence[BlockId]) -> list[Header]:
        """Return the headers of several blocks, in that order, each agreed on by a quorum."""
        named = f"block {blocks[0]}" if len(blocks) == 1 else f"blocks {blocks[0]} to {blocks[-1]}"
        return self.agreed(named, lambda node: node.headers(blocks))

    def call(self, to: Address, data: bytes, at: BlockStamp) -> bytes:
        """Return what the contract `to` answers to `data`, in the state after the block `at`."""
        params = [{"to": to, "data": "0x" + data.hex()}]
        what = f"a call of {to} at block {at.number}"
        return self.agreed(what, lambda node: node.state("eth_call", params, at, wire.data))

    def run(self, code: bytes, at: BlockStamp) -> bytes:
        """Return what code would leave as a contract, in the state after the block `at`; none is created.

        Code that fails leaves nothing, which is an answer: a quorum has to agree on it.
        """
        return self.agreed(f"a run at block {at.number}", lambda node: _ran(node, code, at))

    def balance(self, account: Address, at: BlockStamp) -> int:
        """Return how much of the chain's own coin `account` holds after the block `at`, base units."""
        what = f"the balance of {account} at block {at.number}"
        return self.agreed(what, lambda node: node.state("eth_getBalance", [account], at, wire.number))

    def code_hash(self, account: Address, at: BlockStamp) -> Hash:
        """Return keccak-256 of the code at `account` after the block `at`."""
        what = f"the code of {account} at block {at.number}"
        code = self.agreed(what, lambda node: node.state("eth_getCode", [account], at, wire.data))
        return Hash("0x" + keccak(code).hex())

    def storage(self, account: Address, slot: Hash, at: BlockStamp) -> Hash:
        """Return the 32 bytes that `account` keeps in `slot` after the block `at`."""
        what = f"slot {slot} of {account} at block {at.number}"
        word = self.agreed(what, lambda node: node.state("eth_getStorageAt", [account, slot], at, wire.number))
        return Hash(f"0x{word:064x}")

    def receipt(self, transaction: Hash) -> Receipt | None:
        """Return what a quorum says came of a transaction, or None if the chain does not know it."""
        if not re.fullmatch("0x[0-9a-f]{64}", transaction, re.ASCII):
            return None
        return self.agreed(f"transaction {transaction}", lambda node: node.receipt(transaction))

    def block(self, at: BlockStamp) -> Block:
        """Return the block `at`, its transactions and receipts proved by its header.

        Raises:
            UnprovableError: no node gives what the roots prove, or the chain keeps either in another form.
        """
        came, sent = self.receipts(at), self._proved(at, self._transactions)
        if [each.hash for each in sent] != [each.tx_hash for each in came]:
            why = "the receipts are not those of the transactions"
            raise UnprovableError(f"chain {self.chain_id}, block {at.number}", why, "ask another node")
        return Block(at, sent, came)

    def receipts(self, at: BlockStamp) -> tuple[Receipt, ...]:
        """Return all receipts of the block `at`, proved complete and unaltered by the root in its header.

        The root does not cover the hashes of the transactions, only their order.

        Raises:
            UnprovableError: no node gives what the root proves, or the chain keeps receipts in another form.
        """
        return self._proved(at, self._receipts)

    def _proved(self, at: BlockStamp, read: Callable[[Node, BlockStamp], tuple[T, ...]]) -> tuple[T, ...]:
        try:
            return self.ask(lambda node: read(node, at))
        except NoNodeError as told:
            fix = "add the URL of a node that gives whole blocks and all receipts"
            raise UnprovableError(f"chain {self.chain_id}, block {at.number}", str(told), fix) from told

    def _receipts(self, node: Node, at: BlockStamp) -> tuple[Receipt, ...]:
        header, found = node.header(at.hash), node.receipts(at)
        covered = receipts_root(found) == header.receipts_root
        self._require_covered(node, header, "receipts", covered, receipts.why_unprovable(found))
        _check_places(node, at, found)
        return tuple(found)

    def _transactions(self, node: Node, at: BlockStamp) -> tuple[Transaction, ...]:
        header, found = node.header(at.hash), node.transactions(at)
        covered = transactions_root(found) == header.transactions_root
        self._require_covered(node, header, "transactions", covered, transactions.why_unprovable(found))
        if any((sent.index, sent.hash) != (place, hash_of(sent)) for place, sent in enumerate(found)):
            raise NodeError(f"{node.name}: misnames a transaction of block {at.number}", "broken")
        return tuple(found)

    def _require_covered(self, node: Node, header: Header, what: str, covered: bool, form: str) -> None:
        """Raise unless a root of `header` covers what a node said; `form` says why a root that differs is no lie."""
        number = header.stamp.number
        if not header.doubt and not covered and not form:
            raise NodeError(f"{node.name}: its {what} of block {number} are not those of the header", "broken")
        if header.doubt or not covered:
            raise UnprovableError(f"chain {self.chain_id}, block {number}", header.doubt or form, UNPROVED)


def _ran(node: Node, code: bytes, at: BlockStamp) -> bytes:
    try:
        return node.state("eth_call", [{"data": "0x" + code.hex()}], at, wire.data)
    except NodeError as error:
        if not FAILED.search(str(error).partition(": eth_call: ")[2]):
            raise
        return b""


def _check_places(node: Node, at: BlockStamp, receipts: Sequence[Receipt]) -> None:
    """Raise unless every receipt and log says it stands where the proof has it."""
    logs = [(log, receipt) for receipt in receipts for log in receipt.logs]
    right = [
        (receipt.block_hash, receipt.block_number, receipt.tx_index) == (at.hash, at.number, index)
        for index, receipt in enumerate(receipts)
    ] + [
        (log.block_hash, log.block_number, log.log_index, log.tx_index, log.tx_hash)
        == (at.hash, at.number, index, receipt.tx_index, receipt.tx_hash)
        for index, (log, receipt) in enumerate(logs)
    ]
    if not all(right):
        raise NodeError(f"{node.name}: misplaces a receipt or log of block {at.number}", "broken")
