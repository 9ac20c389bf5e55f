"""Rounds in the words of DAOIP-5: from the tables to `qf.formats.daoip5`."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from api.inputs import rules_of
from api.problems import Invalid
from api.settings import Settings
from api.settlement.changes import published
from api.states import Application as Approval
from api.states import State
from api.tables import Application, Organisation, Round
from qf.eligibility import Project
from qf.formats.daoip5 import Listed, Pool, Rate, System
from qf.units import parse_decimal

DECIDED = ("contributed", "donors", "ideal_match", "scaled_match", "capped_match")
"""What is told of the match of a project besides its payout."""


def system_of(settings: Settings, organisation: Organisation) -> System:
    """Return an organisation as one that runs rounds."""
    host = urlsplit(settings.public_url).hostname or ""
    return System(
        id=organisation.id,
        name=organisation.name,
        pools_uri=f"{settings.public_url}/v1/organisations/{organisation.id}/daoip5/pools",
        namespace=".".join(reversed(host.split("."))),
    )


def pool_of(session: Session, settings: Settings, round: Round, rate: Rate | None = None) -> Pool:
    """Return a round as a pool."""
    address = f"{settings.public_url}/v1/rounds/{round.id}"
    decided = {"resultDigest": published(session, round.id).result_digest} if round.state == State.PUBLISHED else {}
    return Pool(
        round=rules_of(round),
        title=round.title,
        description=round.description,
        is_open=round.state == State.OPEN,
        uri=f"{address}/daoip5",
        rules_uri=f"{address}/round.json",
        extensions={"rulesDigest": round.rules_digest, **decided},
        rate=rate,
    )


def pools_of(session: Session, settings: Settings, organisation: Organisation) -> list[Pool]:
    """Return the public rounds of an organisation as pools, oldest first."""
    query = select(Round).where(Round.organisation_id == organisation.id, Round.state != State.DRAFT)
    rounds = session.exec(query.order_by(col(Round.created_at), col(Round.id)))
    return [pool_of(session, settings, round) for round in rounds if round.rules_digest]


def listed_in(session: Session, settings: Settings, round: Round) -> list[Listed]:
    """Return the projects of a round, with what they get once that is published."""
    summary = published(session, round.id).summary["projects"] if round.state == State.PUBLISHED else []
    results = {each["project"]: each for each in summary}
    query = select(Application).where(Application.round_id == round.id, Application.state == Approval.APPROVED)
    return [
        Listed(
            project=Project(row.project, row.title, row.payout_address),
            summary=row.summary,
            uri=f"{settings.public_url}/v1/rounds/{round.id}/projects/{row.project}",
            created_at=row.created_at,
            payout=int(results[row.project]["payout"]) if row.project in results else None,
            extensions={name: str(results[row.project][name]) for name in DECIDED} if row.project in results else {},
        )
        for row in session.exec(query.order_by(col(Application.project)))
    ]


def rate_of(usd: str | None, day: date | None) -> Rate | None:
    """Return a rate that was given, or None if none was.

    Raises:
        Invalid: one half of it is missing.
    """
    if (usd is None) != (day is None):
        raise Invalid.at("usd_rate, usd_date", "are a rate and its day", "give both of them, or none")
    return None if usd is None or day is None else Rate(parse_decimal(usd), day.isoformat())
