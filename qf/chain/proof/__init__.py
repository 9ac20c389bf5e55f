"""What a block hash proves: its header, which logs can be in it, and all its transactions and receipts.

Pure: nothing here talks to a node. What a chain does differently from Ethereum cannot be proved; it is then said so.
"""

from __future__ import annotations

from qf.chain.proof.bloom import bloom_of, may_hold
from qf.chain.proof.headers import Header
from qf.chain.proof.receipts import Receipt, receipts_root
from qf.chain.proof.transactions import Transaction, transactions_root

__all__ = ["Header", "Receipt", "Transaction", "bloom_of", "may_hold", "receipts_root", "transactions_root"]
