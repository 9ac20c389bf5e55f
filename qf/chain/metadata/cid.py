"""The name of content on IPFS: a hash of it, and how it was cut into blocks before it was hashed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import IntEnum

from qf.errors import InputError

SHA2_256 = bytes([0x12, 32])
"""What stands before a hash by SHA-256: which hash it is, and its length."""

LONGEST = 64
"""Characters of a CID at most; one of version 1 has 59 in base 32."""

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Codec(IntEnum):
    """What the hash is of: the content itself, or a node of UnixFS that holds or links to it."""

    RAW = 0x55
    DAG_PB = 0x70


@dataclass(frozen=True, slots=True)
class Cid:
    """A content identifier.

    >>> str(Cid.of("QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"))
    'QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH'

    Attributes:
        version: 0 or 1.
        codec: what the hash is of.
        digest: the hash by SHA-256.
    """

    version: int
    codec: Codec
    digest: bytes

    @classmethod
    def of(cls, text: str) -> Cid:
        """Return the identifier written in `text`, which may begin with ipfs://.

        Raises:
            InputError: it is none, or of a kind this package does not check.
        """
        written = text.removeprefix("ipfs://")
        try:
            if len(written) > LONGEST:
                raise ValueError(f"{written[:LONGEST]}... is too long for a CID")
            if len(written) == 46 and written.startswith("Qm"):
                return cls(0, Codec.DAG_PB, _digest(_base58(written)))
            octets = _multibase(written)
            if octets[:1] != b"\x01":
                raise ValueError(f"{text!r} is no CID of version 0 or 1")
            return cls(1, Codec(octets[1]), _digest(octets[2:]))
        except (ValueError, IndexError, OverflowError) as fault:
            raise InputError.at("CID", str(fault), "give a CID of a file, hashed by SHA-256") from None

    @property
    def octets(self) -> bytes:
        """It as bytes, as links inside a node have it."""
        return (bytes([1, self.codec]) if self.version else b"") + SHA2_256 + self.digest

    def __str__(self) -> str:
        if self.version == 0:
            return _to_base58(self.octets)
        return "b" + base64.b32encode(self.octets).decode().rstrip("=").lower()


def _digest(octets: bytes) -> bytes:
    if octets[:2] != SHA2_256 or len(octets) != 34:
        raise ValueError(f"0x{octets.hex()} is no hash by SHA-256")
    return octets[2:]


def _multibase(text: str) -> bytes:
    if text.startswith("z"):
        return _base58(text[1:])
    if not text.startswith("b") or text != text.lower() or not text.isascii():
        raise ValueError(f"{text!r} is no CID in base 32 or 58")
    return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))


def _base58(text: str) -> bytes:
    number = 0
    for character in text:
        if character not in _BASE58:
            raise ValueError(f"{text!r} is not written in base 58")
        number = number * 58 + _BASE58.index(character)
    return number.to_bytes(36 if number >> 272 else 34, "big")


def _to_base58(octets: bytes) -> str:
    number, text = int.from_bytes(octets, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text
