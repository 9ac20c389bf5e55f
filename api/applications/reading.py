"""Applications and projects as they are shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from api.access import Asking, Right, RoundAsking
from api.applications.answers import fields_of
from api.applications.schema import ApplicationOut, FieldKind, MineOut, Order, ProjectOut, ReviewOut
from api.applications.steps import file_names, find, words
from api.pages import cursor, place_of
from api.problems import Invalid, NotFound
from api.schema import Page
from api.states import Application as State
from api.tables import Application

_PLACES: Mapping[Order, tuple[Any, type, bool]] = {
    Order.PROJECT: (col(Application.project), str, False),
    Order.TITLE: (col(Application.title), str, False),
    Order.NEWEST: (col(Application.created_at), int, True),
}
"""Order -> the column it goes by, what that holds, and whether the highest comes first; ties go by project."""


_SHOWN_WORD = {"at", "kind", "decision", "reason"}
"""What is shown of a word on an application; whose it was is in the audit log."""


def projects(
    asking: RoundAsking, *, search: str, choice: str, order: Order, after: str | None, limit: int
) -> list[Application]:
    """Return approved projects of a round, one more than `limit` if there are more.

    Args:
        asking: the request.
        search: text in title or summary; "" is all.
        choice: `field:option`, what they chose in a field of the form that is public; "" is all.
        order: in which order.
        after: the cursor of the page before.
        limit: how many.

    Raises:
        Invalid: the cursor is none of such a list, or the form has no such choice.
    """
    rows = _in_order(_approved(asking, search, choice), order, after)
    return list(asking.session.exec(rows.limit(limit + 1)))


def _approved(asking: RoundAsking, search: str, choice: str) -> SelectOfScalar[Application]:
    query = select(Application).where(Application.round_id == asking.round.id, Application.state == State.APPROVED)
    if search:
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = col(Application.title), col(Application.summary)
        query = query.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))
    if choice:
        field, option = _choice(asking, choice)
        query = query.where(col(Application.answers)[field].as_string() == option)
    return query


def mixed(
    asking: RoundAsking, *, search: str, choice: str, seed: str, after: str | None, limit: int
) -> Page[ProjectOut]:
    """Return approved projects in an order that favours none: by chance, but the same for the same seed.

    Args:
        asking: the request.
        search: as in `projects`.
        choice: as in `projects`.
        seed: what the order is made of.
        after: the cursor of the page before.
        limit: how many.

    Raises:
        Invalid: the cursor is none of such a list, or the form has no such choice.
    """
    names = asking.session.scalars(_approved(asking, search, choice).with_only_columns(col(Application.project)))
    places = sorted((sha256(f"{seed}/{name}".encode()).hexdigest(), name) for name in names)
    start = bisect_right(places, place_of(after, str, str)) if after is not None else 0
    here = places[start : start + limit]
    wanted = _approved(asking, "", "").where(col(Application.project).in_([name for _, name in here]))
    rows = {row.project: row for row in asking.session.exec(wanted)}
    hidden = _hidden(asking)
    return Page(
        items=[_project(rows[name], hidden) for _, name in here],
        next=cursor(*here[-1]) if len(places) > start + limit else None,
    )


def page_of_projects(asking: RoundAsking, rows: list[Application], order: Order, limit: int) -> Page[ProjectOut]:
    """Return a page of projects, as everybody sees them."""
    column = _PLACES[order][0].key
    last = rows[limit - 1] if len(rows) > limit else None
    hidden = _hidden(asking)
    return Page(
        items=[_project(row, hidden) for row in rows[:limit]],
        next=cursor(getattr(last, column), last.project) if last else None,
    )


def project(asking: RoundAsking, name: str) -> ProjectOut:
    """Return a project of a round, as everybody sees it.

    Raises:
        NotFound: there is none.
    """
    query = select(Application).where(Application.round_id == asking.round.id, Application.project == name)
    row = asking.session.exec(query).first()
    if row is None or row.state != State.APPROVED:
        raise NotFound(f"The round has no project {name}.")
    return _project(row, _hidden(asking))


def mine(asking: Asking) -> list[MineOut]:
    """Return the applications of whoever asks, newest first."""
    query = select(Application).where(Application.account_id == asking.account)
    rows = asking.session.exec(query.order_by(col(Application.created_at).desc(), col(Application.id)))
    return [
        MineOut(round=row.round_id, id=row.id, project=row.project, title=row.title, state=State(row.state))
        for row in rows
    ]


def seen(asking: RoundAsking, name: str) -> Application:
    """Return an application of the round that whoever asks may see: its owner, or a member once it was submitted.

    Raises:
        NotFound: there is none.
    """
    row = find(asking, name)
    if row.account_id != asking.account and (Right.READ not in asking.rights or row.state == State.DRAFT):
        raise NotFound(f"There is no application {name} of yours in this round.")
    return row


def submitted(session: Session, round_id: str, state: State | None = None) -> SelectOfScalar[Application]:
    """Return the query of the applications that members see, by project; drafts are their owners' own."""
    query = select(Application).where(Application.round_id == round_id, Application.state != State.DRAFT)
    if state is not None:
        query = query.where(Application.state == state)
    return query.order_by(col(Application.project))


def page_of_applications(
    asking: RoundAsking, state: State | None, after: str | None, limit: int
) -> Page[ApplicationOut]:
    """Return a page of applications with all answers."""
    query = submitted(asking.session, asking.round.id, state)
    if after is not None:
        query = query.where(col(Application.project) > place_of(after, str)[0])
    rows = asking.session.exec(query.limit(limit + 1)).all()
    last = cursor(rows[limit - 1].project) if len(rows) > limit else None
    return Page(items=shown(asking.session, *rows[:limit]), next=last)


def shown(session: Session, *rows: Application) -> list[ApplicationOut]:
    """Return applications as their owners and members see them."""
    files, said = file_names(session, *rows), words(session, *rows)
    return [
        ApplicationOut(
            **{**row.model_dump(exclude={"round_id", "account_id", "payout_confirmed"}), "state": State(row.state)},
            payout_confirmed=bool(row.payout_confirmed),
            files=files[row.id],
            reviews=[ReviewOut(**word.model_dump(include=_SHOWN_WORD)) for word in said[row.id]],
        )
        for row in rows
    ]


def _in_order(query: SelectOfScalar[Application], order: Order, after: str | None) -> SelectOfScalar[Application]:
    column, kind, downwards = _PLACES[order]
    if after is not None:
        value, name = place_of(after, kind, str)
        beyond = column < value if downwards else column > value
        query = query.where(beyond | ((column == value) & (col(Application.project) > name)))
    return query.order_by(column.desc() if downwards else column, col(Application.project))


def _choice(asking: RoundAsking, choice: str) -> tuple[str, str]:
    field, _, option = choice.partition(":")
    if field not in {each.id for each in fields_of(asking.round) if each.kind == FieldKind.CHOICE and not each.hidden}:
        raise Invalid.at("choice", f"the form has no public choice {field}", "write it as field:option")
    return field, option


def _hidden(asking: RoundAsking) -> frozenset[str]:
    return frozenset(field.id for field in fields_of(asking.round) if field.hidden)


def _project(row: Application, hidden: Collection[str]) -> ProjectOut:
    return ProjectOut(
        **row.model_dump(include={"project", "title", "summary", "payout_address"}),
        answers={name: answer for name, answer in row.answers.items() if name not in hidden},
        payout_confirmed=bool(row.payout_confirmed),
    )
