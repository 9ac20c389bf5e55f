"""Rounds, what is said of them in public, and the projects that apply to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.tables.base import document, integer, moment


class Round(SQLModel, table=True):
    """A round of an organisation.

    Attributes:
        id: short name in addresses, unique in the installation.
        state: see `api.states`.
        rules: the sections of its round file as they were written, and from freezing on as they were resolved.
        rules_digest: SHA-256 of the canonical rules; "" while it is a draft.
        opens_at, closes_at: seconds; while it is a draft they stand in the rules alone.
        applications_open_at, applications_close_at: when projects may apply; None: no limit.
        form: the fields of the application form, in order.
        prices: token -> [price, decimals], as text; needed for donations in tokens.
        pseudonym_key: sealed key of the donors' pseudonyms in exports.
        entries, events: how many rows of `entry` and `round_event` it has; raised in the transaction that adds them,
            so that a reader who saw number n has seen all below it.
    """

    __tablename__ = "round"
    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    title: str
    description: str = ""
    state: str
    rules: dict[str, Any] = document()
    rules_digest: str = ""
    opens_at: int | None = moment(default=None)
    closes_at: int | None = moment(default=None)
    applications_open_at: int | None = moment(default=None)
    applications_close_at: int | None = moment(default=None)
    form: list[dict[str, Any]] = document(default_factory=list)
    prices: dict[str, Any] = document(default_factory=dict)
    copied_from: str = ""
    pseudonym_key: str
    created_at: int = moment()
    created_by: str
    entries: int = integer(default=0)
    events: int = integer(default=0)


class Notice(SQLModel, table=True):
    """What an operator said in public about a round, such as why it was extended or a difference overridden."""

    __tablename__ = "notice"
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    at: int = moment()
    kind: str
    text: str
    details: dict[str, Any] = document(default_factory=dict)


class Application(SQLModel, table=True):
    """A project of a round, from application to approval and after.

    Attributes:
        project: what the ledger calls it, unique in the round.
        account_id: who applied; "" if an operator imported it.
        state: see `api.states.Application`.
        answers: field of the form -> answer; hidden ones included.
        owners: accounts whose donations are self-donations, as the ledger names donors.
        payout_address: where the match is paid; payout_confirmed: sealed by a signature of that address.
    """

    __tablename__ = "application"
    __table_args__ = (UniqueConstraint("round_id", "project"),)
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    project: str
    account_id: str = Field(default="", index=True)
    state: str
    title: str
    summary: str = ""
    answers: dict[str, Any] = document(default_factory=dict)
    owners: list[str] = document(default_factory=list)
    payout_address: str = ""
    payout_confirmed: str = ""
    created_at: int = moment()
    changed_at: int = moment()


class ApplicationFile(SQLModel, table=True):
    """A file that belongs to a field of an application."""

    __tablename__ = "application_file"
    id: str = Field(primary_key=True)
    application_id: str = Field(foreign_key="application.id", index=True)
    field: str
    name: str
    media_type: str
    sha256: str
    content: bytes = Field(sa_type=LargeBinary)
    created_at: int = moment()


class Review(SQLModel, table=True):
    """One word on an application: a review or an appeal, with its reason."""

    __tablename__ = "review"
    id: str = Field(primary_key=True)
    application_id: str = Field(foreign_key="application.id", index=True)
    account_id: str
    at: int = moment()
    kind: str
    decision: str = ""
    reason: str = ""
