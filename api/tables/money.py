"""Donations and where they come from. Rows that hold an amount are written once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.tables.base import base_units, document, integer, moment


class Source(SQLModel, table=True):
    """Where donations of a round come from.

    Attributes:
        name: short name, unique in the round; an off-chain donation is called `name/external_id` in the ledger.
        kind: "chain", "webhook", "csv" or "desk".
        settings: for a chain: one `[[chain]]` with its sources, the tokens and projects, as in a chain file.
        secret: sealed key of its signed webhook.
        former_secret, former_until: the key before it, sealed, and until when it is accepted too.
        state: "active" or "stopped".
        read_until: for a chain: the time of the newest block that was read, of all its chains the oldest.
    """

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("round_id", "name"),)
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    name: str
    kind: str
    settings: dict[str, Any] = document(default_factory=dict)
    secret: str = ""
    former_secret: str = ""
    former_until: int = moment(default=0)
    state: str = "active"
    read_until: int | None = moment(default=None)
    created_at: int = moment()
    created_by: str


class Entry(SQLModel, table=True):
    """One donation as it was recorded, or a correction of one: the revision with the highest number is what stands.

    Attributes:
        round_id, position: its place among all entries of the round: 1, 2, 3, ...
        source_id, external_id: what the source calls it.
        revision: 0 as it came in; every correction has the next number.
        ledger_id: what it is called in the ledger of the round, the same in all revisions.
        amount: base units of `token`, or round units where that is ""; 0 means that it was refunded or taken back.
        against: credits spent against the project, which only quadratic voting knows.
        time: when it was given; at: when it was recorded.
        reason: why it was corrected.
        origin: what brought it: "intake/<id>", "batch/<id>", "job/<id>".
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id", "revision"),
        Index("ix_entry_round_id_donor", "round_id", "donor"),
    )
    round_id: str = Field(primary_key=True, foreign_key="round.id")
    position: int = integer(primary_key=True)
    source_id: str = Field(foreign_key="source.id")
    external_id: str
    revision: int = 0
    ledger_id: str
    donor: str
    project: str
    token: str = ""
    amount: int = base_units()
    against: bool = False
    time: int = moment()
    at: int = moment()
    actor: str
    reason: str = ""
    origin: str = ""


class Intake(SQLModel, table=True):
    """A delivery of a webhook, or the label of a batch of a desk, so that the same one counts once."""

    __tablename__ = "intake"
    __table_args__ = (UniqueConstraint("source_id", "key"),)
    id: str = Field(primary_key=True)
    source_id: str = Field(foreign_key="source.id")
    key: str
    sha256: str
    answer: dict[str, Any] = document(default_factory=dict)
    at: int = moment()


class Batch(SQLModel, table=True):
    """What was taken in at a desk in one go; its donations add up to `total`."""

    __tablename__ = "batch"
    id: str = Field(primary_key=True)
    source_id: str = Field(foreign_key="source.id", index=True)
    label: str
    donations: int
    total: int = base_units()
    at: int = moment()
    actor: str


class Statement(SQLModel, table=True):
    """What a payment provider says it received: 1, 2, ... of a source, of which the last is compared."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("source_id", "number"),)
    id: str = Field(primary_key=True)
    source_id: str = Field(foreign_key="source.id")
    number: int
    sha256: str
    lines: int
    at: int = moment()
    actor: str


class StatementLine(SQLModel, table=True):
    """A line of a statement; `amount` is what is left of it after refunds."""

    __tablename__ = "statement_line"
    statement_id: str = Field(primary_key=True, foreign_key="statement.id")
    external_id: str = Field(primary_key=True)
    amount: int = base_units()
    refunded: int = base_units()
    token: str = ""
    time: int | None = moment(default=None)


class DonorCode(SQLModel, table=True):
    """A printed code with which somebody without a wallet gives, and signs in; `key` is its HMAC.

    Attributes:
        donor: what it is called in the ledger; nothing of the code can be learnt from it.
        sheet, label: the printed sheet it is on, and what that is for.
    """

    __tablename__ = "donor_code"
    key: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    donor: str = Field(unique=True)
    sheet: str = Field(index=True)
    label: str
    created_at: int = moment()
    created_by: str
    revoked_at: int | None = moment(default=None)


class Score(SQLModel, table=True):
    """Evidence about a donor of a round; the newest row counts. `score` is decimal text, `model` where it is from."""

    __tablename__ = "score"
    __table_args__ = (Index("ix_score_round_id_donor", "round_id", "donor"),)
    id: int | None = integer(default=None, primary_key=True)
    round_id: str = Field(foreign_key="round.id")
    donor: str
    score: str
    model: str = ""
    at: int = moment()
    actor: str


class WeightOverride(SQLModel, table=True):
    """An operator's word on how much a donor counts; the newest counts, `weight_bps` None takes it back."""

    __tablename__ = "weight_override"
    id: int | None = integer(default=None, primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    donor: str
    weight_bps: int | None = None
    reason: str
    at: int = moment()
    actor: str


class WeightAppeal(SQLModel, table=True):
    """A donor's objection to the own weight, and the answer."""

    __tablename__ = "weight_appeal"
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    account_id: str = Field(index=True)
    donor: str
    text: str
    at: int = moment()
    answer: str = ""
    decision: str = ""
    answered_at: int | None = moment(default=None)
    answered_by: str = ""


class Gift(SQLModel, table=True):
    """A transaction that a donor sent, followed until it is final: see `api.giving.schema.GiftState`.

    Attributes:
        ledger_ids: what donations in it are called in the ledger, if the round reads them.
    """

    __tablename__ = "gift"
    __table_args__ = (UniqueConstraint("account_id", "round_id", "chain_id", "tx_hash"),)
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    account_id: str = Field(index=True)
    chain_id: int = integer()
    tx_hash: str
    state: str
    block: int | None = integer(default=None)
    ledger_ids: list[str] = document(default_factory=list)
    told: str = ""
    created_at: int = moment()
    changed_at: int = moment()
