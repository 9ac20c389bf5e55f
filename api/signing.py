"""Signatures of webhooks, in both directions: HMAC over time and body, so that neither is changed or replayed.

QF-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256(secret, t + "." + body), hex>[,v1=<under another secret>]
QF-Delivery: <a name of its own for what is delivered, the same when it is delivered again>
"""

from __future__ import annotations

import hmac
import re

SIGNATURE, DELIVERY = "QF-Signature", "QF-Delivery"
"""The headers."""

TOLERANCE = 300
"""Seconds that a signature may be old, or ahead of our clock."""

_FORM = re.compile(r"t=([0-9]{1,15})((?:,v1=[0-9a-f]{64}){1,4})", re.ASCII)
"""Who is about to change the secret signs under the old one and the new one."""


class SignatureError(ValueError):
    """The signature is missing, malformed, too old, or of something else."""


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the signature of a body sent at a moment.

    >>> check("s", b"{}", sign("s", b"{}", 100), 400)
    """
    return f"t={at},v1={_mac(secret, body, str(at))}"


def check(secret: str, body: bytes, signature: str, now: int) -> None:
    """Raise unless `signature` is of this body, and was made just now.

    Raises:
        SignatureError: says what is wrong, and nothing that helps to forge one.
    """
    read = _FORM.fullmatch(signature)
    if read is None:
        raise SignatureError(f"the header {SIGNATURE} is missing or not written t=<seconds>,v1=<64 hex digits>")
    ours = _mac(secret, body, read[1])
    if not any(hmac.compare_digest(ours, theirs) for theirs in read[2].split(",v1=")):
        raise SignatureError("the signature is not of this body under the secret of the source")
    if abs(now - int(read[1])) > TOLERANCE:
        raise SignatureError(f"the signature is more than {TOLERANCE} seconds away from now")


def _mac(secret: str, body: bytes, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, "sha256").hexdigest()
