"""Paying out: who gets how much, a tree to prove it by, files for those who sign, and a rehearsal before they do."""

from qf.chain.addresses import checksummed, read_address
from qf.chain.payouts.check import Finding, check
from qf.chain.payouts.encodings import ENCODINGS
from qf.chain.payouts.exports import disperse_text, distribution_text
from qf.chain.payouts.files import payouts_bytes, read_on_chain, read_payouts
from qf.chain.payouts.from_result import payout_list, payouts_of_bundle
from qf.chain.payouts.plan import OnChain, PayoutLine, PayoutList
from qf.chain.payouts.safe import safe_batches
from qf.chain.payouts.tree import MerkleTree, payout_tree, verify_proof

__all__ = [
    "ENCODINGS",
    "Finding",
    "MerkleTree",
    "OnChain",
    "PayoutLine",
    "PayoutList",
    "check",
    "checksummed",
    "disperse_text",
    "distribution_text",
    "payout_list",
    "payout_tree",
    "payouts_bytes",
    "payouts_of_bundle",
    "read_address",
    "read_on_chain",
    "read_payouts",
    "safe_batches",
    "verify_proof",
]
