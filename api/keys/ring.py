"""The keys that access tokens are signed with: P-256, one used after the other, all of them published."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

LIFE = 90 * 86_400
"""Seconds for which a key signs."""

OVERLAP = 86_400
"""Seconds for which a key is published before it signs, and after: longer than any token lives."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key.

    Attributes:
        kid: its name: the thumbprint of its public part (RFC 7638).
        pem: the key itself, in PKCS #8.
        public: its public part, as a JWK.
        starts_at, ends_at: when it signs, seconds.
    """

    kid: str
    pem: str
    public: dict[str, str]
    starts_at: int
    ends_at: int

    @classmethod
    def new(cls, starts_at: int) -> SigningKey:
        """Return a new key that signs from a moment on."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return cls.of(pem, starts_at, starts_at + LIFE)

    @classmethod
    def of(cls, pem: str, starts_at: int, ends_at: int) -> SigningKey:
        """Return the key in a PEM.

        Raises:
            ValueError: it is no P-256 key.
        """
        key = load_pem_private_key(pem.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("the key is not of the curve P-256")
        numbers = key.public_key().public_numbers()
        shape = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
        kid = _base64(hashlib.sha256(json.dumps(shape, separators=(",", ":"), sort_keys=True).encode()).digest())
        return cls(kid, pem, {**shape, "kid": kid, "alg": "ES256", "use": "sig"}, starts_at, ends_at)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys there are."""

    keys: tuple[SigningKey, ...]

    @classmethod
    def of(cls, keys: Iterable[SigningKey]) -> KeyRing:
        """Return the ring of some keys, the one that starts last first."""
        return cls(tuple(sorted(keys, key=lambda key: (-key.starts_at, key.kid))))

    def signing(self, at: int) -> SigningKey | None:
        """Return the key that signs at a moment; None if one has to be made."""
        return next((key for key in self.keys if key.starts_at <= at < key.ends_at), None)

    def wanted(self, at: int) -> int | None:
        """Return from when on a new key has to sign; None if none is needed yet."""
        current = self.signing(at)
        if current is None:
            return at
        followed = any(key.starts_at > at for key in self.keys)
        return current.ends_at if current.ends_at - at <= OVERLAP and not followed else None

    def verifying(self, kid: str, at: int) -> SigningKey | None:
        """Return the key of a name, if a token signed with it can still be good."""
        return next((key for key in self.keys if key.kid == kid and key.starts_at <= at < key.ends_at + OVERLAP), None)

    def published(self, at: int) -> dict[str, list[dict[str, str]]]:
        """Return the public parts of all keys in use, as a JWKS document."""
        return {"keys": [key.public for key in self.keys if at < key.ends_at + OVERLAP]}


def _coordinate(number: int) -> str:
    return _base64(number.to_bytes(32, "big"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
