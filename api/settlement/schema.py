"""What is received and sent about settlements."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.schema import Address, Answer, Body, ChainNumber, Name, Shown, Units
from api.states import Settlement as State


class SettlementOut(Answer):
    """One settlement; `summary` is empty until it is computed, `problem` says why it failed or was withdrawn."""

    number: int
    state: State
    entries: int
    requested_by: str
    requested_at: Shown
    approved_by: str
    approved_at: Shown | None
    published_at: Shown | None
    result_digest: str
    problem: str
    summary: dict[str, Any]


class WantedPreview(Body):
    """Which mechanisms to compare, as `qf compare` takes them; the others are compared with the first."""

    mechanisms: Annotated[list[Name], Field(min_length=1, max_length=20)]


class PreviewOut(Answer):
    """A comparison of mechanisms; without a result, and without a problem, a worker is still at it."""

    id: str
    entries: int
    mechanisms: list[str]
    requested_at: Shown
    done_at: Shown | None
    result: dict[str, Any]
    problem: str


class Signed(Body):
    """A signature over the statement of a settlement, and the contract and chain it is for."""

    chain_id: ChainNumber
    contract: Address
    token: Name
    signer: Address
    signature: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{130}$")]


class AttestationOut(Answer):
    """A signature under a result: who signed, and what."""

    signer: str
    statement: dict[str, Any]
    signature: str
    at: Shown


class RefundFormat(StrEnum):
    """How refunds are written."""

    JSON = "json"
    CSV = "csv"


class RefundOut(Answer):
    """What a donor gets back through a source; `donations` are what the source calls them."""

    source: str
    kind: str
    donor: str
    token: str
    amount_base: Units
    donations: list[str]
