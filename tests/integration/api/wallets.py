"""Wallets that sign what they are asked to sign."""

from __future__ import annotations

from typing import Any

from eth_account import Account as Wallet
from eth_account.messages import encode_defunct

WALLET, OTHER, THIRD = (Wallet.from_key("0x" + digit * 64) for digit in "123")


def signed(client: Any, wallet: Any = WALLET, **wanted: Any) -> dict[str, str]:
    """Return the proof that a client sends who was given a message and whose wallet signs it."""
    message = client.post("/v1/sign-in/challenge", json={"address": wallet.address, **wanted}).json()["message"]
    return {"message": message, "signature": signature_of(message, wallet)}


def signature_of(message: str, wallet: Any = WALLET) -> str:
    return "0x" + wallet.sign_message(encode_defunct(text=message)).signature.hex().removeprefix("0x")


def bearer(opened: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {opened['access_token']}"}
