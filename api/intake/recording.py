"""The one place that writes donations.

A donation is known by its source and what the source calls it. The same donation again changes nothing; another under
the same name is refused, as one of the two would be lost; what has to change is a new revision, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, update
from sqlmodel import Session, col, select

from api.events import EventKind, emit
from api.problems import Conflict, Fault
from api.tables import Entry, Round, Source

ASKED_AT_ONCE = 500
"""Names in one query; SQLite takes a bounded number of values."""


@dataclass(frozen=True, slots=True)
class Gift:
    """A donation as a source tells it; names are canonical.

    Attributes:
        external_id: what the source calls it.
        ledger_id: what the ledger calls it; "" is `source/external_id`.
        donor, project, token: as in the ledger; token "" is the unit of the round.
        amount: base units of the token, or round units; above 0.
        time: when it was given, seconds.
        against: credits spent against the project.
    """

    external_id: str
    donor: str
    project: str
    amount: int
    time: int
    token: str = ""
    against: bool = False
    ledger_id: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who brought donations, and with what: "intake/<id>", "batch/<id>", "job/<id>"."""

    actor: str
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it: how many donations are new, and how many were known already."""

    new: int
    known: int


def record(session: Session, round: Round, source: Source, gifts: Sequence[Gift], origin: Origin) -> Recorded:
    """Return how many of `gifts` are new, all of which are written with the transaction of `session`.

    Raises:
        Conflict: a donation differs from what is recorded under its name; names all, and nothing is written.
    """
    told = {gift.external_id: gift for gift in gifts}
    _refuse_twice(gifts, told)
    lock(session, round)
    standing = newest(session, source, told)
    _refuse_others(told, standing)
    new = [gift for name, gift in told.items() if name not in standing]
    _write(session, round, source, [(gift, 0, gift.amount, "") for gift in new], origin)
    return Recorded(len(new), len(gifts) - len(new))


def revise(session: Session, round: Round, source: Source, changes: Sequence[tuple[Gift, str]], origin: Origin) -> int:
    """Return how many donations were corrected: each gets a new revision, with its reason; amount 0 takes it back.

    A change to what stands already changes nothing, so that doing it twice is doing it once.

    Raises:
        Conflict: a donation is not known.
    """
    lock(session, round)
    standing = newest(session, source, [gift.external_id for gift, _ in changes])
    unknown = [gift.external_id for gift, _ in changes if gift.external_id not in standing]
    if unknown:
        faults = [Fault(where=name, what="is not recorded", fix="record it first") for name in unknown]
        raise Conflict("Only what is recorded can be corrected.", "unknown_donation", faults)
    rows = []
    for gift, reason in changes:
        last = standing[gift.external_id]
        if not _same(gift, last):
            rows.append((gift, last.revision + 1, gift.amount, reason))
    _write(session, round, source, rows, origin)
    return len(rows)


def lock(session: Session, round: Round) -> None:
    """Wait for other writers of the round, so that what is read now stands until this transaction ends."""
    session.execute(select(Round.id).where(Round.id == round.id).with_for_update())


def newest(session: Session, source: Source, names: Iterable[str]) -> dict[str, Entry]:
    """Return the newest revision of each donation of a source, by what the source calls it."""
    wanted, found = list(names), {}
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        part = wanted[start : start + ASKED_AT_ONCE]
        query = select(Entry).where(Entry.source_id == source.id, col(Entry.external_id).in_(part))
        for row in session.exec(query.order_by(col(Entry.revision))):
            found[row.external_id] = row
    return found


def _refuse_twice(gifts: Sequence[Gift], told: dict[str, Gift]) -> None:
    if len(told) == len(gifts):
        return
    faults = [
        Fault(where=gift.external_id, what="is told twice, differently", fix="give every donation a name of its own")
        for gift in gifts
        if told[gift.external_id] != gift
    ]
    if faults:
        raise Conflict("Two donations have one name.", "repeated_donation", faults)


def _refuse_others(told: dict[str, Gift], standing: dict[str, Entry]) -> None:
    faults = [
        Fault(
            where=name,
            what=f"is recorded as {row.amount} {row.token} from {row.donor} to {row.project}".replace("  ", " "),
            fix="correct it, with a reason, or give this donation a name of its own",
        )
        for name, row in standing.items()
        if row.revision == 0 and not _same(told[name], row)
    ]
    if faults:
        raise Conflict("A donation is recorded already, and differs.", "different_donation", faults)


def _same(gift: Gift, row: Entry) -> bool:
    ours = (gift.donor, gift.project, gift.token, gift.amount, gift.time, gift.against)
    return ours == (row.donor, row.project, row.token, row.amount, row.time, row.against)


def _write(
    session: Session, round: Round, source: Source, rows: Sequence[tuple[Gift, int, int, str]], origin: Origin
) -> None:
    if not rows:
        return
    last = session.execute(
        update(Round)
        .where(col(Round.id) == round.id)
        .values(entries=Round.entries + len(rows))
        .returning(col(Round.entries))
    ).scalar_one()
    first = last - len(rows) + 1
    session.execute(
        insert(Entry),
        [_row(round, source, first + place, row, origin) for place, row in enumerate(rows)],
    )
    session.expire(round, ["entries"])
    emit(session, round, EventKind.DONATIONS, {"recorded": len(rows), "entries": last}, origin.at)


def _row(
    round: Round, source: Source, position: int, row: tuple[Gift, int, int, str], origin: Origin
) -> dict[str, Any]:
    gift, revision, amount, reason = row
    return {
        "round_id": round.id,
        "position": position,
        "source_id": source.id,
        "external_id": gift.external_id,
        "revision": revision,
        "ledger_id": gift.ledger_id or f"{source.name}/{gift.external_id}",
        "donor": gift.donor,
        "project": gift.project,
        "token": gift.token,
        "amount": amount,
        "against": gift.against,
        "time": gift.time,
        "at": origin.at,
        "actor": origin.actor,
        "reason": reason,
        "origin": origin.name,
    }


def count_standing(session: Session, round_id: str) -> int:
    """Return how many donations were ever recorded in a round, corrections not counted."""
    query = select(func.count()).select_from(Entry).where(Entry.round_id == round_id, Entry.revision == 0)
    return int(session.exec(query).one())
