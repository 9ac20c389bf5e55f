"""What the page of an organisation shows its members: what waits, what comes next, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.access import OrganisationAsking, Right, RoundAsking
from api.applications.reading import submitted
from api.organisations.reading import newest_deeds
from api.states import Application as Approval
from api.states import State
from api.tables import Round
from api.web.rounds import SHOWN, Reconciled, groups_of, reconciled_of

WAITING = (Approval.SUBMITTED, Approval.IN_REVIEW, Approval.APPEALED)
"""Applications that somebody has to decide about."""

DEEDS = 20
"""Rows of the audit log on the page."""


@dataclass(frozen=True, slots=True)
class LookedAfter:
    """A round, as those see it who look after it."""

    listed: Any
    waiting: int
    reconciled: Reconciled | None


def dashboard_of(asking: OrganisationAsking) -> dict[str, Any]:
    """Return what the page of an organisation shows."""
    found = groups_of(asking, None, asking.organisation.id)["groups"]
    rows = [_looked_after(asking, each) for state in SHOWN for each in found.get(state, ())]
    audits = Right.AUDIT in asking.rights_in(asking.organisation.id)
    return {
        "organisation": asking.organisation,
        "rows": rows,
        "dates": sorted(_dates(asking, rows)),
        "deeds": newest_deeds(asking, DEEDS) if audits else None,
    }


def _looked_after(asking: OrganisationAsking, listed: Any) -> LookedAfter:
    round = asking.session.get_one(Round, listed.round.id)
    of_round = RoundAsking(asking.services, asking.session, asking.actor, asking.at, round)
    waiting = sum(row.state in WAITING for row in asking.session.exec(submitted(asking.session, round.id)))
    return LookedAfter(listed, waiting, reconciled_of(of_round))


def _dates(asking: OrganisationAsking, rows: list[LookedAfter]) -> list[tuple[int, str, str]]:
    """Return what is still to come: when, what, in which round."""
    return [
        (at, what, row.listed.round.title)
        for row in rows
        if row.listed.round.state not in {State.PUBLISHED, State.CANCELLED}
        for what in ("applications_open_at", "applications_close_at", "opens_at", "closes_at")
        if (at := getattr(row.listed.round, what)) is not None and at > asking.at
    ]
