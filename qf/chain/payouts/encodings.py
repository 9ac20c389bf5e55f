"""What a leaf of a payout tree holds, for each contract that pays out by one. Adding a contract is one entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qf.chain.abi import encode, keccak
from qf.chain.addresses import read_address

Value = int | str
"""A value of a leaf: an int or its decimal digits, or 0x and hex digits."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one kind of contract writes and hashes a leaf.

    Attributes:
        fields: name -> type of each value, in order.
        hashes: how often the encoded values are hashed: twice in OpenZeppelin's standard tree.
    """

    fields: Mapping[str, str]
    hashes: int = 2

    def leaf(self, values: Sequence[Value]) -> bytes:
        """Return the hash of a leaf: keccak256, `hashes` times, of abi.encode(values).

        Raises:
            ValueError: a value is missing, or does not fit its type.
        """
        types = tuple(self.fields.values())
        if len(values) != len(types):
            raise ValueError(f"it has {len(values)} values, not {len(types)}")
        hashed = encode(
            f"({','.join(types)})", [_exact(kind, value) for kind, value in zip(types, values, strict=True)]
        )
        for _ in range(self.hashes):
            hashed = keccak(hashed)
        return hashed


ENCODINGS: Mapping[str, Encoding] = {
    "qf": Encoding({"index": "uint256", "payee": "address", "amount": "uint256"}),
    "allo_v1": Encoding({"index": "uint256", "grantee": "address", "amount": "uint256", "projectId": "bytes32"}),
    "allo_v2": Encoding(
        {"index": "uint256", "recipientId": "address", "recipientAddress": "address", "amount": "uint256"}
    ),
    "allo_v2_1": Encoding({"index": "uint256", "recipientId": "address", "amount": "uint256"}, hashes=1),
}
"""Kind of contract -> encoding: our MatchingPayout, and the payout strategies of Allo 1, 2.0 and 2.1."""


def _exact(kind: str, value: Value) -> Value:
    """Return a value as `encode` takes it: digits of a number are one, an address has its checksum checked."""
    if isinstance(value, str) and kind == "address":
        return read_address(value)
    if isinstance(value, str) and kind == "uint256" and value.isascii() and value.isdigit():
        return int(value)
    return value
