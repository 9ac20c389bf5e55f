"""Whether a wallet signed a text (EIP-191): a key, or a contract that says so on its chain (ERC-1271, ERC-6492)."""

from __future__ import annotations

from typing import Literal, Protocol

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from qf.chain.abi import keccak
from qf.chain.artifacts import artifact
from qf.chain.attestation import HALF_ORDER
from qf.errors import ChainError

How = Literal["eoa", "contract"]
"""Signed by the key of the address, or by a contract that stands, or would stand, at the address."""

LONGEST = 8_192
"""Bytes of a signature that are looked at; a wallet that is not deployed yet sends its deployment along."""

WRAPPED = bytes.fromhex("6492" * 16)
"""How the signature of a wallet ends that is not deployed yet (ERC-6492)."""

_NOBODY = "0x" + "00" * 20

_RECOVERY = frozenset({0, 1, 27, 28})
"""The last byte of a signature by a key."""


class SignatureError(ValueError):
    """The signature is not one of this address over this text."""


class NoChainError(Exception):
    """Whether the signature is good cannot be found out: the chain is not known here, or does not answer."""


class Wallets(Protocol):
    """A chain on which contract wallets are asked."""

    def run(self, code: bytes) -> bytes:
        """Return what code that creates a contract would leave, in the newest state.

        Raises:
            ChainError: the chain does not answer.
        """


def verify_text(text: str, address: str, signature: str, wallets: Wallets | None) -> How:
    """Return how an address signed a text.

    The key is tried first: whoever has it is the address, whatever code stands there (EIP-7702).

    Args:
        text: as it was signed.
        address: who is said to have signed.
        signature: 0x and hex digits.
        wallets: the chain on which a contract wallet is asked; None if it is not known here.

    Raises:
        SignatureError: somebody else signed, or something else was.
        NoChainError: only the chain could tell, and it does not.
    """
    data = _octets(signature)
    message = encode_defunct(text=text)
    if _signer(message, data) == address.lower():
        return "eoa"
    if wallets is None:
        raise NoChainError("a contract wallet can only be asked on its chain, which this service does not read")
    if not _contract_says_so(_hash(message), address, data, wallets):
        raise SignatureError("the signature is not one of this address over this text")
    return "contract"


def _octets(signature: str) -> bytes:
    try:
        data = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        raise SignatureError("the signature is not written in hex digits") from None
    if len(data) > LONGEST:
        raise SignatureError(f"the signature is longer than {LONGEST} bytes")
    return data


def _signer(message: SignableMessage, data: bytes) -> str | None:
    """Return who signed with a key, in lower case; None where it is no signature by a key, in its one accepted form."""
    if len(data) != 65 or data[64] not in _RECOVERY or int.from_bytes(data[32:64], "big") > HALF_ORDER:
        return None
    try:
        return str(Account.recover_message(message, signature=data)).lower()
    except (BadSignature, ValidationError, ValueError):
        return None


def _contract_says_so(hash: bytes, address: str, signature: bytes, wallets: Wallets) -> bool:
    factory, deployment, inner = _unwrapped(signature)
    types = ["address", "bytes32", "bytes", "address", "bytes"]
    terms = encode(types, [address, hash, inner, factory, deployment])
    try:
        return wallets.run(artifact("SignatureCheck").bytecode + terms) == b"\x01"
    except ChainError as error:
        raise NoChainError("the chain of this wallet does not answer; try again in a minute") from error


def _unwrapped(signature: bytes) -> tuple[str, bytes, bytes]:
    """Return what would deploy the wallet, how it is called for that, and the signature itself."""
    if not signature.endswith(WRAPPED):
        return _NOBODY, b"", signature
    try:
        factory, deployment, inner = decode(["address", "bytes", "bytes"], signature.removesuffix(WRAPPED))
    except (DecodingError, OverflowError) as error:
        raise SignatureError("what the signature says of its wallet is malformed (ERC-6492)") from error
    return factory, deployment, inner


def _hash(message: SignableMessage) -> bytes:
    return keccak(b"\x19" + message.version + message.header + message.body)
