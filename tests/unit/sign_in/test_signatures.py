"""Signatures of wallets: by a key in one form only, or by what a contract says on its chain."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from api.sign_in.signatures import LONGEST, NoChainError, SignatureError, verify_text
from qf.chain.abi import keccak
from qf.chain.attestation import HALF_ORDER
from qf.errors import NodeError

WALLET = Account.from_key("0x" + "11" * 32)
TEXT = "Sign in.\né"
SIGNED = bytes(WALLET.sign_message(encode_defunct(text=TEXT)).signature)
BODY, V = SIGNED[:64], SIGNED[64]


@dataclass
class Answering:
    """A chain on which every contract wallet says the same."""

    answer: bytes | Exception = b"\x00"
    asked: list[bytes] = field(default_factory=list)

    def run(self, code: bytes) -> bytes:
        self.asked.append(code)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def by(signature: bytes | str, chain: Answering | None = None, text: str = TEXT) -> str:
    shown = signature if isinstance(signature, str) else "0x" + signature.hex()
    return verify_text(text, WALLET.address, shown, chain)


def test_a_key_signs_without_any_chain():
    assert by(SIGNED) == by(BODY + bytes([V - 27])) == "eoa"
    chain = Answering(b"\x01")
    assert verify_text(TEXT, WALLET.address.lower(), "0x" + SIGNED.hex(), chain) == "eoa" and chain.asked == []


@pytest.mark.parametrize("v", [*range(2, 27), *range(29, 40), 255])
def test_another_recovery_byte_is_no_signature_by_a_key(v):
    with pytest.raises(SignatureError):
        by(BODY + bytes([v]), Answering())


def test_the_other_signature_of_the_same_key_is_refused():
    s, order = int.from_bytes(BODY[32:], "big"), 2 * HALF_ORDER + 1
    assert s <= HALF_ORDER
    other = BODY[:32] + (order - s).to_bytes(32, "big") + bytes([55 - V])
    assert Account.recover_message(encode_defunct(text=TEXT), signature=other) == WALLET.address
    with pytest.raises(SignatureError):
        by(other, Answering())


@pytest.mark.parametrize(
    "signature", [b"", bytes(65), BODY, SIGNED + b"\x00", b"\xff" * 64 + b"\x1b", BODY[:32] + bytes(32) + b"\x1b"]
)
def test_what_is_no_signature_is_refused(signature):
    with pytest.raises(SignatureError):
        by(signature, Answering())


@pytest.mark.parametrize("signature", ["0x0", "0xzz", "hello", "0x" + "00" * (LONGEST + 1)])
def test_what_is_not_written_as_one_is_refused_before_any_chain_is_asked(signature):
    chain = Answering(b"\x01")
    with pytest.raises(SignatureError, match=r"hex digits|longer"):
        by(signature, chain)
    assert chain.asked == []


def test_a_signature_of_another_text_is_refused():
    with pytest.raises(SignatureError):
        by(SIGNED, Answering(), TEXT + " ")


def test_the_contract_is_asked_about_the_hash_that_a_wallet_signs():
    chain = Answering(b"\x01")
    assert by(b"anything", chain) == "contract"
    octets = TEXT.encode()
    hash = keccak(b"\x19Ethereum Signed Message:\n%d" % len(octets) + octets)
    [code] = chain.asked
    assert bytes.fromhex(WALLET.address[2:]) + hash in code and b"anything" in code


@pytest.mark.parametrize("answer", [b"", b"\x00", b"\x02", b"\x01\x00", bytes(31) + b"\x01"])
def test_a_contract_that_does_not_say_yes_says_no(answer):
    with pytest.raises(SignatureError):
        by(b"anything", Answering(answer))


def test_a_chain_that_does_not_answer_is_no_bad_signature():
    with pytest.raises(NoChainError, match="does not answer"):
        by(b"anything", Answering(NodeError("down")))
    with pytest.raises(NoChainError, match="does not read"):
        by(b"anything", None)
