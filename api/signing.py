"""Signatures of webhooks, in both directions: HMAC over time and body, so that neither is changed or replayed.

QF-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256(secret, t + "." + body), hex>[,v1=<under another secret>]
QF-Delivery: <a name of its own for what is delivered, the same when it is delivered again>
"""

from __future__ import annotations

import hmac
import re
from typing import Protocol

from api.secrecy import Secrecy, new_key

SIGNATURE, DELIVERY = "QF-Signature", "QF-Delivery"
"""The headers."""

TOLERANCE = 300
"""Seconds that a signature may be old, or ahead of our clock."""

OVERLAP = 86_400
"""Seconds for which a secret that was replaced is still good, so that the other side can change at its own time."""

_FORM = re.compile(r"t=([0-9]{1,15})((?:,v1=[0-9a-f]{64}){1,4})", re.ASCII)
"""Who is about to change the secret signs under the old one and the new one."""


class SignatureError(ValueError):
    """The signature is missing, malformed, too old, or of something else."""


class Holder(Protocol):
    """A row with a secret: `former_secret` is good until `former_until`; both are sealed."""

    secret: str
    former_secret: str
    former_until: int


def secrets_of(secrecy: Secrecy, purpose: str, row: Holder, at: int) -> list[str]:
    """Return the secrets that are good, the newest first: one, or two for a day after it was replaced."""
    sealed = [row.secret, *([row.former_secret] if at < row.former_until else [])]
    return [secrecy.open(purpose, each) for each in sealed]


def replaced(secrecy: Secrecy, purpose: str, row: Holder, at: int, *, at_once: bool) -> str:
    """Return the new secret of a row; the one it had stays good for a day, unless it ends at once."""
    secret = new_key()
    row.former_secret, row.former_until = ("", 0) if at_once else (row.secret, at + OVERLAP)
    row.secret = secrecy.seal(purpose, secret)
    return secret


def sign(secret: str, body: bytes, at: int, *former: str) -> str:
    """Return the signature of a body sent at a moment; under former secrets as well, if there are any.

    >>> check("s", b"{}", sign("t", b"{}", 100, "s"), 400)
    """
    macs = "".join(f",v1={_mac(each, body, str(at))}" for each in (secret, *former))
    return f"t={at}{macs}"


def check(secret: str, body: bytes, signature: str, now: int, *former: str) -> None:
    """Raise unless `signature` is of this body, under the secret or a former one, and was made just now.

    Raises:
        SignatureError: says what is wrong, and nothing that helps to forge one.
    """
    read = _FORM.fullmatch(signature)
    if read is None:
        raise SignatureError(f"the header {SIGNATURE} is missing or not written t=<seconds>,v1=<64 hex digits>")
    ours = [_mac(each, body, read[1]) for each in (secret, *former)]
    theirs = read[2].split(",v1=")[1:]
    if not any(hmac.compare_digest(mine, sent) for mine in ours for sent in theirs):
        raise SignatureError("the signature is not of this body under the secret of the source")
    if abs(now - int(read[1])) > TOLERANCE:
        raise SignatureError(f"the signature is more than {TOLERANCE} seconds away from now")


def _mac(secret: str, body: bytes, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, "sha256").hexdigest()
