"""Reconciliations, settlements, and who stands behind them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from api.tables.base import document, integer, moment


class LineOverride(SQLModel, table=True):
    """An operator's word on one line of the reconciliation; public. `withdrawn_at` takes it back."""

    __tablename__ = "line_override"
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    finding: str
    place: str
    reason: str
    at: int = moment()
    actor: str
    withdrawn_at: int | None = moment(default=None)


class Reconciliation(SQLModel, table=True):
    """The ledger of a round up to `entries`, compared with its sources; `report` is a reconciliation.json."""

    __tablename__ = "reconciliation"
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    entries: int = integer()
    report: str
    unresolved: int
    at: int = moment()


class Settlement(SQLModel, table=True):
    """One settlement of a round, from asking for it to publishing it.

    Attributes:
        number: 1, 2, ... in the round.
        state: running, failed, computed, approved, published or withdrawn.
        entries: how many entries of the round it is made of.
        facts_digest: of everything else it is made of, so that a change afterwards shows.
        result_digest: SHA-256 of result.json of its bundle, which is kept in data_dir/bundles/<id>.
        summary: what a page shows of it without opening the bundle.
    """

    __tablename__ = "settlement"
    __table_args__ = (UniqueConstraint("round_id", "number"),)
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id")
    number: int
    state: str
    requested_by: str
    requested_at: int = moment()
    entries: int = integer(default=0)
    facts_digest: str = ""
    result_digest: str = ""
    summary: dict[str, Any] = document(default_factory=dict)
    problem: str = ""
    approved_by: str = ""
    approved_at: int | None = moment(default=None)
    published_at: int | None = moment(default=None)


class Preview(SQLModel, table=True):
    """What several mechanisms would make of a round as it stood; for members alone."""

    __tablename__ = "preview"
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    entries: int = integer()
    mechanisms: list[str] = document()
    result: dict[str, Any] = document(default_factory=dict)
    problem: str = ""
    requested_by: str
    requested_at: int = moment()
    done_at: int | None = moment(default=None)


class Attestation(SQLModel, table=True):
    """A signature (EIP-712) on the result of a settlement; see `qf.chain.attestation`."""

    __tablename__ = "attestation"
    __table_args__ = (UniqueConstraint("settlement_id", "signer"),)
    id: str = Field(primary_key=True)
    settlement_id: str = Field(foreign_key="settlement.id")
    signer: str
    statement: dict[str, Any] = document()
    signature: str
    at: int = moment()
