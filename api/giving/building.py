"""Calls of contracts, and what is signed for them (EIP-712), as bytes and documents. Nothing here asks a chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector

from qf.chain.abi import call
from qf.chain.addresses import checksummed
from qf.chain.artifacts import artifact
from qf.chain.types import Address

PERMIT2 = Address("0x000000000022d473030f116ddee9f6b43ac78ba3")
"""Permit2, at the address it has on every chain where it is deployed in the usual way."""

Line = tuple[str, Address, int]
"""Key of the project, token, base units."""

_DOMAIN = ("name string", "version string", "chainId uint256", "verifyingContract address")
_PERMIT = ("owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256")
_PERMISSIONS = ("token address", "amount uint256")
_LINE = ("project bytes32", "token address", "amount uint256", "memo bytes32")
_CART = ("donor address", "lines Line[]", "salt bytes32", "deadline uint256")
_WITNESSED = (
    "permitted TokenPermissions",
    "spender address",
    "nonce uint256",
    "deadline uint256",
    "witness Cart",
)

_MEMO = "0x" + "00" * 32
"""No memo."""


def donate(lines: Sequence[Line]) -> bytes:
    """Return the call that gives as the sender."""
    return _call("donate", _tuples(lines))


def donate_with_permit(lines: Sequence[Line], amount: int, deadline: int, signature: bytes) -> bytes:
    """Return the call that gives as the sender with a permit for all of it: 65 bytes, signed by the sender."""
    v = signature[64] if signature[64] >= 27 else signature[64] + 27
    permit = (lines[0][1], amount, deadline, v, signature[:32], signature[32:64])
    return _call("donateWithPermit", _tuples(lines), [permit])


def donate_with_permit2(donor: Address, lines: Sequence[Line], nonce: int, deadline: int, signature: bytes) -> bytes:
    """Return the call that gives as whoever signed for Permit2."""
    return _call("donateWithPermit2", donor, _tuples(lines), nonce, deadline, signature)


def approve(spender: Address, amount: int) -> bytes:
    """Return the call that lets somebody take up to so much of a token."""
    return call("approve(address,uint256)", spender, amount)


def transfer(to: str, amount: int) -> bytes:
    """Return the call that sends a token."""
    return call("transfer(address,uint256)", to, amount)


def permit_data(
    domain: dict[str, Any], owner: Address, spender: Address, terms: tuple[int, int, int]
) -> dict[str, Any]:
    """Return what is signed to let somebody take a token (EIP-2612); terms are value, nonce, deadline."""
    value, nonce, deadline = map(str, terms)
    message = {
        "owner": checksummed(owner),
        "spender": checksummed(spender),
        "value": value,
        "nonce": nonce,
        "deadline": deadline,
    }
    return _typed(domain, "Permit", message, EIP712Domain=_DOMAIN, Permit=_PERMIT)


def permit2_data(
    chain: int, contract: Address, donor: Address, lines: Sequence[Line], nonce: int, deadline: int
) -> dict[str, Any]:
    """Return what is signed to let the round take a token through Permit2, for these gifts and nothing else."""
    cart = {
        "donor": checksummed(donor),
        "lines": [
            {"project": key, "token": checksummed(token), "amount": str(amount), "memo": _MEMO}
            for key, token, amount in lines
        ],
        "salt": f"0x{nonce:064x}",
        "deadline": str(deadline),
    }
    message = {
        "permitted": {"token": checksummed(lines[0][1]), "amount": str(sum(amount for _, _, amount in lines))},
        "spender": checksummed(contract),
        "nonce": str(nonce),
        "deadline": str(deadline),
        "witness": cart,
    }
    domain = {"name": "Permit2", "chainId": chain, "verifyingContract": checksummed(PERMIT2)}
    return _typed(
        domain,
        "PermitWitnessTransferFrom",
        message,
        EIP712Domain=(_DOMAIN[0], *_DOMAIN[2:]),
        PermitWitnessTransferFrom=_WITNESSED,
        TokenPermissions=_PERMISSIONS,
        Cart=_CART,
        Line=_LINE,
    )


def _typed(domain: dict[str, Any], primary: str, message: dict[str, Any], **types: Sequence[str]) -> dict[str, Any]:
    fields = {
        name: [dict(zip(("name", "type"), field.split(" "), strict=True)) for field in listed]
        for name, listed in types.items()
    }
    return {"types": fields, "primaryType": primary, "domain": domain, "message": message}


def _tuples(lines: Sequence[Line]) -> list[tuple[bytes, str, int, bytes]]:
    return [(bytes.fromhex(key[2:]), token, amount, bytes(32)) for key, token, amount in lines]


def _call(name: str, *values: Any) -> bytes:
    """Return the call of a function of the contract of a round, as it was compiled."""
    entry: Any = next(each for each in artifact("DonationRound").abi if each.get("name") == name)
    return function_abi_to_4byte_selector(entry) + encode([collapse_if_tuple(each) for each in entry["inputs"]], values)
