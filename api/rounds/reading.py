"""Rounds as they are shown."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.access import Asking, Right
from api.pages import cursor, place_of
from api.rounds.schema import MechanismOut, NoticeOut, PresetOut, RoundOut
from api.schema import Page
from api.states import Application as Approval
from api.states import State
from api.tables import Application, Membership, Notice, Round
from qf import REGISTRY, preset, preset_names
from qf.rules import document_of


def shown(session: Session, round: Round) -> RoundOut:
    """Return a round as it is shown."""
    count = select(func.count()).where(Application.round_id == round.id, Application.state == Approval.APPROVED)
    return RoundOut(
        **round.model_dump(exclude={"organisation_id", "form", "pseudonym_key", "events"}),
        organisation=round.organisation_id,
        projects=session.exec(count.select_from(Application)).one(),
    )


def listed(
    asking: Asking, *, organisation: str | None, state: State | None, after: str | None, limit: int
) -> Page[RoundOut]:
    """Return rounds, newest first; drafts only of organisations in which the actor may read."""
    query = select(Round).order_by(col(Round.created_at).desc(), col(Round.id).desc())
    visible = col(Round.state) != State.DRAFT
    query = query.where(visible | col(Round.organisation_id).in_(_readable(asking)))
    if organisation is not None:
        query = query.where(Round.organisation_id == organisation)
    if state is not None:
        query = query.where(Round.state == state)
    if after is not None:
        at, name = place_of(after, int, str)
        older = (col(Round.created_at) < at) | ((col(Round.created_at) == at) & (col(Round.id) < name))
        query = query.where(older)
    rows = list(asking.session.exec(query.limit(limit + 1)))
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[shown(asking.session, row) for row in rows[:limit]],
        next=cursor(last.created_at, last.id) if last else None,
    )


def notices(session: Session, round: Round) -> list[NoticeOut]:
    """Return what was said in public about a round, oldest first."""
    rows = session.exec(select(Notice).where(Notice.round_id == round.id).order_by(col(Notice.at), col(Notice.id)))
    return [NoticeOut(**row.model_dump(exclude={"round_id"})) for row in rows]


def presets() -> list[PresetOut]:
    """Return all presets, spelled out for a pool of 0."""
    return [PresetOut(name=name, rules=document_of(preset(name, pool=0))) for name in preset_names()]


def mechanisms() -> list[MechanismOut]:
    """Return all formulas."""
    return [
        MechanismOut(id=name, title=each.title, parameters={key: str(value) for key, value in each.parameters.items()})
        for name, each in sorted(REGISTRY.items())
    ]


def _readable(asking: Asking) -> list[str]:
    if asking.actor.key:
        return [asking.actor.organisation] if Right.READ in asking.actor.rights else []
    if not asking.actor.account:
        return []
    query = select(Membership.organisation_id).where(Membership.account_id == asking.actor.account)
    return [name for name in asking.session.exec(query) if Right.READ in asking.rights_in(name)]
