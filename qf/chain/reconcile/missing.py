"""Why a donation of the ledger is on no source: a reorganisation took it, it failed, or somebody else wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qf.chain.chain_file import ChainEntry
from qf.chain.ledger import SourceLedger
from qf.chain.node.reader import ChainReader
from qf.chain.proof.receipts import Receipt
from qf.chain.store import Store
from qf.chain.types import Address, Hash
from qf.reconciliation import Finding, Line


def explained(
    lines: Iterable[Line], chain: ChainEntry, reader: ChainReader, store: Store, read: Sequence[SourceLedger]
) -> Iterator[Line]:
    """Yield `lines`, saying of each donation that is missing on the chain what became of it."""
    orphans = {(transaction, place): stood for (transaction, place), stood in store.orphans(chain.id).items()}
    contracts = {address for each in read for wanted in each.entry.source.filters for address in wanted.addresses}
    for line in lines:
        if line.finding is not Finding.MISSING_IN_SOURCE:
            yield line
            continue
        transaction, place = _place(line.place)
        stood = orphans.get((transaction, place))
        if stood is not None:
            number, block = stood
            told = f"it stood in block {number} ({block}), which a reorganisation took away"
            yield replace(line, finding=Finding.ORPHANED, source=told)
        else:
            yield _looked_up(line, reader.receipt(transaction), place, contracts)


def _looked_up(line: Line, receipt: Receipt | None, place: int, contracts: set[Address]) -> Line:
    if receipt is None:
        return replace(line, source="the chain knows no such transaction")
    if not receipt.succeeded:
        return replace(line, finding=Finding.FAILED_TRANSACTION, source=f"it failed in block {receipt.block_number}")
    written = next((log for log in receipt.logs if log.log_index == place), None)
    if written is None:
        return replace(line, source=f"the transaction, in block {receipt.block_number}, has no log {place}")
    if written.address not in contracts:
        return replace(line, finding=Finding.SPOOFED_EMITTER, source=f"the log was written by {written.address}")
    return replace(line, source=f"log {place} of {written.address} is no donation")


def _place(donation: str) -> tuple[Hash, int]:
    """Return transaction and log of an id on a chain; -1 for a transfer of the chain's own coin."""
    *_, transaction, place = donation.split("/")
    return Hash(transaction), int(place) if place.isascii() and place.isdigit() else -1
