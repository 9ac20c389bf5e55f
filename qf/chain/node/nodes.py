"""One chain behind several nodes: blocks and states that a quorum agrees on, receipts that their header proves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eth_utils.crypto import keccak

from qf.chain.node import wire
from qf.chain.node.node import Node
from qf.chain.node.panel import Panel
from qf.chain.node.reader import Block, BlockId
from qf.chain.proof.headers import Header
from qf.chain.proof.receipts import Receipt, receipts_root, why_unprovable
from qf.chain.types import Address, BlockStamp, Hash
from qf.errors import NodeError, NoNodeError, UnprovableError

UNPROVED = 'set proof = "node" for this chain, and compare with what the contract counts'
"""What to do about a chain whose headers or receipts have another form than Ethereum's."""


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
        """Return what code would leave as a contract, in the state after the block `at`; none is created."""
        params = [{"data": "0x" + code.hex()}]
        return self.agreed(f"a run at block {at.number}", lambda node: node.state("eth_call", params, at, wire.data))

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
        """Return the block `at`: its receipts proved by its header, its transactions agreed on by a quorum."""
        receipts = self.receipts(at)
        transactions = self.agreed(f"transactions of block {at.number}", lambda node: node.transactions(at))
        if [sent.hash for sent in transactions] != [receipt.tx_hash for receipt in receipts]:
            why = "the receipts are not those of the transactions"
            raise UnprovableError(f"chain {self.chain_id}, block {at.number}", why, "ask another node")
        return Block(at, tuple(transactions), receipts)

    def receipts(self, at: BlockStamp) -> tuple[Receipt, ...]:
        """Return all receipts of the block `at`, proved complete and unaltered by the root in its header.

        The root does not cover the hashes of the transactions, only their order.

        Raises:
            UnprovableError: no node gives what the root proves, or the chain keeps receipts in another form.
        """
        try:
            return self.ask(lambda node: self._receipts(node, at))
        except NoNodeError as told:
            fix = "add the URL of a node that gives all receipts"
            raise UnprovableError(f"chain {self.chain_id}, block {at.number}", str(told), fix) from told

    def _receipts(self, node: Node, at: BlockStamp) -> tuple[Receipt, ...]:
        header = node.header(at.hash)
        receipts = node.receipts(at)
        doubt = header.doubt
        if not doubt and receipts_root(receipts) != header.receipts_root:
            doubt = why_unprovable(receipts)
            if not doubt:
                raise NodeError(f"{node.name}: its receipts of block {at.number} are not those of the header", "broken")
        if doubt:
            raise UnprovableError(f"chain {self.chain_id}, block {at.number}", doubt, UNPROVED)
        _check_places(node, at, receipts)
        return tuple(receipts)


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
