"""The one place that writes donations.

A donation is known by its source and what the source calls it. The same donation again changes nothing; another under
the same name is refused, as one of the two would be lost; what has to change is a new revision, with a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, update
from sqlmodel import Session, col, select

from api.events import EventKind, emit
from api.problems import Conflict, Fault
from api.tables import Entry, Round, Source

ASKED_AT_ONCE = 1_000
"""Names in one query; databases take a bounded number of values."""

_TOLD = ("external_id", "ledger_id", "donor", "project", "amount", "time", "token", "against")
"""What a source tells of a donation: the fields of `Gift` are columns of `entry`."""


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

    @classmethod
    def of(cls, row: Row[Any] | Entry) -> Gift:
        """Return what an entry says."""
        return cls(**{name: getattr(row, name) for name in _TOLD})

    def is_told_by(self, row: Row[Any]) -> bool:
        """Whether an entry says the same."""
        ours = (self.donor, self.project, self.token, self.amount, self.time, self.against)
        return ours == (row.donor, row.project, row.token, row.amount, row.time, row.against)


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
    known = revisions(session, source, told)
    _refuse_others(told, known)
    new = [gift for name, gift in told.items() if name not in known]
    _write(session, round, source, [(gift, 0, "") for gift in new], origin)
    return Recorded(len(new), len(gifts) - len(new))


def revise(session: Session, round: Round, source: Source, changes: Sequence[tuple[Gift, str]], origin: Origin) -> int:
    """Return how many donations were corrected: each gets a new revision, with its reason; amount 0 takes it back.

    A change to what stands already changes nothing, so that doing it twice is doing it once. A donation is changed
    once at a time.

    Raises:
        Conflict: a donation is not known.
    """
    lock(session, round)
    known = revisions(session, source, [gift.external_id for gift, _ in changes])
    unknown = [gift.external_id for gift, _ in changes if gift.external_id not in known]
    if unknown:
        faults = [Fault(where=name, what="is not recorded", fix="record it first") for name in unknown]
        raise Conflict("Only what is recorded can be corrected.", "unknown_donation", faults)
    last = {name: rows[-1] for name, rows in known.items()}
    rows = [
        (gift, last[gift.external_id].revision + 1, reason)
        for gift, reason in changes
        if not gift.is_told_by(last[gift.external_id])
    ]
    _write(session, round, source, rows, origin)
    return len(rows)


def lock(session: Session, round: Round) -> None:
    """Wait for other writers of the round, so that what is read now, the round included, stands until this ends."""
    wanted = select(Round).where(Round.id == round.id).with_for_update()
    session.exec(wanted.execution_options(populate_existing=True)).one()


def revisions(session: Session, source: Source, names: Collection[str] | None = None) -> dict[str, list[Row[Any]]]:
    """Return what a source calls a donation -> its revisions, oldest first; of all its donations without `names`."""
    columns = [getattr(Entry, name) for name in ("revision", *_TOLD)]
    query = select(*columns).where(Entry.source_id == source.id).order_by(col(Entry.revision))
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for part in [None] if names is None else in_parts(names):
        asked = query if part is None else query.where(col(Entry.external_id).in_(part))
        for row in session.connection().execute(asked):
            found[row.external_id].append(row)
    return dict(found)


def in_parts(names: Collection[str]) -> Iterator[list[str]]:
    """Yield names in parts that one query takes."""
    wanted = list(names)
    return (wanted[start : start + ASKED_AT_ONCE] for start in range(0, len(wanted), ASKED_AT_ONCE))


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


def _refuse_others(told: dict[str, Gift], known: dict[str, list[Row[Any]]]) -> None:
    """What was told once may be told again, also after it was corrected, and so may what it was corrected to."""
    faults = [
        Fault(
            where=name,
            what=f"is recorded as {_described(rows[-1])}",
            fix="correct it, with a reason, or give this donation a name of its own",
        )
        for name, rows in known.items()
        if not any(told[name].is_told_by(row) for row in rows)
    ]
    if faults:
        raise Conflict("A donation is recorded already, and differs.", "different_donation", faults)


def _described(row: Row[Any]) -> str:
    return f"{row.amount} {row.token or 'units'} from {row.donor} to {row.project}"


def _write(
    session: Session, round: Round, source: Source, rows: Sequence[tuple[Gift, int, str]], origin: Origin
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
    session.connection().execute(
        insert(Entry),
        [_row(round, source, first + place, row, origin) for place, row in enumerate(rows)],
    )
    session.expire(round, ["entries"])
    emit(session, round, EventKind.DONATIONS, {"recorded": len(rows), "entries": last}, origin.at)


def _row(round: Round, source: Source, position: int, row: tuple[Gift, int, str], origin: Origin) -> dict[str, Any]:
    gift, revision, reason = row
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
        "amount": gift.amount,
        "against": gift.against,
        "time": gift.time,
        "at": origin.at,
        "actor": origin.actor,
        "reason": reason,
        "origin": origin.name,
    }
