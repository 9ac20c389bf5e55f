"""What can be asked of a chain, whoever answers: nodes over the network, or a fake in a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from qf.chain.proof.receipts import Receipt
from qf.chain.proof.transactions import Transaction
from qf.chain.types import Address, BlockStamp, ChainId, Hash, Log, LogFilter

Tag: TypeAlias = Literal["latest", "safe", "finalized"]
"""A block by how sure the chain is of it."""

BlockId: TypeAlias = int | Hash | Tag
"""A block by its number, its hash, or a tag."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block with all its transactions and their receipts, in their order."""

    stamp: BlockStamp
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The logs of some blocks one after the other.

    Attributes:
        first: number of the first block that was read.
        last: the last block that was read.
        logs: what fits the filter in `first..last.number`, in the order of the chain, each once.
        blocks: number -> stamp of every block that a log is in; that is also where the times of logs are.
        dropped: how many logs the node sent twice or unasked.
    """

    first: int
    last: BlockStamp
    logs: tuple[Log, ...]
    blocks: dict[int, BlockStamp]
    dropped: int = 0


class Trust(StrEnum):
    """What it takes to believe that no log is missing.

    Attributes:
        NODE: a node says so. Enough where the contract counts its donations and the count is compared.
        BLOOM: also, no header of the chain admits a log in a block that came without one.
        RECEIPTS: every log is in receipts that the header proves complete.
    """

    NODE = "node"
    BLOOM = "bloom"
    RECEIPTS = "receipts"


class ChainReader(Protocol):
    """One chain, to be read. What it returns is checked; what cannot be had or checked raises `ChainError`."""

    @property
    def chain_id(self) -> ChainId:
        """Which chain it is."""

    def stamp(self, block: BlockId) -> BlockStamp:
        """Return the block; an unknown block, or nodes that differ, raise `ChainError`."""

    def fetch(self, wanted: LogFilter, first: int, last: BlockStamp, trust: Trust) -> Iterator[Chunk]:
        """Return the logs in blocks `first..last.number`, chunk after chunk without a gap.

        Raises:
            ReorganisedError: `last` is no longer part of the chain; walk back and ask again.
            UnprovableError: something that was read cannot be checked; says which blocks and what to do.
        """

    def call(self, to: Address, data: bytes, at: BlockStamp) -> bytes:
        """Return what the contract `to` answers to `data`, in the state after the block `at`."""

    def balance(self, account: Address, at: BlockStamp) -> int:
        """Return how much of the chain's own coin `account` holds after the block `at`, base units."""

    def code_hash(self, account: Address, at: BlockStamp) -> Hash:
        """Return keccak-256 of the code at `account` after the block `at`."""

    def storage(self, account: Address, slot: Hash, at: BlockStamp) -> Hash:
        """Return the 32 bytes that `account` keeps in `slot` after the block `at`."""

    def receipt(self, transaction: Hash) -> Receipt | None:
        """Return what came of a transaction, or None if the chain does not know it."""

    def block(self, at: BlockStamp) -> Block:
        """Return the block `at` with its transactions and receipts."""
