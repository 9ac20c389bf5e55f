"""The audit log of an organisation: a chain of hashes, so that a row that was changed or taken out shows.

    hash = SHA-256 of the canonical JSON of the row, its number and the hash before it among them

The number and hash of the last row stand with the organisation, so that rows missing at the end show too. Whoever
notes them elsewhere from time to time (they are public) can tell whether all of it was rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select

from api.tables import Audit, Organisation
from qf.canonical import canonical_json, digest


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done: by whom, when, to what and why."""

    actor: str
    action: str
    subject: str
    reason: str = ""
    details: Mapping[str, Any] | None = None


def record(session: Session, organisation_id: str, deed: Deed, at: int) -> Audit:
    """Return the new last row of an organisation's log, which is written with the transaction of `session`."""
    organisation = session.exec(select(Organisation).where(Organisation.id == organisation_id).with_for_update()).one()
    row = Audit(
        organisation_id=organisation_id,
        number=organisation.audit_number + 1,
        at=at,
        actor=deed.actor,
        action=deed.action,
        subject=deed.subject,
        reason=deed.reason,
        details=dict(deed.details or {}),
        previous=organisation.audit_hash,
        hash="",
    )
    row.hash = hash_of(row)
    organisation.audit_number, organisation.audit_hash = row.number, row.hash
    session.add_all([row, organisation])
    session.flush()
    return row


def hash_of(row: Audit) -> str:
    """Return the hash that a row must have, 64 hex digits."""
    return digest(canonical_json(row.model_dump(exclude={"hash"})))


def broken(rows: Iterable[Audit], organisation: Organisation) -> list[str]:
    """Return what is wrong with a log that is given in full, oldest first; empty if it is whole."""
    told, number, previous = [], 0, ""
    for row in rows:
        number += 1
        if row.number != number:
            told.append(f"rows {number} to {row.number - 1} are missing")
            number = row.number
        if row.previous != previous:
            told.append(f"row {row.number} does not follow the one before it")
        if row.hash != hash_of(row):
            told.append(f"row {row.number} was changed")
        previous = row.hash
    if (number, previous) != (organisation.audit_number, organisation.audit_hash):
        told.append(f"the log ends with row {number}, but {organisation.audit_number} were written")
    return told
