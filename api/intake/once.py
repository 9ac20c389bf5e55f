"""What is told once, however often it comes: a delivery of a webhook, a batch of a desk."""

from __future__ import annotations

import hashlib

from sqlmodel import Session, select

from api.clock import new_id
from api.problems import Conflict
from api.tables import Intake, Source


def told(source: Source, key: str, content: bytes, at: int) -> Intake:
    """Return the note that `content` was told under the name `key`; its answer is filled in and it is added then."""
    return Intake(id=new_id(), source_id=source.id, key=key, sha256=_sha256(content), at=at)


def told_before(session: Session, source: Source, key: str, content: bytes) -> Intake | None:
    """Return the note of `content` if it was told before; the round has to be locked, so that two do not pass at once.

    Raises:
        Conflict: something else was told under this name.
    """
    known = session.exec(select(Intake).where(Intake.source_id == source.id, Intake.key == key)).first()
    if known is not None and known.sha256 != _sha256(content):
        raise Conflict(f"Something else came under the name {key} before.", "delivery_differs")
    return known


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
