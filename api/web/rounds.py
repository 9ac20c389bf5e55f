"""What the pages of rounds and projects show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.access import Asking, RoundAsking
from api.applications import reading as applications
from api.applications.answers import fields_of
from api.applications.schema import FieldKind, ProjectOut
from api.inputs import projects_of, rules_of
from api.problems import ApiError
from api.publishing.matches import Matches, matches_of
from api.reconciliation.reports import latest, newest
from api.rounds.notices import notices
from api.rounds.reading import listed, shown
from api.rounds.schema import NoticeOut, RoundOut
from api.states import State
from api.tables import Organisation, Round
from api.wall.addresses import source_of
from api.web.carts import takes_gifts
from api.web.rules import rules_in_words
from api.web.view import View
from qf.errors import QfError
from qf.round import Round as Rules

PROJECTS = 24
"""Projects on one page."""

SHOWN = (State.DRAFT, State.OPEN, State.FROZEN, State.CLOSED, State.PUBLISHED, State.CANCELLED)
"""The states of rounds, in the order of the front page."""

LIVE = (State.FROZEN, State.OPEN, State.CLOSED)
"""Rounds of which something can still change as one looks at them."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The newest comparison of the donations with where they came from."""

    at: int
    current: bool
    compared: int
    unresolved: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A round in a list; a draft may have no rules yet that could be read."""

    round: RoundOut
    rules: Rules | None
    organisation: str


def groups_of(asking: Asking, after: str | None, organisation: str | None = None) -> dict[str, Any]:
    """Return the rounds that can be seen, by state."""
    page = listed(asking, organisation=organisation, state=None, after=after, limit=50)
    names: dict[str, str] = {}
    for each in page.items:
        names.setdefault(each.organisation, asking.session.get_one(Organisation, each.organisation).name)
    rows = [
        Listed(each, _rules(asking.session.get_one(Round, each.id)), names[each.organisation]) for each in page.items
    ]
    groups = {state: [row for row in rows if row.round.state == state] for state in SHOWN}
    return {"groups": {state: found for state, found in groups.items() if found}, "next": page.next}


def frame_of(asking: RoundAsking, view: View) -> dict[str, Any]:
    """Return what all pages of a round show."""
    round, rules = asking.round, _rules(asking.round)
    return {
        "round": shown(asking.session, round)[0],
        "rules": rules,
        "organisation": asking.session.get_one(Organisation, round.organisation_id),
        "takes_gifts": takes_gifts(asking),
        "live": round.state in LIVE,
        "events": round.events,
    }


def round_of(
    asking: RoundAsking, view: View, request: Request, search: str, after: str | None, seed: str
) -> dict[str, Any]:
    """Return what the page of a round shows."""
    frame = frame_of(asking, view)
    seed = seed or _seed(asking, request)
    page = applications.mixed(asking, search=search, choice="", seed=seed, after=after, limit=PROJECTS)
    return {
        **frame,
        "says": rules_in_words(frame["rules"], view.writer) if frame["rules"] else [],
        "notices": _public(notices(asking)),
        "reconciled": reconciled_of(asking),
        "search": search,
        "seed": seed,
        "projects": page,
        "matches": matches_now(asking),
        "notice_details": _details,
    }


def project_of(asking: RoundAsking, view: View, name: str) -> dict[str, Any]:
    """Return what the page of a project shows.

    Raises:
        NotFound: there is none.
    """
    project = applications.project(asking, name)
    return {
        **frame_of(asking, view),
        "project": project,
        "answers": _answers(asking.round, project),
        "matches": matches_now(asking),
    }


def titles_of(asking: RoundAsking) -> dict[str, str]:
    """Return the titles of all projects of a round, by what the ledger calls them."""
    return {project.id: project.title or project.id for project in projects_of(asking.session, asking.round.id)}


def matches_now(asking: RoundAsking) -> Matches | None:
    """Return what projects were given and are matched with; None where that cannot be told just now."""
    if asking.round.state in {State.DRAFT, State.CANCELLED}:
        return None
    try:
        return matches_of(asking)
    except (ApiError, QfError):
        return None


def reconciled_of(asking: RoundAsking) -> Reconciled | None:
    """Return the newest comparison of the donations with where they came from; None if there is none yet."""
    row, report = newest(asking.session, asking.round.id), latest(asking.session, asking.round.id)
    if row is None or report is None:
        return None
    current = row.entries == asking.round.entries
    return Reconciled(row.at, current, report.compared, len(report.unresolved))


def _rules(round: Round) -> Rules | None:
    try:
        return rules_of(round)
    except QfError:
        return None


def _seed(asking: RoundAsking, request: Request) -> str:
    """Return what the order of projects is made of: the same for a visitor, and kept nowhere."""
    settings, secrecy = asking.services.settings, asking.services.secrecy
    who = asking.actor.account or source_of(request, settings.proxies)
    return secrecy.mark("order", f"{asking.round.id}/{who}")[:12]


def _public(found: Sequence[NoticeOut]) -> list[NoticeOut]:
    return list(reversed(found))


def _details(notice: NoticeOut) -> Mapping[str, Any]:
    return {key: value for key, value in notice.details.items() if key == "closes_at"}


def _answers(round: Round, project: ProjectOut) -> list[tuple[str, FieldKind, Any]]:
    """Return what was answered in public: label, kind, answer."""
    answers = project.answers
    return [
        (field.label, field.kind, answers[field.id])
        for field in fields_of(round)
        if not field.hidden and answers.get(field.id) not in (None, "", [], False)
    ]
