"""Communities, who acts for them, and what was done in their name."""

from __future__ import annotations

from typing import Any

from sqlmodel import Field, SQLModel

from api.tables.base import document, integer, moment


class Organisation(SQLModel, table=True):
    """A community that runs rounds.

    Attributes:
        id: short name in addresses.
        audit_number, audit_hash: number and hash of the last row of its audit log, so that a missing end shows.
    """

    __tablename__ = "organisation"
    id: str = Field(primary_key=True)
    name: str
    contact: str = ""
    created_at: int = moment()
    audit_number: int = integer(default=0)
    audit_hash: str = ""


class Membership(SQLModel, table=True):
    """The role of an account in an organisation: admin, operator, reviewer or auditor."""

    __tablename__ = "membership"
    organisation_id: str = Field(primary_key=True, foreign_key="organisation.id")
    account_id: str = Field(primary_key=True, foreign_key="account.id", index=True)
    role: str
    created_at: int = moment()


class ApiKey(SQLModel, table=True):
    """A key with which a program acts for an organisation; `key` is its SHA-256, `rights` what it may do."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    key: str = Field(unique=True)
    name: str
    rights: list[str] = document()
    created_by: str
    created_at: int = moment()
    expires_at: int | None = moment(default=None)
    revoked_at: int | None = moment(default=None)


class Audit(SQLModel, table=True):
    """One thing that was done in the name of an organisation. Rows are chained: see `api.audit`.

    Attributes:
        actor: account, key ("key:<id>") or "service".
        action: what was done, such as "round.frozen".
        subject: to what, such as "round/spring".
        details: what changed; no personal data.
        previous, hash: of the row before, and of this one.
    """

    __tablename__ = "audit"
    organisation_id: str = Field(primary_key=True, foreign_key="organisation.id")
    number: int = integer(primary_key=True)
    at: int = moment()
    actor: str
    action: str
    subject: str
    reason: str = ""
    details: dict[str, Any] = document(default_factory=dict)
    previous: str
    hash: str
