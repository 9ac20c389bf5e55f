"""Whether the transfers of a token back what a contract credited, transaction by transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qf.chain.chain_file import ChainEntry
from qf.chain.ledger import SourceLedger, donation_id
from qf.chain.sources.donation_round import DonationRound
from qf.chain.types import NATIVE, Address, Hash
from qf.reconciliation import Finding, Line


def unbacked(chain: ChainEntry, read: SourceLedger) -> Iterator[Line]:
    """Yield the donations of each transaction that credits more of a token than was transferred to the contract in it.

    The chain's own coin has no transfer logs: its balance is compared instead, see `qf.chain.reconcile.contract`.
    """
    if not isinstance(read.entry.source, DonationRound):
        return
    moved: Counter[tuple[Hash, Address]] = Counter()
    credited: Counter[tuple[Hash, Address]] = Counter()
    for fact in read.decoded.facts:
        if fact.name == "Transfer":
            moved[fact.log.tx_hash, fact.log.address] += fact.values["value"]
    for entry in read.donations:
        credited[entry.donation.log.tx_hash, entry.donation.token] += entry.donation.amount
    for entry in read.donations:
        key = entry.donation.log.tx_hash, entry.donation.token
        if entry.donation.token != NATIVE and credited[key] > moved[key]:
            told = f"credited {credited[key]} in the transaction", f"transferred {moved[key]}"
            yield Line(Finding.UNBACKED, donation_id(chain.id, entry.donation), *told)
