"""What is received and sent about sources."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from api.schema import Answer, Body, Shown, Slug


class SourceKind(StrEnum):
    """How donations come in."""

    CHAIN = "chain"
    """A worker reads contracts."""
    WEBHOOK = "webhook"
    """A payment provider sends them, signed."""
    CSV = "csv"
    """An operator uploads a statement."""
    DESK = "desk"
    """An operator enters paper and cash."""


class NewSource(Body):
    """A source: a short name, its kind, and for a chain the tables of a chain file."""

    name: Slug
    kind: Annotated[SourceKind, Field(strict=False)]
    settings: Annotated[dict[str, Any], Field(max_length=20)] = Field(default_factory=dict)


class ChainSettings(Body):
    """What a chain source reads: the tables of a chain file."""

    settings: Annotated[dict[str, Any], Field(max_length=20)]


class SourceOut(Answer):
    """A source, without its secrets and the addresses of nodes."""

    id: str
    name: str
    kind: SourceKind
    state: str
    settings: dict[str, Any]
    created_at: Shown


class SourceWithSecret(SourceOut):
    """A new source; the secret of a webhook is shown this once."""

    secret: str | None = None
