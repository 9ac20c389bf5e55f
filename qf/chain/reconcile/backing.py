"""Whether the transfers of a token back what a contract credited, transaction by transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from qf.chain.chain_file import ChainEntry
from qf.chain.ledger import SourceLedger, donation_id
from qf.chain.node.reader import ChainReader
from qf.chain.sources.counted import CountedSource
from qf.chain.types import NATIVE, Address, Fact, Hash, Log, Source
from qf.reconciliation import Finding, Line

Moved = Counter[tuple[Hash, Address]]
"""(transaction, token) -> base units."""


def unbacked(chain: ChainEntry, read: SourceLedger, reader: ChainReader) -> Iterator[Line]:
    """Yield the donations of each transaction that credits more of a token than was transferred to the contract in it.

    A transfer that no node sent is looked for in the receipts of its block, which the header proves. The chain's own
    coin has no transfer logs: its balance is compared instead, see `qf.chain.reconcile.contract`.
    """
    source = read.entry.source
    if not isinstance(source, CountedSource):
        return
    credited: Moved = Counter()
    for entry in read.donations:
        if entry.donation.token != NATIVE:
            credited[entry.donation.log.tx_hash, entry.donation.token] += entry.donation.amount
    moved = _moved(read.decoded.facts)
    blocks = {
        entry.donation.log.block_number
        for entry in read.donations
        if credited[key := (entry.donation.log.tx_hash, entry.donation.token)] > moved[key]
    }
    for number in sorted(blocks):
        moved |= _moved(_facts(source, (log for each in _receipts(reader, number) for log in each)))
    for entry in read.donations:
        key = entry.donation.log.tx_hash, entry.donation.token
        if credited[key] > moved[key]:
            told = f"credited {credited[key]} in the transaction", f"transferred {moved[key]}"
            yield Line(Finding.UNBACKED, donation_id(chain.id, entry.donation), *told)


def _receipts(reader: ChainReader, number: int) -> Iterator[tuple[Log, ...]]:
    return (receipt.logs for receipt in reader.block(reader.stamp(number)).receipts)


def _facts(source: Source, logs: Iterable[Log]) -> Iterable[Fact]:
    return source.decode([log for log in logs if any(wanted.fits(log) for wanted in source.filters)]).facts


def _moved(facts: Iterable[Fact]) -> Moved:
    moved: Moved = Counter()
    for fact in facts:
        if fact.name == "Transfer":
            moved[fact.log.tx_hash, fact.log.address] += fact.values["value"]
    return moved
