"""Keys derived from the one secret of an installation, and what they are for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken


class Secrecy:
    """HMAC and encryption under keys that differ by purpose, so that a value made for one means nothing to another.

    >>> secrecy = Secrecy(b"x" * 32)
    >>> secrecy.mark("cursor", "a") == secrecy.mark("code", "a")
    False
    >>> secrecy.open("webhook", secrecy.seal("webhook", "hush"))
    'hush'
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def key(self, purpose: str) -> bytes:
        """Return the key of a purpose, 32 bytes: HMAC-SHA256(secret, purpose)."""
        return hmac.digest(self._secret, purpose.encode(), "sha256")

    def mark(self, purpose: str, text: str) -> str:
        """Return HMAC-SHA256 of `text` under the key of `purpose`, 64 hex digits: the same text, the same mark."""
        return hmac.new(self.key(purpose), text.encode(), hashlib.sha256).hexdigest()

    def seal(self, purpose: str, text: str) -> str:
        """Return `text` encrypted, for a column that a reader of the database must not understand."""
        return self._box(purpose).encrypt(text.encode()).decode()

    def open(self, purpose: str, sealed: str) -> str:
        """Return what was sealed.

        Raises:
            ValueError: it was sealed under another secret or for another purpose, or was changed.
        """
        try:
            return self._box(purpose).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ValueError(f"what was sealed for {purpose} does not open: has QF_SECRET changed?") from None

    def _box(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.key(purpose)))


def hashed(token: str) -> str:
    """Return SHA-256 of a random token, which is all of it that is stored; 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_key() -> str:
    """Return 32 random bytes as 64 hex digits."""
    return secrets.token_hex(32)


class Pseudonyms:
    """Names for donors that tell nothing of them: HMAC-SHA256 under a key, 80 bits of it.

    >>> names = Pseudonyms("k")
    >>> names.of("ann") == names.of("ann") != names.of("bob")
    True
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of(self, donor: str) -> str:
        """Return the pseudonym of a donor."""
        return f"d-{hmac.new(self._key, donor.encode(), hashlib.sha256).hexdigest()[:20]}"
