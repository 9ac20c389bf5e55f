"""An attestation holds for its statement and its signer, and breaks when anything of it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from qf.chain.attestation import (
    HALF_ORDER,
    Attestation,
    Statement,
    attestation_bytes,
    read_attestation,
    sign,
    signer_of,
    statement_hash,
    typed_data,
)
from qf.chain.types import Address, ChainId, Hash
from qf.errors import PayoutError, VerificationError

KEY = "0x" + "01" * 32
SIGNER = Account.from_key(KEY).address.lower()
STATEMENT = Statement(
    ChainId(10),
    Address("0x" + "11" * 20),
    Hash("0x" + "22" * 32),
    Hash("0x" + "33" * 32),
    Address("0x" + "44" * 20),
    2**255 + 1,
)
CHANGES: dict[str, Any] = {
    "chain": 11,
    "contract": "0x" + "12" * 20,
    "result": "0x" + "23" * 32,
    "root": "0x" + "34" * 32,
    "token": "0x" + "45" * 20,
    "total": 2**255,
}


@pytest.fixture(scope="module")
def attestation() -> Attestation:
    return sign(STATEMENT, KEY)


def test_attestation_when_it_was_signed_then_the_signer_is_known(attestation: Attestation) -> None:
    assert signer_of(attestation) == SIGNER == attestation.signer


@pytest.mark.parametrize("part", CHANGES)
def test_attestation_when_a_part_of_the_statement_changes_then_it_breaks(attestation: Attestation, part: str) -> None:
    changed = replace(STATEMENT, **{part: CHANGES[part]})
    assert statement_hash(changed) != statement_hash(STATEMENT)
    with pytest.raises(VerificationError, match="signer"):
        signer_of(replace(attestation, statement=changed))


def test_changes_when_they_are_listed_then_every_part_is_among_them() -> None:
    assert list(CHANGES) == list(Statement.__slots__)


def test_statement_when_it_is_hashed_then_as_the_contract_does_it() -> None:
    domain_type = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    result_type = "Result(bytes32 resultDigest,bytes32 root,address token,uint256 total)"
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(text=domain_type), keccak(text="MatchingPayout"), keccak(text="1"), 10, STATEMENT.contract],
    )
    digests = [bytes.fromhex(part[2:]) for part in (STATEMENT.result, STATEMENT.root)]
    result = encode(
        ["bytes32", "bytes32", "bytes32", "address", "uint256"],
        [keccak(text=result_type), *digests, STATEMENT.token, STATEMENT.total],
    )
    assert statement_hash(STATEMENT) == "0x" + keccak(b"\x19\x01" + keccak(domain) + keccak(result)).hex()


def test_typed_data_when_a_wallet_reads_it_then_every_field_is_declared() -> None:
    data = typed_data(STATEMENT)
    assert {field["name"] for field in data["types"]["Result"]} == set(data["message"])
    assert {field["name"] for field in data["types"]["EIP712Domain"]} == set(data["domain"])


def test_attestation_when_it_names_another_signer_then_it_breaks(attestation: Attestation) -> None:
    with pytest.raises(VerificationError, match="signer"):
        signer_of(replace(attestation, signer=Address("0x" + "99" * 20)))


def test_attestation_when_the_signature_is_in_its_second_form_then_it_is_refused(attestation: Attestation) -> None:
    order = 2 * HALF_ORDER + 1
    r, s, v = attestation.signature[2:66], int(attestation.signature[66:130], 16), attestation.signature[130:]
    second = f"0x{r}{order - s:064x}{'1c' if v == '1b' else '1b'}"
    assert Account._recover_hash(bytes.fromhex(statement_hash(STATEMENT)[2:]), signature=second).lower() == SIGNER
    with pytest.raises(VerificationError, match="lower half"):
        signer_of(replace(attestation, signature=second))


@pytest.mark.parametrize("signature", ["", "0x", "0x" + "00" * 65, "0x" + "11" * 64, "0x" + "00" * 64 + "1b"])
def test_attestation_when_the_signature_is_malformed_then_it_is_refused(
    attestation: Attestation, signature: str
) -> None:
    with pytest.raises(VerificationError, match="signature"):
        signer_of(replace(attestation, signature=signature))


@pytest.mark.parametrize("key", ["", "0x12", "z" * 64, "00" * 32, "ff" * 32, "secret-and-wrong"])
def test_sign_when_the_key_is_none_then_it_is_not_repeated(key: str) -> None:
    with pytest.raises(PayoutError) as raised:
        sign(STATEMENT, key)
    assert not key or key not in str(raised.value)
    assert raised.value.__cause__ is None and raised.value.__suppress_context__


@pytest.mark.parametrize("part", CHANGES)
def test_statement_when_a_part_is_malformed_then_it_is_named(part: str) -> None:
    with pytest.raises(PayoutError, match=f"statement, {part}"):
        replace(STATEMENT, **{part: "0X12"})


def test_file_when_it_is_read_back_then_it_is_the_same(attestation: Attestation) -> None:
    assert read_attestation(attestation_bytes(attestation)) == attestation


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-2],
        lambda data: b" " + data,
        lambda data: data.replace(b'"chain":"10"', b'"chain":10'),
        lambda data: data.replace(b'"chain":"10"', b'"chain":"10.0"'),
        lambda data: data.replace(b'"chain":"10",', b""),
        lambda data: data.replace(b'"chain"', b'"more":"1","chain"'),
        lambda _: b"[]\n",
        lambda _: b"\xff",
    ],
)
def test_file_when_it_is_malformed_then_it_is_refused(attestation: Attestation, change: Any) -> None:
    with pytest.raises(PayoutError, match="attestation"):
        read_attestation(change(attestation_bytes(attestation)))
