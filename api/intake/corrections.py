"""Corrections: a new revision of a donation, with a public reason; what was recorded before stays to be seen."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.intake.reading import Reading
from api.intake.schema import Correction
from api.problems import Conflict, Invalid, NotFound
from api.recording import Gift, Origin, revise
from api.rounds.notices import say
from api.states import State
from api.tables import Entry, Source


def correct(asking: RoundAsking, ledger_id: str, wanted: Correction) -> Entry:
    """Return the new revision of a donation.

    Raises:
        NotFound: there is no such donation.
        Conflict: the result is public, or the donation is on a chain, which is right about it.
        Invalid: nothing is changed, or something is malformed.
    """
    round = asking.lock()
    if round.state == State.PUBLISHED:
        raise Conflict("The result is public; its donations stand.", "settled")
    last = history(asking.session, round.id, ledger_id)[-1]
    source = asking.session.get_one(Source, last.source_id)
    if source.kind == "chain":
        told = "A donation on a chain is what the chain says; exclude its donor or override its line instead."
        raise Conflict(told, "on_chain")
    reading = Reading(round)
    before = Gift.of(last)
    amount_given = wanted.amount is not None or wanted.amount_base is not None
    after = replace(
        before,
        donor=reading.donor("donor", wanted.donor) if wanted.donor else before.donor,
        project=reading.name("project", wanted.project) if wanted.project else before.project,
        amount=reading.amount("amount", wanted, last.token) if amount_given else before.amount,
    )
    reading.finish()
    if not revise(
        asking.session, round, source, [(after, wanted.reason)], Origin(asking.actor.name, "correction", asking.at)
    ):
        raise Invalid.at("body", "changes nothing", "give donor, project or amount")
    changed = [name for name in ("donor", "project", "amount") if getattr(before, name) != getattr(after, name)]
    asking.record("donation.corrected", wanted.reason, subject=f"donation/{ledger_id}", changed=changed)
    say(asking, "correction", wanted.reason, {"donation": ledger_id, "changed": changed})
    return history(asking.session, round.id, ledger_id)[-1]


def history(session: Session, round_id: str, ledger_id: str) -> list[Entry]:
    """Return all revisions of a donation, oldest first.

    Raises:
        NotFound: there is no such donation.
    """
    query = select(Entry).where(Entry.round_id == round_id, Entry.ledger_id == ledger_id)
    rows = list(session.exec(query.order_by(col(Entry.revision))))
    if not rows:
        raise NotFound(f"There is no donation {ledger_id} in this round.")
    return rows
