"""What is stored: one class per table. No table class is a type of the domain, and none checks what it is given.

Money is never changed in place: a row of `entry`, `batch`, `statement`, `audit` or `notice` is written once.
"""

from api.tables.base import METADATA
from api.tables.money import (
    Batch,
    DonorCode,
    Entry,
    Gift,
    Intake,
    Score,
    Source,
    Statement,
    StatementLine,
    WeightAppeal,
    WeightOverride,
)
from api.tables.organisations import ApiKey, Audit, Membership, Organisation
from api.tables.people import Account, Credential, Nonce, RefreshToken, SignIn, SigningKey
from api.tables.rounds import Application, ApplicationFile, Notice, Review, Round
from api.tables.settlements import Attestation, LineOverride, Preview, Reconciliation, Settlement
from api.tables.work import Hook, HookDelivery, Job, RoundEvent

__all__ = [
    "METADATA",
    "Account",
    "ApiKey",
    "Application",
    "ApplicationFile",
    "Attestation",
    "Audit",
    "Batch",
    "Credential",
    "DonorCode",
    "Entry",
    "Gift",
    "Hook",
    "HookDelivery",
    "Intake",
    "Job",
    "LineOverride",
    "Membership",
    "Nonce",
    "Notice",
    "Organisation",
    "Preview",
    "Reconciliation",
    "RefreshToken",
    "Review",
    "Round",
    "RoundEvent",
    "Score",
    "Settlement",
    "SignIn",
    "SigningKey",
    "Source",
    "Statement",
    "StatementLine",
    "WeightAppeal",
    "WeightOverride",
]
