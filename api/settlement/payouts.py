"""Who is paid how much, in the form of whoever pays; and signatures under it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.clock import new_id
from api.problems import Conflict, Fault, Invalid, NotFound
from api.services import Services
from api.settlement.bundles import bundle_of, verified
from api.settlement.schema import Signed
from api.states import Settlement as State
from api.tables import Attestation, Settlement
from qf.chain.addresses import read_address
from qf.chain.attestation import Attestation as Signature
from qf.chain.attestation import Statement, signer_of, typed_data
from qf.chain.payouts import PayoutList, disperse_text, payout_list, payouts_bytes, safe_batches
from qf.chain.payouts.exports import json_text
from qf.chain.payouts.safe import Step
from qf.chain.types import Address, ChainId
from qf.errors import VerificationError


class Form(StrEnum):
    """Who reads the payouts."""

    TREE = "tree"
    """The contract MatchingPayout: leaves, proofs and root."""
    DISPERSE = "disperse"
    """Disperse and its kind: lines of address and amount."""
    SAFE = "safe"
    """The transaction builder of a Safe that pays everybody itself."""
    PROPOSE = "propose"
    """The same, of a Safe that gives money and root to MatchingPayout."""
    PUSH = "push"
    """The same, of a Safe that has MatchingPayout pay everybody."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Where is paid from, which the files for a Safe name.

    Attributes:
        chain_id: number of the chain; 0 is not said.
        contract: the MatchingPayout; "" is not said.
        batch: which of several files, from 1.
    """

    chain_id: int = 0
    contract: str = ""
    batch: int = 1


def payouts_of(services: Services, row: Settlement, token: str) -> PayoutList:
    """Return who is paid how much by an approved or published settlement.

    Raises:
        Conflict: nobody has approved it.
        PayoutError: somebody cannot be paid; names all.
    """
    if row.state not in {State.APPROVED, State.PUBLISHED}:
        raise Conflict(f"Settlement {row.number} is {row.state}; it is paid once it is approved.", "not_approved")
    result, projects = verified(bundle_of(services, row), row.result_digest)
    return payout_list(result, row.result_digest, projects, token=token)


def exported(payouts: PayoutList, form: Form, payer: Payer) -> tuple[str, str]:
    """Return the payouts as text, and its media type.

    Raises:
        Invalid: a file for a Safe needs to know more.
        NotFound: there are not so many files.
    """
    match form:
        case Form.TREE:
            return payouts_bytes(payouts).decode(), "application/json"
        case Form.DISPERSE:
            return disperse_text(payouts), "text/csv"
    files = _files_for_a_safe(payouts, form, payer)
    if payer.batch > len(files):
        raise NotFound(f"There are {len(files)} files.")
    return json_text(files[payer.batch - 1]), "application/json"


def _files_for_a_safe(payouts: PayoutList, form: Form, payer: Payer) -> list[dict[str, Any]]:
    through_contract = form in {Form.PROPOSE, Form.PUSH}
    missing = [
        Fault(where=name, what="is missing", fix=fix)
        for name, given, fix in (
            ("chain_id", payer.chain_id, "a Safe refuses a file that is for another chain"),
            ("contract", payer.contract or not through_contract, "give the address of the MatchingPayout"),
        )
        if not given
    ]
    if missing:
        raise Invalid.of(missing)
    contract = _contract(payer.contract) if through_contract else None
    step: Step = "push" if form == Form.PUSH else "propose"
    return safe_batches(payouts, ChainId(payer.chain_id), contract=contract, step=step)


def statement_of(services: Services, row: Settlement, chain_id: int, contract: str, token: str) -> Statement:
    """Return what is signed under a settlement: this result, paid from this contract.

    Raises:
        Invalid: the contract is no address.
        Conflict, PayoutError: as `payouts_of`.
    """
    payouts = payouts_of(services, row, token)
    return Statement(
        ChainId(chain_id), _contract(contract), payouts.result, payouts.tree.root, payouts.token, payouts.total
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


def _contract(text: str) -> Address:
    try:
        return read_address(text)
    except ValueError as error:
        raise Invalid.at("contract", str(error), "copy it again, whole") from None
