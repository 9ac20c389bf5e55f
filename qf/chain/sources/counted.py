"""What a contract has to say of itself so that its donations can be proved complete by asking it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from qf.chain.node.reader import ChainReader
from qf.chain.types import BlockStamp, ChainDonation, ChainFacts, Hash, Source


@runtime_checkable
class CountedSource(Source, Protocol):
    """A source whose contract numbers its donations, hashes them in order, and keeps books of its tokens."""

    @property
    def donated(self) -> Hash:
        """The first topic of a donation."""

    def facts(self, reader: ChainReader, at: BlockStamp) -> ChainFacts:
        """Return what the contract says of itself after the block `at`."""

    def hashed(self, donations: Iterable[ChainDonation]) -> Hash:
        """Return the running hash that the contract has after `donations`."""
