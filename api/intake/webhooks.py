"""Donations that a payment provider sends: signed, all or nothing, and counted once however often they come.

A refund of a donation that is not recorded yet is refused, so that the provider sends it again: deliveries may come in
any order, and in the end say the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from pydantic import ValidationError
from sqlmodel import Session, select

from api import signing
from api.access import RoundAsking
from api.clock import new_id
from api.inputs import projects_of
from api.intake.reading import Reading, numbered
from api.intake.recording import Gift, Origin, lock, newest, record, revise
from api.intake.schema import Delivery, RecordedOut
from api.problems import Conflict, Fault, Invalid, Unauthenticated
from api.sources.changes import SEALED, accepting
from api.tables import Entry, Intake, Round, Source


def take(asking: RoundAsking, source: Source, body: bytes, signature: str, key: str) -> RecordedOut:
    """Return what came of a delivery; delivered again, it is answered again and changes nothing.

    Raises:
        Unauthenticated: the signature is not good.
        Conflict: the delivery differs from one of the same name, or from what is recorded.
        Invalid: it is malformed; names everything.
    """
    secret = asking.services.secrecy.open(SEALED, source.secret)
    try:
        signing.check(secret, body, signature, asking.at)
    except signing.SignatureError as error:
        raise Unauthenticated(f"The delivery is not accepted: {error}.", "bad_signature") from None
    accepting(asking.round, source)
    lock(asking.session, asking.round)
    sha256 = hashlib.sha256(body).hexdigest()
    known = asking.session.exec(select(Intake).where(Intake.source_id == source.id, Intake.key == key)).first()
    if known is not None:
        if known.sha256 != sha256:
            raise Conflict(f"The delivery {key} was another one before.", "delivery_differs")
        return RecordedOut(**known.answer)
    intake = Intake(id=new_id(), source_id=source.id, key=key, sha256=sha256, at=asking.at)
    origin = Origin(f"source:{source.name}", f"intake/{intake.id}", asking.at)
    answer = _recorded(asking.session, asking.round, source, _delivery(body), origin)
    intake.answer = answer.model_dump()
    asking.session.add(intake)
    return answer


def unknown_projects(session: Session, round: Round, gifts: list[Gift]) -> list[str]:
    """Return the projects of donations that are none of the round's.

    Such a donation is real money: it is recorded, and shows in the reconciliation until somebody decides about it.
    """
    known = {project.id for project in projects_of(session, round.id)}
    return sorted({gift.project for gift in gifts} - known)


def _delivery(body: bytes) -> Delivery:
    try:
        return Delivery.model_validate_json(body)
    except ValidationError as error:
        faults = [Fault(where=".".join(map(str, each["loc"])) or "body", what=each["msg"]) for each in error.errors()]
        raise Invalid.of(faults) from None


def _recorded(session: Session, round: Round, source: Source, told: Delivery, origin: Origin) -> RecordedOut:
    reading = Reading(round)
    gifts = [reading.gift(where, donation) for where, donation in numbered("donations", told.donations)]
    reading.finish()
    new = record(session, round, source, gifts, origin)
    standing = newest(session, source, [refund.id for refund in told.refunds])
    changes = [
        (replace(_gift(standing[refund.id]), amount=int(refund.left_base)), refund.reason)
        for refund in told.refunds
        if refund.id in standing
    ]
    _refuse_wrong_refunds(told, standing)
    corrected = revise(session, round, source, changes, origin)
    strange = unknown_projects(session, round, gifts)
    return RecordedOut(new=new.new, known=new.known, corrected=corrected, unknown_projects=strange)


def _refuse_wrong_refunds(told: Delivery, standing: dict[str, Entry]) -> None:
    faults = []
    for where, refund in numbered("refunds", told.refunds):
        row = standing.get(refund.id)
        if row is None:
            faults.append(Fault(where=where, what=f"{refund.id} is not recorded", fix="deliver it again afterwards"))
        elif int(refund.left_base) > row.amount:
            faults.append(Fault(where=where, what=f"leaves more than the {row.amount} there are"))
    if faults:
        raise Conflict("A refund does not fit what is recorded.", "wrong_refund", faults)


def _gift(row: Entry) -> Gift:
    return Gift(row.external_id, row.donor, row.project, row.amount, row.time, row.token, row.against, row.ledger_id)
