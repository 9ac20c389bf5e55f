"""Rounds as they are shown."""

from __future__ import annotations

import itertools
from importlib.resources import files

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.access import Asking, Right
from api.pages import cursor, place_of
from api.rounds.schema import MechanismOut, ParameterOut, PresetOut, RoundOut
from api.schema import Page
from api.states import Application as Approval
from api.states import State
from api.tables import Application, Membership, Round
from qf import REGISTRY, preset, preset_names
from qf.rules import document_of


def shown(session: Session, *rounds: Round) -> list[RoundOut]:
    """Return rounds as they are shown."""
    approved = select(Application.round_id, func.count()).where(
        col(Application.round_id).in_([round.id for round in rounds]), Application.state == Approval.APPROVED
    )
    projects = dict(session.exec(approved.group_by(col(Application.round_id))).all())
    return [
        RoundOut(
            **round.model_dump(exclude={"organisation_id", "form", "pseudonym_key", "events"}),
            organisation=round.organisation_id,
            projects=projects.get(round.id, 0),
        )
        for round in rounds
    ]


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
        items=shown(asking.session, *rows[:limit]),
        next=cursor(last.created_at, last.id) if last else None,
    )


def presets() -> list[PresetOut]:
    """Return all presets, spelled out for a pool of 0."""
    return [_preset(name) for name in preset_names()]


def mechanisms() -> list[MechanismOut]:
    """Return all formulas."""
    return [
        MechanismOut(
            id=each.id,
            title=each.title,
            conventions=sorted(each.conventions),
            parameters={
                key: ParameterOut(default=value.default, meaning=value.meaning)
                for key, value in each.parameters.items()
            },
        )
        for _, each in sorted(REGISTRY.items())
    ]


def _preset(name: str) -> PresetOut:
    """The file of a preset begins with a comment: where it is from, a colon, and what it does."""
    text = (files("qf.mechanisms") / "presets" / f"{name}.toml").read_text("utf-8")
    comment = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    title, _, meaning = " ".join(line.removeprefix("#").strip() for line in comment).partition(": ")
    return PresetOut(name=name, title=title, meaning=meaning, rules=document_of(preset(name, pool=0)))


def _readable(asking: Asking) -> list[str]:
    if asking.actor.key:
        return [asking.actor.organisation] if Right.READ in asking.actor.rights else []
    if not asking.actor.account:
        return []
    query = select(Membership.organisation_id).where(Membership.account_id == asking.actor.account)
    return [name for name in asking.session.exec(query) if Right.READ in asking.rights_in(name)]
