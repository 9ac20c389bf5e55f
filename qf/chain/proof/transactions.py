"""All transactions of a block against the root in its header, and who signed them.

The hash of a transaction covers all that it says, and its signature says who sent it: of a node's word nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError as BadNumber

from qf.chain.proof.receipts import PROVABLE_TYPES
from qf.chain.proof.rlp import Item, encoded
from qf.chain.proof.trie import ordered_root
from qf.chain.types import Address, Hash

LEGACY_V = 27
"""What `v` of a legacy signature is counted from (Yellow Paper, appendix F)."""

CHAIN_V = 35
"""What it is counted from where it names the chain as well: v = 35 + 2 chain + parity (EIP-155)."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What an account sent, as the chain keeps it; whether it succeeded says its `Receipt`.

    Attributes:
        hash, index: of the transaction, and its place in its block.
        sender, to: who sent it, as a node says, and to whom; `to` is "" where it creates a contract.
        value: of the chain's own coin, base units.
        data: what was called.
        kind: type of the transaction by EIP-2718.
        body: the fields that are signed, in the order of their RLP; empty where the type is not known.
        signature: v (or the parity of y), r and s; None where nobody signs, as in deposits of the OP stack.
    """

    hash: Hash
    index: int
    sender: Address
    to: Address
    value: int
    data: bytes
    kind: int = 0
    body: tuple[Item, ...] = ()
    signature: tuple[int, int, int] | None = None

    def leaf(self) -> bytes:
        """Return the transaction as the tree holds it: type byte (unless 0), then its fields in RLP."""
        return self._typed([*self.body, *(self.signature or ())])

    def signer(self) -> Address:
        """Return who signed it, by the signature; of a deposit, who is named as its sender, which the root covers.

        Raises:
            ValueError: the signature is none.
        """
        if self.signature is None:
            return self.sender
        v, r, s = self.signature
        legacy = self.kind == 0
        chain = (v - CHAIN_V) // 2 if legacy and v >= CHAIN_V else None
        parity = v if not legacy else v - LEGACY_V if chain is None else (v - CHAIN_V) % 2
        signed = keccak(self._typed([*self.body, *([] if chain is None else [chain, 0, 0])]))
        try:
            key = Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(signed)
        except (BadSignature, BadNumber) as error:
            raise ValueError(f"transaction {self.hash} has no valid signature: {error}") from None
        return Address(key.to_address())

    def _typed(self, fields: Sequence[Item]) -> bytes:
        return (bytes([self.kind]) if self.kind else b"") + encoded(fields)


def transactions_root(transactions: Sequence[Transaction]) -> Hash:
    """Return the root of the tree of `transactions`, which are all of a block, in its order.

    >>> transactions_root([])
    '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
    """
    return Hash("0x" + ordered_root([sent.leaf() for sent in transactions]).hex())


def hash_of(transaction: Transaction) -> Hash:
    """Return keccak-256 of the transaction as the tree holds it."""
    return Hash("0x" + keccak(transaction.leaf()).hex())


def why_unprovable(transactions: Sequence[Transaction]) -> str:
    """Return what in `transactions` no root is known to cover, or "" if a root that differs means a lie."""
    foreign = sorted({sent.kind for sent in transactions} - PROVABLE_TYPES)
    return f"transactions of type {', '.join(map(hex, foreign))} have a form that is not known" if foreign else ""
