"""What is received and sent about hooks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from api.events import EventKind
from api.schema import Answer, Body, Line, Shown, Slug

Kinds = Annotated[list[Annotated[EventKind, Field(strict=False)]], Field(min_length=1, max_length=len(EventKind))]

QUIET = (EventKind.STATE, EventKind.PROJECT, EventKind.NOTICE, EventKind.RECONCILIATION)
"""What is told unless something else is wanted: not every donation."""


class Delivered(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    """It is sent, or sent again, before long."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It was tried for a day."""


class NewHook(Body):
    """Where to tell, and of what: all rounds of the organisation, or one."""

    url: Line
    kinds: Kinds = Field(default_factory=lambda: list(QUIET))
    round: Slug | None = None


class HookChange(Body):
    """What is to change."""

    url: Line | None = None
    kinds: Kinds | None = None


class HookOut(Answer):
    """A hook; of its address only the host is shown, as the rest may be a secret."""

    id: str
    host: str
    kinds: list[EventKind]
    round: str | None
    created_at: Shown


class HookWithSecret(HookOut):
    """A new hook, with the secret its deliveries are signed with, shown this once."""

    secret: str


class DeliveryOut(Answer):
    """One event told to one hook; a test has no round."""

    id: str
    round: str | None
    number: int
    state: Delivered
    attempts: int
    status: int
    told: str
    created_at: Shown
    ended_at: Shown | None
