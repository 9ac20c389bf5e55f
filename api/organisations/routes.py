"""Organisations over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import col, select

from api import audit
from api.access import Administering, Anyone, AnyoneOfOrganisation, Auditing, Installation, MemberReading
from api.organisations import members
from api.organisations.schema import (
    AuditCheck,
    AuditOut,
    KeyOut,
    MemberOut,
    NewKey,
    NewKeyOut,
    NewOrganisation,
    NewRole,
    OrganisationChange,
    OrganisationOut,
)
from api.pages import LIMIT, After, Limit, cursor, place_of
from api.schema import IdPath, Line, Page
from api.tables import Audit, Membership, Organisation

router = APIRouter(tags=["organisations"])


@router.get("/organisations")
def list_organisations(asking: Anyone, after: After = None, limit: Limit = LIMIT) -> Page[OrganisationOut]:
    """All communities, by name in addresses."""
    query = select(Organisation).order_by(col(Organisation.id))
    if after is not None:
        query = query.where(col(Organisation.id) > place_of(after, str)[0])
    rows = list(asking.session.exec(query.limit(limit + 1)))
    last = cursor(rows[limit - 1].id) if len(rows) > limit else None
    return Page(items=[_shown(row) for row in rows[:limit]], next=last)


@router.post("/organisations", status_code=201)
def found_organisation(asking: Installation, new: NewOrganisation) -> OrganisationOut:
    """Found a community; for administrators of the installation."""
    return _shown(members.found(asking, new))


@router.get("/organisations/{organisation}")
def read_organisation(asking: AnyoneOfOrganisation) -> OrganisationOut:
    """One community; the hash is that of its audit log, to be noted elsewhere."""
    return _shown(asking.organisation)


@router.patch("/organisations/{organisation}")
def change_organisation(asking: Administering, wanted: OrganisationChange) -> OrganisationOut:
    """Change its name, or how it is reached."""
    given = wanted.model_dump(exclude_unset=True, exclude_none=True)
    for name, value in given.items():
        setattr(asking.organisation, name, value)
    asking.session.add(asking.organisation)
    asking.record("organisation.changed", f"organisation/{asking.organisation.id}", changed=sorted(given))
    return _shown(asking.organisation)


@router.get("/organisations/{organisation}/members")
def list_members(asking: MemberReading) -> list[MemberOut]:
    """Its members and their roles."""
    return [_member(row) for row in members.members(asking)]


@router.put("/organisations/{organisation}/members/{account}")
def set_role(asking: Administering, account: IdPath, wanted: NewRole) -> MemberOut:
    """Make an account a member, or give it another role; keys it made that can do more are revoked."""
    return _member(members.set_role(asking, account, wanted.role))


@router.delete("/organisations/{organisation}/members/{account}", status_code=204)
def remove_member(asking: Administering, account: IdPath) -> None:
    """Remove a member, and revoke the keys they made; the last admin stays."""
    members.remove(asking, account)


@router.get("/organisations/{organisation}/keys")
def list_keys(asking: Administering) -> list[KeyOut]:
    """Its keys, without what makes them work."""
    return [members.shown(key) for key in members.keys(asking)]


@router.post("/organisations/{organisation}/keys", status_code=201)
def make_key(asking: Administering, new: NewKey) -> NewKeyOut:
    """Make a key for a program; it is shown this once."""
    return members.make_key(asking, new)


@router.delete("/organisations/{organisation}/keys/{key}", status_code=204)
def revoke_key(asking: Administering, key: IdPath) -> None:
    """Make a key useless."""
    members.revoke(asking, key)


@router.get("/organisations/{organisation}/audit")
def read_audit(
    asking: Auditing,
    subject: Annotated[Line | None, Query()] = None,
    after: After = None,
    limit: Limit = LIMIT,
) -> Page[AuditOut]:
    """What was done in its name, oldest first."""
    query = select(Audit).where(Audit.organisation_id == asking.organisation.id).order_by(col(Audit.number))
    if subject is not None:
        query = query.where(Audit.subject == subject)
    if after is not None:
        query = query.where(col(Audit.number) > place_of(after, int)[0])
    rows = list(asking.session.exec(query.limit(limit + 1)))
    last = cursor(rows[limit - 1].number) if len(rows) > limit else None
    return Page(items=[AuditOut(**row.model_dump(exclude={"organisation_id"})) for row in rows[:limit]], next=last)


@router.get("/organisations/{organisation}/audit/check")
def check_audit(asking: Auditing) -> AuditCheck:
    """Whether the log is whole: every hash computed again."""
    query = select(Audit).where(Audit.organisation_id == asking.organisation.id).order_by(col(Audit.number))
    rows = asking.session.exec(query.execution_options(yield_per=1_000))
    problems = audit.broken(rows, asking.organisation)
    return AuditCheck(rows=asking.organisation.audit_number, hash=asking.organisation.audit_hash, problems=problems)


def _shown(organisation: Organisation) -> OrganisationOut:
    return OrganisationOut(**organisation.model_dump())


def _member(row: Membership) -> MemberOut:
    return MemberOut(account=row.account_id, **row.model_dump(include={"role", "created_at"}))
