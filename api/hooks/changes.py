"""Adding, changing and testing hooks."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import func
from sqlmodel import Session, col, select

from api import queue, signing
from api.access import OrganisationAsking
from api.clock import new_id
from api.hooks.addresses import RefusedError, read_url
from api.hooks.schema import Delivered, DeliveryOut, HookChange, HookOut, NewHook
from api.pages import cursor, place_of
from api.problems import Conflict, Invalid, NotFound
from api.schema import NewSecret, Page
from api.secrecy import Secrecy, new_key
from api.tables import Hook, HookDelivery, Round

SEALED = "hook"
"""The purpose under which secrets and addresses of hooks are sealed: the address may be all it takes to write there."""

MOST = 50
"""Hooks of an organisation."""

TEST = ""
"""Stands for the round in a delivery that is a test."""


def add(asking: OrganisationAsking, new: NewHook) -> tuple[Hook, str]:
    """Return a new hook, and its secret.

    Raises:
        Invalid: it may not point there, or the organisation has no such round.
        Conflict: there are too many.
    """
    if len(hooks_of(asking)) >= MOST:
        raise Conflict(f"The organisation has {MOST} hooks; remove one first.", "too_many_hooks")
    if new.round is not None:
        round = asking.session.get(Round, new.round)
        if round is None or round.organisation_id != asking.organisation.id:
            raise Invalid.at("round", f"{new.round} is no round of this organisation")
    secret = new_key()
    hook = Hook(
        id=new_id(),
        organisation_id=asking.organisation.id,
        round_id=new.round,
        url=_sealed(asking, new.url),
        kinds=[str(kind) for kind in new.kinds],
        secret=asking.services.secrecy.seal(SEALED, secret),
        created_at=asking.at,
        created_by=asking.actor.name,
    )
    asking.session.add(hook)
    asking.record("hook.added", _subject(hook), host=_host(new.url), kinds=hook.kinds)
    return hook, secret


def change(asking: OrganisationAsking, name: str, wanted: HookChange) -> Hook:
    """Return a hook that points elsewhere, or is told of other things.

    Raises:
        Invalid: it may not point there.
    """
    hook = require(asking, name)
    if wanted.url is not None:
        hook.url = _sealed(asking, wanted.url)
    if wanted.kinds is not None:
        hook.kinds = [str(kind) for kind in wanted.kinds]
    asking.session.add(hook)
    asking.record(
        "hook.changed", _subject(hook), host=_host(address_of(asking.services.secrecy, hook)), kinds=hook.kinds
    )
    return hook


def rotate(asking: OrganisationAsking, name: str, *, at_once: bool) -> NewSecret:
    """Return the new secret of a hook; deliveries are signed with it and, for a day, with the former one too."""
    hook = require(asking, name)
    secret = signing.replaced(asking.services.secrecy, SEALED, hook, asking.at, at_once=at_once)
    asking.session.add(hook)
    asking.record("hook.rotated", _subject(hook), at_once=at_once)
    return NewSecret(secret=secret, former_until=hook.former_until or None)


def remove(asking: OrganisationAsking, name: str) -> None:
    """Tell a hook nothing more, and forget where it points."""
    hook = require(asking, name)
    hook.stopped_at, hook.url, hook.secret, hook.former_secret = asking.at, "", "", ""
    asking.session.add(hook)
    asking.record("hook.removed", _subject(hook))


def ping(asking: OrganisationAsking, name: str) -> HookDelivery:
    """Return a delivery that is a test."""
    hook = require(asking, name)
    tests = select(func.count()).select_from(HookDelivery)
    number = asking.session.exec(tests.where(HookDelivery.hook_id == hook.id, HookDelivery.round_id == TEST)).one() + 1
    row = HookDelivery(id=new_id(), hook_id=hook.id, round_id=TEST, number=number, created_at=asking.at)
    asking.session.add(row)
    queue.enqueue(asking.session, "hook.deliver", row.id, {"delivery": row.id}, asking.at)
    return row


def redeliver(asking: OrganisationAsking, name: str, delivery: str) -> HookDelivery:
    """Return a delivery that is sent once more.

    Raises:
        NotFound: there is none of that name.
        Conflict: it is being sent already.
    """
    hook = require(asking, name)
    row = asking.session.get(HookDelivery, delivery)
    if row is None or row.hook_id != hook.id:
        raise NotFound(f"The hook has no delivery {delivery}.")
    if row.state == Delivered.WAITING:
        raise Conflict("It is sent before long anyway.", "waiting")
    row.state, row.ended_at = Delivered.WAITING, None
    asking.session.add(row)
    series = new_id()
    work = {"delivery": row.id, "series": series, "since": asking.at}
    queue.enqueue(asking.session, "hook.deliver", f"{row.id}/{series}", work, asking.at)
    asking.record("hook.redelivered", _subject(hook), delivery=row.id)
    return row


def hooks_of(asking: OrganisationAsking) -> list[Hook]:
    """Return the hooks of an organisation, oldest first."""
    query = select(Hook).where(Hook.organisation_id == asking.organisation.id, col(Hook.stopped_at).is_(None))
    return list(asking.session.exec(query.order_by(col(Hook.created_at), col(Hook.id))))


def require(asking: OrganisationAsking, name: str) -> Hook:
    """Return a hook of an organisation.

    Raises:
        NotFound: there is none of that name.
    """
    hook = asking.session.get(Hook, name)
    if hook is None or hook.organisation_id != asking.organisation.id or hook.stopped_at is not None:
        raise NotFound(f"The organisation has no hook {name}.")
    return hook


def address_of(secrecy: Secrecy, hook: Hook) -> str:
    """Return where a hook points."""
    return secrecy.open(SEALED, hook.url)


def shown(secrecy: Secrecy, hook: Hook) -> HookOut:
    """Return a hook as operators see it."""
    host = _host(address_of(secrecy, hook))
    return HookOut(host=host, round=hook.round_id, **hook.model_dump(include={"id", "kinds", "created_at"}))


def shown_delivery(row: HookDelivery) -> DeliveryOut:
    """Return a delivery as operators see it."""
    return DeliveryOut(round=row.round_id or None, **row.model_dump(exclude={"hook_id", "round_id"}))


def deliveries_of(session: Session, hook: Hook, after: str | None, limit: int) -> Page[DeliveryOut]:
    """Return what a hook was told, newest first."""
    query = select(HookDelivery).where(HookDelivery.hook_id == hook.id)
    if after is not None:
        at, name = place_of(after, int, str)
        older = (col(HookDelivery.created_at) == at) & (col(HookDelivery.id) < name)
        query = query.where((col(HookDelivery.created_at) < at) | older)
    newest_first = query.order_by(col(HookDelivery.created_at).desc(), col(HookDelivery.id).desc())
    rows = list(session.exec(newest_first.limit(limit + 1)))
    last = rows[limit - 1] if len(rows) > limit else None
    next_page = cursor(last.created_at, last.id) if last else None
    return Page(items=[shown_delivery(row) for row in rows[:limit]], next=next_page)


def _sealed(asking: OrganisationAsking, url: str) -> str:
    try:
        read_url(url, private=asking.services.settings.allow_private_addresses)
    except RefusedError as error:
        raise Invalid.at("url", str(error), "give an https address that everybody can reach") from None
    return asking.services.secrecy.seal(SEALED, url)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _subject(hook: Hook) -> str:
    return f"hook/{hook.id}"
