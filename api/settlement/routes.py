"""Settlement over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.access import AnyoneOfRound, Operating, ReadingRound
from api.rounds.schema import Because
from api.schema import Address, ChainNumber, IdPath, Line
from api.settlement import changes, payouts, refunds
from api.settlement.payouts import Form, Payer
from api.settlement.schema import (
    AttestationOut,
    PreviewOut,
    RefundFormat,
    RefundOut,
    SettlementOut,
    Signed,
    WantedPreview,
)
from api.states import Settlement as State
from api.tables import Attestation, Preview, Settlement

router = APIRouter(tags=["settlement"])

Number = Annotated[int, Path(ge=1, le=1_000_000)]
Token = Annotated[Line, Query(description="address of what is paid, or native; else that of the pool")]


@router.post("/rounds/{round}/previews", status_code=202)
def ask_for_preview(asking: Operating, wanted: WantedPreview) -> PreviewOut:
    """Settle the round as it stands under several mechanisms; a worker does it, members see it."""
    return _preview(changes.ask_for_preview(asking, list(wanted.mechanisms)))


@router.get("/rounds/{round}/previews/{preview}")
def read_preview(asking: ReadingRound, preview: IdPath) -> PreviewOut:
    """What several mechanisms make of the round."""
    return _preview(changes.preview_of(asking, preview))


@router.post("/rounds/{round}/settlements", status_code=202)
def ask_for_settlement(asking: Operating) -> SettlementOut:
    """Settle the round; a worker does it."""
    return _shown(changes.ask_for(asking))


@router.get("/rounds/{round}/settlements")
def list_settlements(asking: ReadingRound) -> list[SettlementOut]:
    """All settlements of the round, oldest first."""
    return [_shown(row) for row in changes.settlements(asking.session, asking.round.id)]


@router.get("/rounds/{round}/settlements/{number}")
def read_settlement(asking: ReadingRound, number: Number) -> SettlementOut:
    """One settlement."""
    return _shown(changes.find(asking.session, asking.round.id, number))


@router.post("/rounds/{round}/settlements/{number}/approve")
def approve_settlement(asking: Operating, number: Number) -> SettlementOut:
    """Stand behind a settlement that somebody else asked for."""
    return _shown(changes.approve(asking, number))


@router.post("/rounds/{round}/settlements/{number}/withdraw")
def withdraw_settlement(asking: Operating, number: Number, wanted: Because) -> SettlementOut:
    """Not publish a settlement, with a reason."""
    return _shown(changes.withdraw(asking, number, wanted.reason))


@router.post("/rounds/{round}/settlements/{number}/publish")
def publish_settlement(asking: Operating, number: Number) -> SettlementOut:
    """Make an approved settlement the result of the round, for all to see and to verify."""
    return _shown(changes.publish(asking, number))


@router.get("/rounds/{round}/settlements/{number}/payouts")
def export_payouts(
    asking: ReadingRound,
    number: Number,
    form: Annotated[Form, Query()] = Form.TREE,
    token: Token = "",
    chain_id: Annotated[ChainNumber | None, Query()] = None,
    contract: Annotated[Address | None, Query(description="the MatchingPayout")] = None,
    batch: Annotated[int, Query(ge=1, le=10_000, description="which of several files for a Safe")] = 1,
) -> Response:
    """Who is paid how much, in the form of whoever pays."""
    row = changes.find(asking.session, asking.round.id, number)
    found = payouts.payouts_of(asking.services, row, token)
    text, media_type = payouts.exported(found, form, Payer(chain_id or 0, contract or "", batch))
    return Response(text, media_type=media_type)


@router.get("/rounds/{round}/settlements/{number}/statement")
def read_statement(
    asking: ReadingRound,
    number: Number,
    chain_id: Annotated[ChainNumber, Query()],
    contract: Annotated[Address, Query()],
    token: Token = "",
) -> dict[str, Any]:
    """What is signed under a settlement (EIP-712), as wallets take it."""
    row = changes.find(asking.session, asking.round.id, number)
    return payouts.to_sign(payouts.statement_of(asking.services, row, chain_id, contract, token))


@router.post("/rounds/{round}/settlements/{number}/attestations", status_code=201)
def attest_settlement(asking: Operating, number: Number, signed: Signed) -> AttestationOut:
    """Keep a signature under a settlement."""
    row = changes.find(asking.session, asking.round.id, number)
    return _attestation(payouts.attest(asking, row, signed))


@router.get("/rounds/{round}/attestations")
def list_attestations(asking: AnyoneOfRound) -> list[AttestationOut]:
    """The signatures under the published result."""
    row = changes.published(asking.session, asking.round.id)
    return [_attestation(each) for each in payouts.attestations(asking.session, row)]


@router.get("/rounds/{round}/refunds", responses={200: {"content": {"text/csv": {}}}})
def list_refunds(asking: Operating, format: Annotated[RefundFormat, Query()] = RefundFormat.JSON) -> list[RefundOut]:
    """What is to be given back of a cancelled round, by source and donor; it adds up to what was given."""
    found = refunds.refunds_of(asking)
    if format == RefundFormat.CSV:
        return Response(refunds.table_of(found), media_type="text/csv")  # type: ignore[return-value]
    return [RefundOut(**{name: getattr(each, name) for name in RefundOut.model_fields}) for each in found]


def _shown(row: Settlement) -> SettlementOut:
    return SettlementOut(**{**row.model_dump(exclude={"id", "round_id", "facts_digest"}), "state": State(row.state)})


def _preview(row: Preview) -> PreviewOut:
    return PreviewOut(**row.model_dump(exclude={"round_id", "requested_by"}))


def _attestation(row: Attestation) -> AttestationOut:
    return AttestationOut(**row.model_dump(exclude={"id", "settlement_id"}))
