"""What a block hash proves: the header it is the hash of, which logs can be in the block, and all its receipts.

Pure: nothing here talks to a node. What a chain does differently from Ethereum cannot be proved; it is then said so.
"""

from __future__ import annotations

from qf.chain.proof.bloom import bloom_of, may_hold
from qf.chain.proof.headers import Header
from qf.chain.proof.receipts import Receipt, receipts_root

__all__ = ["Header", "Receipt", "bloom_of", "may_hold", "receipts_root"]
