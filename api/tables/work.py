"""What is still to be done, and what is to be told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.tables.base import document, integer, moment


class Job(SQLModel, table=True):
    """Something a worker does; see `api.queue`.

    Attributes:
        kind: a key of the registry of jobs.
        key: the same key is the same job: it is queued once while it is not done.
        state: queued, running, done or failed.
        attempts: how often it was begun.
        due_at: not before this.
        lease, leased_until: which worker has it, and until when unless it says that it still lives.
    """

    __tablename__ = "job"
    __table_args__ = (UniqueConstraint("kind", "key"), Index("ix_job_state_due_at", "state", "due_at"))
    id: int | None = integer(default=None, primary_key=True)
    kind: str
    key: str
    work: dict[str, Any] = document(default_factory=dict)
    state: str = "queued"
    attempts: int = 0
    due_at: int = moment()
    lease: str = ""
    leased_until: int | None = moment(default=None)
    problem: str = ""
    created_at: int = moment()
    ended_at: int | None = moment(default=None)


class RoundEvent(SQLModel, table=True):
    """Something that happened in a round, for all to know: no donor in it."""

    __tablename__ = "round_event"
    round_id: str = Field(primary_key=True, foreign_key="round.id")
    number: int = integer(primary_key=True)
    kind: str
    data: dict[str, Any] = document(default_factory=dict)
    at: int = moment()


class Hook(SQLModel, table=True):
    """An address that wants to be told of events of an organisation's rounds; `secret` is sealed.

    Attributes:
        former_secret, former_until: the secret before it, sealed, and until when deliveries are signed with it too.
    """

    __tablename__ = "hook"
    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    round_id: str | None = Field(default=None, foreign_key="round.id")
    url: str
    kinds: list[str] = document(default_factory=list)
    secret: str
    former_secret: str = ""
    former_until: int = moment(default=0)
    created_at: int = moment()
    created_by: str
    stopped_at: int | None = moment(default=None)


class HookDelivery(SQLModel, table=True):
    """One event to be told to one hook."""

    __tablename__ = "hook_delivery"
    __table_args__ = (UniqueConstraint("hook_id", "round_id", "number"),)
    id: str = Field(primary_key=True)
    hook_id: str = Field(foreign_key="hook.id", index=True)
    round_id: str
    number: int = integer()
    state: str = "waiting"
    attempts: int = 0
    status: int = 0
    told: str = ""
    created_at: int = moment()
    ended_at: int | None = moment(default=None)
