"""What is received and sent about organisations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.access import Right, Role
from api.schema import Answer, Body, Id, Line, Moment, Name, Shown, Slug

LISTED = Field(strict=False)
"""An enumeration arrives as text."""


class NewOrganisation(Body):
    """A community, and the account that will run it."""

    id: Slug
    name: Name
    contact: Line = ""
    admin: Id


class OrganisationChange(Body):
    """What is to be changed; what is left out stays."""

    name: Name | None = None
    contact: Line | None = None


class OrganisationOut(Answer):
    """A community; audit_number and audit_hash are those of the last row of its audit log."""

    id: str
    name: str
    contact: str
    created_at: Shown
    audit_number: int
    audit_hash: str


class NewRole(Body):
    """What an account is to be."""

    role: Annotated[Role, LISTED]


class MemberOut(Answer):
    """A member of an organisation."""

    account: str
    role: Role
    created_at: Shown


class NewKey(Body):
    """A key for a program; it can do what its maker can, at most."""

    name: Name
    rights: Annotated[list[Annotated[Right, LISTED]], Field(min_length=1, max_length=len(Right))]
    expires_at: Moment | None = None


class KeyOut(Answer):
    """A key, without what makes it work."""

    id: str
    name: str
    rights: list[Right]
    created_by: str
    created_at: Shown
    expires_at: Shown | None
    revoked_at: Shown | None


class NewKeyOut(KeyOut):
    """A new key; it is shown this once."""

    key: str


class AuditOut(Answer):
    """One row of the audit log."""

    number: int
    at: Shown
    actor: str
    action: str
    subject: str
    reason: str
    details: dict[str, Any]
    previous: str
    hash: str


class AuditCheck(Answer):
    """Whether the audit log is whole; `problems` says where it is not."""

    rows: int
    hash: str
    problems: list[str]
