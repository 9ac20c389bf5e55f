"""Who is paid how much, in the form of whoever pays; and signatures under it."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.clock import new_id
from api.problems import Conflict, Invalid
from api.services import Services
from api.settlement.bundles import bundle_of
from api.settlement.schema import Signed
from api.states import Settlement as State
from api.tables import Attestation, Settlement
from qf.chain.addresses import read_address
from qf.chain.attestation import Attestation as Signature
from qf.chain.attestation import Statement, signer_of, typed_data
from qf.chain.payouts import PayoutList, disperse_text, payouts_bytes, payouts_of_bundle, safe_batches
from qf.chain.payouts.exports import json_text
from qf.chain.types import Address, ChainId
from qf.errors import VerificationError


class Form(StrEnum):
    """Who reads the payouts."""

    TREE = "tree"
    """The contract MatchingPayout: leaves, proofs and root."""
    DISPERSE = "disperse"
    """Disperse and its kind: lines of address and amount."""
    SAFE = "safe"
    """The transaction builder of a Safe."""


def payouts_of(services: Services, row: Settlement, token: str) -> PayoutList:
    """Return who is paid how much by an approved or published settlement.

    Raises:
        Conflict: nobody has approved it.
        PayoutError: somebody cannot be paid; names all.
    """
    if row.state not in {State.APPROVED, State.PUBLISHED}:
        raise Conflict(f"Settlement {row.number} is {row.state}; it is paid once it is approved.", "not_approved")
    return payouts_of_bundle(bundle_of(services, row), token=token)


def exported(services: Services, row: Settlement, form: Form, token: str, chain_id: int) -> tuple[str, str]:
    """Return the payouts as text, and its media type."""
    payouts = payouts_of(services, row, token)
    if form == Form.DISPERSE:
        return disperse_text(payouts), "text/csv"
    if form == Form.TREE:
        return payouts_bytes(payouts).decode(), "application/json"
    if not chain_id:
        raise Invalid.at("chain_id", "is missing", "a Safe refuses a file that is for another chain")
    batches = list(safe_batches(payouts, ChainId(chain_id), size=max(1, len(payouts.lines))))
    return json_text(batches[0]), "application/json"


def statement_of(services: Services, row: Settlement, chain_id: int, contract: str, token: str) -> Statement:
    """Return what is signed under a settlement: this result, paid from this contract."""
    payouts = payouts_of(services, row, token)
    return Statement(
        ChainId(chain_id), read_address(contract), payouts.result, payouts.tree.root, payouts.token, payouts.total
    )


def to_sign(statement: Statement) -> dict[str, Any]:
    """Return a statement as wallets take it in eth_signTypedData_v4; numbers above 2**53 as text."""
    data = typed_data(statement)
    data["message"] = {**data["message"], "total": str(statement.total)}
    return data


def attest(asking: RoundAsking, row: Settlement, signed: Signed) -> Attestation:
    """Return a signature that was kept; it is public.

    Raises:
        Invalid: it is not one of its signer under this statement.
        Conflict: the signer has signed already.
    """
    statement = statement_of(asking.services, row, signed.chain_id, signed.contract, signed.token)
    signer = Address(signed.signer.lower())
    try:
        signer_of(Signature(statement, signer, signed.signature.lower()))
    except VerificationError as error:
        raise Invalid.at("signature", str(error), "sign the statement as it is given out") from None
    if any(each.signer == signer for each in attestations(asking.session, row)):
        raise Conflict(f"{signer} has signed already.", "signed_already")
    made = Attestation(
        id=new_id(),
        settlement_id=row.id,
        signer=signer,
        statement={**asdict(statement), "total": str(statement.total)},
        signature=signed.signature.lower(),
        at=asking.at,
    )
    asking.session.add(made)
    asking.record("settlement.attested", subject=f"settlement/{row.round_id}/{row.number}", signer=signer)
    return made


def attestations(session: Session, row: Settlement) -> list[Attestation]:
    """Return the signatures under a settlement, oldest first."""
    query = select(Attestation).where(Attestation.settlement_id == row.id)
    return list(session.exec(query.order_by(col(Attestation.at), col(Attestation.signer))))
