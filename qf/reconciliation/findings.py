"""What can be wrong with a ledger, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Finding(StrEnum):
    """What is wrong with a donation, or with a source as a whole."""

    MISSING_IN_LEDGER = "missing_in_ledger"
    """The source has the donation, the ledger has not."""
    MISSING_IN_SOURCE = "missing_in_source"
    """The ledger has the donation, the source has not."""
    DIFFERENT_AMOUNT = "different_amount"
    """Both have it, with different amounts."""
    DIFFERENT_DONOR = "different_donor"
    """Both have it, from different donors."""
    DIFFERENT_PROJECT = "different_project"
    """Both have it, for different projects."""
    DIFFERENT_TOKEN = "different_token"
    """Both have it, in different tokens."""
    DIFFERENT_TIME = "different_time"
    """Both have it, at different times."""
    REFUNDED = "refunded"
    """The source paid it back, wholly or in part, and the ledger still has more than is left."""
    DUPLICATED = "duplicated"
    """The ledger holds one donation of the source more than once."""
    ORPHANED = "orphaned"
    """It stood in a block that a reorganisation of the chain took away."""
    FAILED_TRANSACTION = "failed_transaction"
    """The transaction it names did not succeed."""
    SPOOFED_EMITTER = "spoofed_emitter"
    """The event was written by a contract that is not one of the round."""
    UNBACKED = "unbacked"
    """No transfer of the token in the same transaction backs the amount."""
    UNREADABLE = "unreadable"
    """A log of the contract of the round is not what the contract writes."""
    UNKNOWN_TOKEN = "unknown_token"
    """The token is not one of the round."""
    UNKNOWN_PROJECT = "unknown_project"
    """The project is not one of the round."""
    DIFFERENT_PAYEE = "different_payee"
    """The money went to an account that is not where the round pays the project."""
    OUT_OF_WINDOW = "out_of_window"
    """It was made before the round opened, or when it had closed."""
    BALANCE_DIFFERS = "balance_differs"
    """What the contract holds is not what its donations add up to."""
    CODE_DIFFERS = "code_differs"
    """The code of a contract or token is not the one that was pinned."""
    INCOMPLETE = "incomplete"
    """It is not proved that all donations of the source were read."""


ADVICE: Mapping[Finding, str] = {
    Finding.MISSING_IN_LEDGER: "add it to the ledger; for a chain, take what `qf chain sync --donations` writes",
    Finding.MISSING_IN_SOURCE: "remove it from the ledger, unless it was made elsewhere: then give it that source",
    Finding.DIFFERENT_AMOUNT: "write the amount of the source into the ledger",
    Finding.DIFFERENT_DONOR: "write the donor of the source into the ledger; who gave for somebody else is a link",
    Finding.DIFFERENT_PROJECT: "write the project of the chain into the ledger, or mend [projects] in the chain file",
    Finding.DIFFERENT_TOKEN: "write the token of the chain into the ledger, or mend [[token]] in the chain file",
    Finding.DIFFERENT_TIME: "write the time of its block into the ledger",
    Finding.REFUNDED: "correct its amount in the ledger to what is left; 0 takes it back",
    Finding.DUPLICATED: "keep one of them in the ledger",
    Finding.ORPHANED: "remove it from the ledger; ask the donor to give again if the gift did not come back",
    Finding.FAILED_TRANSACTION: "remove it from the ledger: no money moved",
    Finding.SPOOFED_EMITTER: "remove it from the ledger: somebody else's contract wrote the event",
    Finding.UNBACKED: "look at the transaction: if no money came in, exclude the donation and say why",
    Finding.UNREADABLE: "look at the transaction, and at whether the address and kind of the source are right",
    Finding.UNKNOWN_TOKEN: "add the token to the chain file and to the prices, or say why it does not count",
    Finding.UNKNOWN_PROJECT: "map it in [projects] of the chain file, or correct it, or say why it does not count",
    Finding.DIFFERENT_PAYEE: "find out whose account it is (a donor may have named it); exclude it, or say why not",
    Finding.OUT_OF_WINDOW: "leave it: it will be excluded; say so, or mend the dates of the round",
    Finding.BALANCE_DIFFERS: "find the transfers that no donation explains before paying anything out",
    Finding.CODE_DIFFERS: "find out who changed the contract, and when, before believing its events",
    Finding.INCOMPLETE: (
        "on a chain, wait if it is not final yet, else sync into a new store, with better endpoints or proof; "
        "elsewhere, get the statement of the provider"
    ),
}
"""What to do about each finding."""
