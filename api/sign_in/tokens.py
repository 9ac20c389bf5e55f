"""Access tokens: the only file that imports python-jose, and what it does not check.

python-jose picks any key of a set, takes texts for numbers, ignores critical headers and what kind of token it reads.
So the header is read here first: the key is chosen by its name, the algorithm is the one of that key and no other, and
every claim has to be there, in its type, before the signature is looked at.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

from api.sign_in.keys import KeyRing, SigningKey

LIFE = 600
"""Seconds an access token is good for."""

LEEWAY = 30
"""Seconds that clocks may differ."""

LONGEST = 8_192
"""Characters of a token that is read at all."""

ALGORITHM, TYPE = "ES256", "at+jwt"
"""How tokens are signed, and what kind they are (RFC 9068)."""

_TEXTS = ("iss", "aud", "sub", "sid", "auth", "jti")
_NUMBERS = ("iat", "nbf", "exp", "sv")


class TokenError(ValueError):
    """The token is not one of ours, or not good any more."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Attributes:
        account: who it is for.
        sign_in: the session it belongs to.
        version: of the account when it was made.
        auth: how its owner signed in.
    """

    account: str
    sign_in: str
    version: int
    auth: str


def issue(key: SigningKey, issuer: str, claims: Claims, at: int) -> str:
    """Return a token, good for ten minutes."""
    body = {
        "iss": issuer,
        "aud": issuer,
        "sub": claims.account,
        "sid": claims.sign_in,
        "sv": claims.version,
        "auth": claims.auth,
        "iat": at,
        "nbf": at,
        "exp": at + LIFE,
        "jti": secrets.token_urlsafe(16),
    }
    return str(jwt.encode(body, key.pem, ALGORITHM, headers={"kid": key.kid, "typ": TYPE}))


def read(token: str, ring: KeyRing, issuer: str, at: int) -> Claims:
    """Return what a token says.

    Raises:
        TokenError: it is malformed, signed with another key or otherwise, for somebody else, or over.
    """
    key = _key_of(token, ring, at)
    body = _body_of(token)
    _check(body, issuer, at)
    try:
        jwt.decode(
            token,
            key.public,
            algorithms=[ALGORITHM],
            audience=issuer,
            issuer=issuer,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},  # checked above, at `at`
        )
    except (JOSEError, ValueError, TypeError, KeyError) as error:
        raise TokenError("the token is not signed with the key it names") from error
    return Claims(body["sub"], body["sid"], body["sv"], body["auth"])


def _key_of(token: str, ring: KeyRing, at: int) -> SigningKey:
    header = _part(token, 0)
    if set(header) != {"alg", "typ", "kid"} or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise TokenError("the header of the token is not one of ours")
    key = ring.verifying(header["kid"], at) if isinstance(header["kid"], str) else None
    if key is None:
        raise TokenError("the token names no key of ours that is in use")
    return key


def _body_of(token: str) -> dict[str, Any]:
    body = _part(token, 1)
    texts = all(isinstance(body.get(name), str) and body[name] for name in _TEXTS)
    numbers = all(type(body.get(name)) is int for name in _NUMBERS)
    if not texts or not numbers or set(body) != {*_TEXTS, *_NUMBERS}:
        raise TokenError("the token does not hold what ours hold")
    return body


def _check(body: Mapping[str, Any], issuer: str, at: int) -> None:
    if body["iss"] != issuer or body["aud"] != issuer:
        raise TokenError("the token is for another service")
    if at >= body["exp"] + LEEWAY:
        raise TokenError("the token is over; refresh it")
    if max(body["iat"], body["nbf"]) > at + LEEWAY or not 0 < body["exp"] - body["iat"] <= LIFE:
        raise TokenError("the times in the token make no sense")


def _part(token: str, place: int) -> dict[str, Any]:
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:
        raise TokenError("this is no token")
    try:
        data = [_octets(part) for part in parts][place]
        read = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise TokenError("this is no token") from error
    if not isinstance(read, dict):
        raise TokenError("this is no token")
    return read


def _octets(part: str) -> bytes:
    """Return what a part holds; it has one spelling, so that a token has one too."""
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if not data or base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise ValueError("not in the one spelling")
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a name that occurs twice means something else to every reader."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)
