"""What is received and sent about giving."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.schema import Address, Answer, Body, ChainNumber, Decimals, Name, Shown, Signature, Units

TxHash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$")]
"""The hash of a transaction."""

Uint256 = Annotated[str, StringConstraints(pattern=r"^(?:0|[1-9][0-9]{0,77})$")]
"""A number that a contract reads; decimal digits."""


class Way(StrEnum):
    """How to give."""

    NATIVE = "native"
    """The coin of the chain, in one transaction."""
    APPROVE = "approve"
    """A token: one transaction allows the contract to take it, the next gives."""
    PERMIT = "permit"
    """A token that takes permits (EIP-2612): one signature and one transaction."""
    PERMIT2 = "permit2"
    """Any token, by a signature for Permit2, which has to be allowed to take it once."""
    TRANSFER = "transfer"
    """A token, straight to each project: one transaction per gift."""


class WantedGift(Body):
    """A gift: a project of the round, and whole units of the token."""

    project: Name
    amount: Decimals


class Signed(Body):
    """What was signed: the signature, and what was in the answer that asked for it."""

    signature: Signature
    deadline: Uint256
    nonce: Uint256 = "0"


class Wanted(Body):
    """Gifts in one token on one chain, by one account.

    Attributes:
        token: its name, as the round calls it, or its address.
        sender: the account that gives, in JSON `from`.
        way: how; without it, the plainest way there is.
        signed: what was signed, if `way` takes a signature and it is there.
    """

    chain_id: ChainNumber
    token: Name
    sender: Annotated[Address, Field(alias="from")]
    gifts: Annotated[list[WantedGift], Field(min_length=1, max_length=50)]
    way: Annotated[Way, Field(strict=False)] | None = None
    signed: Signed | None = None


class TransactionOut(Answer):
    """A transaction to sign and send; `gas` and the fees are the wallet's to say. `value` is in wei.

    Attributes:
        says: what it does, in plain words.
    """

    sender: Annotated[str, Field(serialization_alias="from")]
    to: str
    data: str
    value: Units
    chain: Annotated[int, Field(serialization_alias="chainId")]
    gas: None = None
    says: str


class SignatureOut(Answer):
    """What to sign (EIP-712); then ask again with `signed`: the signature, and deadline and nonce as they are here."""

    typed_data: dict[str, Any]
    deadline: str
    nonce: str
    says: str


class GivingOut(Answer):
    """How to give: what to sign first, if anything, then the transactions in their order; and what else to know."""

    way: Way
    sign: SignatureOut | None
    transactions: list[TransactionOut]
    notes: list[str]


class GiftState(StrEnum):
    """What became of a transaction."""

    SENT = "sent"
    """It is not on the chain yet."""
    SEEN = "seen"
    """It is on the chain, and could still be reorganised away."""
    FINAL = "final"
    """It is on the chain for good."""
    RECONCILED = "reconciled"
    """It is recorded in the round, and was compared with the chain since."""
    FAILED = "failed"
    """Nothing was given by it."""


class NewGift(Body):
    """A transaction that was sent."""

    chain_id: ChainNumber
    tx_hash: TxHash


class GiftOut(Answer):
    """A transaction that is followed; `told` is a sentence on where it stands."""

    id: str
    chain_id: int
    tx_hash: str
    state: GiftState
    block: int | None
    told: str
    created_at: Shown
    changed_at: Shown
