"""Addresses as people copy them: with the checksum of EIP-55, which tells a slip of the hand from an account."""

from __future__ import annotations

import re

from eth_utils.address import to_checksum_address

from qf.chain.types import Address

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def checksummed(address: Address) -> str:
    """Return `address` with upper and lower case as EIP-55 wants it.

    >>> checksummed(Address("0xda10009cbd5d07dd0cecc66161fc93d7c9000da1"))
    '0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1'
    """
    return to_checksum_address(address)


def read_address(text: str) -> Address:
    """Return the address in `text`. All in one case it carries no checksum; in both, the checksum has to be right.

    >>> read_address("0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1")
    '0xda10009cbd5d07dd0cecc66161fc93d7c9000da1'

    Raises:
        ValueError: no address, or a wrong checksum.
    """
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is not an address (0x and 40 hex digits)")
    address = Address(text.lower())
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != checksummed(address):
        raise ValueError(f"{text} has a wrong checksum, so a character of it is wrong")
    return address
