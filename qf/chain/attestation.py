"""A signature under a result, by EIP-712: this result, this tree, this money, from this contract on this chain."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qf.canonical import canonical_json
from qf.chain.abi import keccak
from qf.chain.recursion import kept_recursion_limit
from qf.chain.types import Address, ChainId, Hash
from qf.errors import PayoutError, Problem, VerificationError

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

NAME, VERSION = "MatchingPayout", "1"
"""The name and version in the domain, as the contract gives them."""

RESULT_FIELDS = {"resultDigest": "bytes32", "root": "bytes32", "token": "address", "total": "uint256"}
"""The fields of the signed struct `Result`, in order."""

DOMAIN_FIELDS = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
"""The fields of its domain, in order."""

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1. Above it lies a second form of each signature, which contracts refuse."""

_FORMS = {
    "chain": r"[1-9][0-9]{0,76}",
    "contract": r"0x[0-9a-f]{40}",
    "result": r"0x[0-9a-f]{64}",
    "root": r"0x[0-9a-f]{64}",
    "token": r"0x[0-9a-f]{40}",
    "total": r"0|[1-9][0-9]{0,77}",
}
"""How each part of a statement is written."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed. Whoever changes any of it has another statement, and no signature.

    Attributes:
        chain, contract: where the money is paid from.
        result: digest of the result of the round.
        root: of the payout tree.
        token, total: what is paid in all, in base units.
    """

    chain: ChainId
    contract: Address
    result: Hash
    root: Hash
    token: Address
    total: int

    def __post_init__(self) -> None:
        problems = [
            Problem(f"statement, {name}", f"{getattr(self, name)!r} has not the right form", f"it is {form}")
            for name, form in _FORMS.items()
            if not re.fullmatch(form, str(getattr(self, name)), re.ASCII)
        ]
        if problems:
            raise PayoutError(problems)


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement and the signature under it.

    Attributes:
        statement: what is signed.
        signer: the account that signed.
        signature: 65 bytes r, s, v as 0x and hex digits.
    """

    statement: Statement
    signer: Address
    signature: str


def typed_data(statement: Statement) -> dict[str, Any]:
    """Return the statement as wallets take it in `eth_signTypedData_v4`."""
    fields = {"Result": RESULT_FIELDS, "EIP712Domain": DOMAIN_FIELDS}
    return {
        "types": {
            type: [{"name": name, "type": kind} for name, kind in named.items()] for type, named in fields.items()
        },
        "primaryType": "Result",
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": statement.chain,
            "verifyingContract": statement.contract,
        },
        "message": {
            "resultDigest": statement.result,
            "root": statement.root,
            "token": statement.token,
            "total": statement.total,
        },
    }


def statement_hash(statement: Statement) -> Hash:
    """Return the hash that is signed: keccak256(0x1901, domain separator, hash of the struct)."""
    signable = _signable(statement)
    return Hash("0x" + keccak(b"\x19" + signable.version + signable.header + signable.body).hex())


def sign(statement: Statement, key: str) -> Attestation:
    """Return the statement signed with a private key, 64 hex digits.

    Raises:
        PayoutError: the key is none. What it is instead is not told, so that no key gets into a log.
    """
    with kept_recursion_limit():
        from eth_account import Account

    try:
        signed = Account.sign_message(_signable(statement), key)
        signer = Account.from_key(key).address
    except Exception:
        raise PayoutError.at("key", "is not a private key", "give 64 hex digits") from None
    return Attestation(statement, Address(signer.lower()), f"0x{bytes(signed.signature).hex()}")


def signer_of(attestation: Attestation) -> Address:
    """Return the account whose signature is under the statement.

    Raises:
        VerificationError: the signature is malformed, or not by the signer the attestation names.
    """
    with kept_recursion_limit():
        from eth_account import Account

    where, given = "attestation, signature", attestation.signature
    if not re.fullmatch(r"0x[0-9a-f]{128}(1b|1c)", given, re.ASCII) or int(given[66:130], 16) > HALF_ORDER:
        raise VerificationError(where, given, "65 bytes r, s, v with s in the lower half and v 27 or 28")
    try:
        signer = str(Account.recover_message(_signable(attestation.statement), signature=given)).lower()
    except Exception:
        raise VerificationError(where, given, "no signature at all") from None
    if signer != attestation.signer:
        raise VerificationError("attestation, signer", attestation.signer, signer)
    return attestation.signer


def attestation_bytes(attestation: Attestation) -> bytes:
    """Return the bytes of attestation.json."""
    statement = {name: getattr(attestation.statement, name) for name in _FORMS}
    return canonical_json({**statement, "signature": attestation.signature, "signer": attestation.signer})


def read_attestation(data: bytes) -> Attestation:
    """Return the attestation in the bytes of an attestation.json. Its signature is not checked: see `signer_of`.

    Raises:
        PayoutError: malformed, or not in canonical form.
    """
    try:
        document = json.loads(data)
        numbers = {name: int(document.pop(name)) for name in ("chain", "total")}
        signer, signature = Address(document.pop("signer")), document.pop("signature")
        attestation = Attestation(Statement(**document, **numbers), signer, signature)  # type: ignore[arg-type]
        canonical = attestation_bytes(attestation)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PayoutError.at("attestation", f"is no attestation.json: {error}", "") from None
    if canonical != data:
        raise PayoutError.at("attestation", "is not in canonical form", "take the file as it was written")
    return attestation


def _signable(statement: Statement) -> SignableMessage:
    with kept_recursion_limit():
        from eth_account.messages import encode_typed_data

    return encode_typed_data(full_message=typed_data(statement))
