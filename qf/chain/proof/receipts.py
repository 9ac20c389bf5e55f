"""All receipts of a block against the root in its header: who hides or alters a log cannot match the root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qf.chain.proof.bloom import bloom_of
from qf.chain.proof.rlp import Item, encoded
from qf.chain.proof.trie import ordered_root
from qf.chain.types import Address, Hash, Log

DEPOSIT = 0x7E
"""The type of a transaction that the OP stack brings over from its parent chain."""

PROVABLE_TYPES = frozenset({0, 1, 2, 3, 4, DEPOSIT})
"""Types of transaction whose receipts are known to be encoded as here: legacy, EIP-2930, 1559, 4844, 7702, OP stack."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a transaction.

    Attributes:
        tx_hash, tx_index: which transaction, and its place in the block.
        block_number, block_hash: where it stands.
        sender, to: of the transaction; `to` is "" where it created a contract.
        succeeded: whether it did what it should; a failed one leaves no logs.
        logs: what it wrote.
        kind: type of the transaction by EIP-2718.
        gas_so_far: gas used in the block up to and with this transaction.
        state_root: instead of success, in blocks before Byzantium.
        deposit: nonce and version, in receipts of OP stack deposits since Canyon.
    """

    tx_hash: Hash
    tx_index: int
    block_number: int
    block_hash: Hash
    sender: Address
    to: Address
    succeeded: bool
    logs: tuple[Log, ...]
    kind: int = 0
    gas_so_far: int = 0
    state_root: bytes = b""
    deposit: tuple[int, int] | None = None

    def leaf(self) -> bytes:
        """Return the receipt as the tree of receipts holds it: type byte (unless 0), then its fields in RLP."""
        status = self.state_root or (b"\x01" if self.succeeded else b"")
        logs: list[Item] = [
            [_bytes(log.address), [_bytes(topic) for topic in log.topics], log.data] for log in self.logs
        ]
        fields: list[Item] = [status, self.gas_so_far, bloom_of(self.logs), logs, *(self.deposit or ())]
        kind = bytes([self.kind]) if self.kind else b""
        return kind + encoded(fields)


def receipts_root(receipts: Sequence[Receipt]) -> Hash:
    """Return the root of the tree of `receipts`, which are all of a block, in its order.

    >>> receipts_root([])
    '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
    """
    return Hash("0x" + ordered_root([receipt.leaf() for receipt in receipts]).hex())


def why_unprovable(receipts: Sequence[Receipt]) -> str:
    """Return what in `receipts` no root is known to cover, or "" if a root that differs means a lie."""
    foreign = sorted({receipt.kind for receipt in receipts} - PROVABLE_TYPES)
    if foreign:
        return f"transactions of type {', '.join(map(hex, foreign))} have receipts of a form that is not known"
    gas = [receipt.gas_so_far for receipt in receipts]
    if any(later <= earlier for earlier, later in pairwise(gas)):
        return "a receipt used no gas: the chain adds receipts outside the tree (as Polygon does for state-sync)"
    return ""


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits[2:])
