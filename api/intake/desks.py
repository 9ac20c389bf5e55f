"""Paper and cash: what a desk took in is entered as a batch, and adds up or is not recorded."""

from __future__ import annotations

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.intake import once
from api.intake.reading import Reading, numbered
from api.intake.schema import DeskDonation, NewBatch
from api.pages import cursor, place_of
from api.problems import Conflict, Fault
from api.recording import Gift, Origin, record
from api.secrecy import Secrecy
from api.sign_in.codes import CodeError, code_key, read_code
from api.sources.changes import accepting
from api.tables import Batch, DonorCode, Round, Source


def enter(asking: RoundAsking, source: Source, new: NewBatch) -> Batch:
    """Return a batch that was recorded; entered again under its label, it is the one that was.

    Raises:
        Conflict: it does not add up; says by how much. Or another one has this label.
        Invalid: something in it is malformed; names everything.
    """
    accepting(asking.session, asking.round, source)
    content = new.model_dump_json().encode()
    before = once.told_before(asking.session, source, new.label, content)
    if before is not None:
        return asking.session.get_one(Batch, before.id)
    note = once.told(source, new.label, content, asking.at)
    asking.session.add(note)
    batch_id, reading = note.id, Reading(asking.round)
    gifts = [
        _gift(asking, reading, where, donation, batch_id, new.time)
        for where, donation in numbered("donations", new.donations)
    ]
    reading.finish()
    total, told = sum(gift.amount for gift in gifts), int(new.total_base)
    if total != told:
        difference = f"{abs(total - told)} {'more' if total > told else 'less'}"
        raise Conflict(f"The donations add up to {total}, {difference} than the total {told}.", "does_not_add_up")
    record(asking.session, asking.round, source, gifts, Origin(asking.actor.name, f"batch/{batch_id}", asking.at))
    batch = Batch(
        id=batch_id,
        source_id=source.id,
        label=new.label,
        donations=len(gifts),
        total=total,
        at=asking.at,
        actor=asking.actor.name,
    )
    asking.session.add(batch)
    asking.record("batch.entered", subject=f"batch/{batch_id}", donations=len(gifts), total=str(total))
    return batch


def batches(session: Session, source: Source, after: str | None, limit: int) -> tuple[list[Batch], str | None]:
    """Return a page of what a desk took in, oldest first, and the cursor of the next one."""
    query = select(Batch).where(Batch.source_id == source.id).order_by(col(Batch.at), col(Batch.id))
    if after is not None:
        at, name = place_of(after, int, str)
        query = query.where((col(Batch.at) > at) | ((col(Batch.at) == at) & (col(Batch.id) > name)))
    rows = list(session.exec(query.limit(limit + 1)))
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], cursor(last.at, last.id) if last else None


def _gift(asking: RoundAsking, reading: Reading, where: str, told: DeskDonation, batch: str, time: int) -> Gift:
    amount = reading.amount(f"{where}.amount", told, "")
    if amount == 0:
        reading.faults.append(Fault(where=f"{where}.amount", what="is 0", fix="leave it out"))
    number = where.rpartition(".")[2]
    return Gift(
        external_id=f"{batch}-{number}",
        donor=_donor(asking, reading, where, told, batch),
        project=reading.name(f"{where}.project", told.project),
        amount=amount,
        time=time,
    )


def _donor(asking: RoundAsking, reading: Reading, where: str, told: DeskDonation, batch: str) -> str:
    if told.label:
        return pseudonym(asking.services.secrecy, asking.round, f"{batch}/{told.label}")
    try:
        key = code_key(asking.services.secrecy, read_code(told.code))
    except CodeError as error:
        reading.faults.append(Fault(where=f"{where}.code", what=str(error), fix="type it as it is printed"))
        return "nobody"
    known = asking.session.get(DonorCode, key)
    if known is None or known.organisation_id != asking.round.organisation_id or known.revoked_at is not None:
        reading.faults.append(Fault(where=f"{where}.code", what="is not known, or was revoked"))
        return "nobody"
    return known.donor


def pseudonym(secrecy: Secrecy, round: Round, label: str) -> str:
    """Return the name of somebody who is known by a label alone; it tells nothing of the label."""
    return f"desk-{secrecy.mark(f'desk/{round.id}', label)[:16]}"
