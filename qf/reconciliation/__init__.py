"""Whether a ledger says what its sources say.

A source is whatever was there first: contracts on a chain, the statement of a card processor, the book of a desk.
Every difference is a `Line` that says what to do. A round that asks for it is settled only once no line is left
unresolved: mended in the ledger, or overridden by the operator with a reason that is published with the result.
"""

from qf.reconciliation.findings import ADVICE, Finding
from qf.reconciliation.records import compare_records, described, resolved
from qf.reconciliation.report import Evidence, Line, Override, Reconciliation, Record, payees_of, require_reconciled

__all__ = [
    "ADVICE",
    "Evidence",
    "Finding",
    "Line",
    "Override",
    "Reconciliation",
    "Record",
    "compare_records",
    "described",
    "payees_of",
    "require_reconciled",
    "resolved",
]
