"""Access tokens, and those of an OpenID provider: the only file that imports python-jose, and what it does not check.

python-jose picks any key of a set, takes texts for numbers, ignores critical headers and what kind of token it reads.
So the header is read here first: the key is chosen by its name, the algorithm is the one of that key and no other, and
every claim has to be there, in its type, before the signature is looked at, which is all that python-jose does.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jose import jws, jwt
from jose.exceptions import JOSEError

from api.keys.ring import KeyRing, SigningKey

LIFE = 600
"""Seconds an access token is good for."""

LEEWAY = 30
"""Seconds that clocks may differ."""

LONGEST = 8_192
"""Characters of a token that is read at all."""

ALGORITHM, TYPE = "ES256", "at+jwt"
"""How tokens are signed, and what kind they are (RFC 9068)."""

PROVIDER_KEYS: Mapping[str, Mapping[str, str]] = {
    "ES256": {"kty": "EC", "crv": "P-256"},
    "RS256": {"kty": "RSA", "e": "AQAB"},
}
"""How a provider may sign its ID tokens, and with what keys."""

ID_TOKEN_AGE = 600
"""Seconds since an ID token was made; it is fetched right after that, and so an old one is somebody's copy."""

RSA_BYTES = range(256, 513)
"""Bytes of the modulus of an RSA key: 2,048 to 4,096 bits."""

_POINTING = frozenset({"crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c"})
"""Headers that would change how a token is read, or bring its key along."""

_TEXTS = ("iss", "aud", "sub", "sid", "auth", "jti")
_NUMBERS = ("iat", "nbf", "exp", "sv")


class TokenError(ValueError):
    """The token is not one that is wanted, or not good any more."""


class UnknownKeyError(TokenError):
    """The token names a key that is not among those that are known; there may be newer ones."""


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
    _require_signature(token, key.public, ALGORITHM)
    return Claims(body["sub"], body["sid"], body["sv"], body["auth"])


def read_id_token(
    token: str, keys: Iterable[Mapping[str, Any]], issuer: str, client_id: str, nonce: str, at: int
) -> str:
    """Return the subject of an ID token: what the provider calls whoever signed in.

    Args:
        token: as the provider gave it.
        keys: the public keys of the provider, as JWKs.
        issuer: what the provider calls itself.
        client_id: what it calls this service.
        nonce: that was sent along when signing in began.
        at: the time, seconds since 1970 UTC.

    Raises:
        UnknownKeyError: none of the keys is the one it names.
        TokenError: it is malformed, signed with another key or otherwise, for somebody or something else, or over.
    """
    header, body = _part(token, 0), _part(token, 1)
    key = _provider_key(header, keys)
    _check_id_token(body, issuer, client_id, nonce, at)
    _require_signature(token, key, header["alg"])
    return str(body["sub"])


def _provider_key(header: Mapping[str, Any], keys: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the numbers of the one key that the header can mean; it may name none where there is only one."""
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in PROVIDER_KEYS or _POINTING & set(header):
        raise TokenError("the header of the ID token is not accepted")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise TokenError("the token is no ID token")
    wanted = {**PROVIDER_KEYS[alg], **({"kid": header["kid"]} if "kid" in header else {})}
    found = [key for key in keys if all(key.get(name) == value for name, value in wanted.items())]
    found = [key for key in found if key.get("use", "sig") == "sig" and key.get("alg", alg) == alg]
    if not found:
        raise UnknownKeyError("no keys of the provider fit the ID token")
    if len(found) > 1:
        raise TokenError(f"{len(found)} keys of the provider fit the ID token")
    return _numbers_of(found[0])


def _numbers_of(key: Mapping[str, Any]) -> dict[str, str]:
    sizes = {"n": RSA_BYTES} if key["kty"] == "RSA" else {"x": range(32, 33), "y": range(32, 33)}
    try:
        fit = all(len(_octets(key[name])) in size for name, size in sizes.items())
    except (ValueError, TypeError, KeyError) as error:
        raise TokenError("the key of the provider is malformed") from error
    if not fit:
        raise TokenError("the key of the provider is too short or too long")
    return {name: key[name] for name in ("kty", "crv", "e", *sizes) if name in key}


def _check_id_token(body: Mapping[str, Any], issuer: str, client_id: str, nonce: str, at: int) -> None:
    if body.get("iss") != issuer or body.get("aud") not in (client_id, [client_id]):
        raise TokenError("the ID token is by another provider, or for another service")
    if body.get("azp", client_id) != client_id or body.get("nonce") != nonce:
        raise TokenError("the ID token is for something else than this sign-in")
    if not isinstance(body.get("sub"), str) or not 0 < len(body["sub"]) <= 255 or not body["sub"].isascii():
        raise TokenError("the ID token does not say who signed in")
    begins, ends, valid = body.get("iat"), body.get("exp"), body.get("nbf", 0)
    if type(begins) is not int or type(ends) is not int or type(valid) is not int:
        raise TokenError("the ID token does not say until when it is good")
    if not at - ID_TOKEN_AGE <= begins <= at + LEEWAY or valid > at + LEEWAY or at >= ends + LEEWAY:
        raise TokenError("the ID token is over, or too old, or from the future")


def _require_signature(token: str, key: Mapping[str, str], algorithm: str) -> None:
    try:
        jws.verify(token, key, [algorithm])
    except (JOSEError, ValueError, TypeError, KeyError) as error:
        raise TokenError("the token is not signed with the key it names") from error


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
