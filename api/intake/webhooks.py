"""Donations that a payment provider sends: signed, all or nothing, and counted once however often they come.

A refund of a donation that is not recorded yet is refused, so that the provider sends it again. A refund says what is
left, which only shrinks: of two, the one that leaves less stands, whichever came first. So deliveries may come in any
order, and in the end say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row
from sqlmodel import Session, col, select

from api import signing
from api.access import RoundAsking
from api.intake import once
from api.intake.reading import Reading, numbered
from api.intake.schema import Delivery, RecordedOut, Refund
from api.problems import Conflict, Fault, Invalid, Unauthenticated
from api.recording import Gift, Origin, in_parts, record, revise, revisions
from api.sources.changes import SEALED, accepting
from api.states import Application as ApplicationState
from api.tables import Application, Round, Source


def take(asking: RoundAsking, source: Source, body: bytes, signature: str, key: str) -> RecordedOut:
    """Return what came of a delivery; delivered again, it is answered again and changes nothing.

    Raises:
        Unauthenticated: the signature is not good.
        Conflict: the delivery differs from one of the same name, or from what is recorded.
        Invalid: it is malformed; names everything.
    """
    secret, *former = signing.secrets_of(asking.services.secrecy, SEALED, source, asking.at)
    try:
        signing.check(secret, body, signature, asking.at, *former)
    except signing.SignatureError as error:
        raise Unauthenticated(f"The delivery is not accepted: {error}.", "bad_signature") from None
    accepting(asking.session, asking.round, source)
    told = once.told_before(asking.session, source, key, body)
    if told is not None:
        return RecordedOut(**told.answer)
    intake = once.told(source, key, body, asking.at)
    origin = Origin(f"source:{source.name}", f"intake/{intake.id}", asking.at)
    answer = _recorded(asking.session, asking.round, source, _delivery(body), origin)
    intake.answer = answer.model_dump()
    asking.session.add(intake)
    return answer


def unknown_projects(session: Session, round: Round, gifts: list[Gift]) -> list[str]:
    """Return the projects of donations that are none of the round's.

    Such a donation is real money: it is recorded, and shows in the reconciliation until somebody decides about it.
    """
    unknown = {gift.project for gift in gifts}
    approved = select(Application.project).where(
        Application.round_id == round.id, Application.state == ApplicationState.APPROVED
    )
    for part in in_parts(unknown):
        known = session.exec(approved.where(col(Application.project).in_(part)))
        unknown.difference_update(known)
    return sorted(unknown)


def _delivery(body: bytes) -> Delivery:
    try:
        return Delivery.model_validate_json(body)
    except ValidationError as error:
        faults = [
            Fault(where=".".join(map(str, each["loc"])) or "body", what=each["msg"].removeprefix("Value error, "))
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Invalid.of(faults) from None


def _recorded(session: Session, round: Round, source: Source, told: Delivery, origin: Origin) -> RecordedOut:
    reading = Reading(round)
    gifts = [reading.gift(where, donation) for where, donation in numbered("donations", told.donations)]
    reading.finish()
    new = record(session, round, source, gifts, origin)
    known = revisions(session, source, [refund.id for refund in told.refunds])
    _refuse_wrong_refunds(told, known)
    corrected = revise(session, round, source, _refunded(told.refunds, known), origin)
    strange = unknown_projects(session, round, gifts)
    return RecordedOut(new=new.new, known=new.known, corrected=corrected, unknown_projects=strange)


def _refuse_wrong_refunds(told: Delivery, known: Mapping[str, Sequence[Row[Any]]]) -> None:
    faults = []
    for where, refund in numbered("refunds", told.refunds):
        rows = known.get(refund.id)
        if not rows:
            faults.append(Fault(where=where, what=f"{refund.id} is not recorded", fix="deliver it again afterwards"))
        elif int(refund.left_base) > rows[0].amount:
            faults.append(Fault(where=where, what=f"leaves more than the {rows[0].amount} that were given"))
    if faults:
        raise Conflict("A refund does not fit what is recorded.", "wrong_refund", faults)


def _refunded(refunds: Sequence[Refund], known: Mapping[str, Sequence[Row[Any]]]) -> list[tuple[Gift, str]]:
    """Return what refunds leave. What is left only shrinks, so that one that leaves more than there is came late."""
    least: dict[str, Refund] = {}
    for refund in sorted(refunds, key=lambda refund: int(refund.left_base), reverse=True):
        least[refund.id] = refund
    return [
        (replace(Gift.of(known[name][-1]), amount=int(refund.left_base)), refund.reason)
        for name, refund in least.items()
        if int(refund.left_base) < known[name][-1].amount
    ]
