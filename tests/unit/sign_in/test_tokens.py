"""Access tokens: what is not exactly ours is refused, whatever python-jose would make of it."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from jose import jwt

from api.keys import tokens
from api.keys.ring import LIFE, OVERLAP, KeyRing, SigningKey
from api.keys.tokens import Claims, TokenError

NOW = 1_775_000_000
US = "https://qf.test"
CLAIMS = Claims("ann", "s1", 3, "eoa")


@pytest.fixture(scope="module")
def key():
    return SigningKey.new(NOW)


@pytest.fixture(scope="module")
def ring(key):
    return KeyRing.of([key, SigningKey.new(NOW - LIFE)])


def b64(data: object) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def good_body(**changes) -> dict[str, object]:
    body = {
        "iss": US, "aud": US, "sub": "ann", "sid": "s1", "sv": 3, "auth": "eoa",
        "iat": NOW, "nbf": NOW, "exp": NOW + 600, "jti": "j", **changes,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def signed(key, body, **header) -> str:
    headers = {"kid": key.kid, "typ": "at+jwt", **header}
    return jwt.encode(body, key.pem, "ES256", headers={name: value for name, value in headers.items() if value})


def refused(token, ring, at=NOW) -> None:
    with pytest.raises(TokenError):
        tokens.read(token, ring, US, at)


def test_a_token_of_ours_is_read(key, ring):
    assert tokens.read(tokens.issue(key, US, CLAIMS, NOW), ring, US, NOW + 599) == CLAIMS
    assert tokens.read(signed(key, good_body()), ring, US, NOW) == CLAIMS


def test_it_is_over_after_ten_minutes_and_half_a_minute_of_leeway(key, ring):
    token = tokens.issue(key, US, CLAIMS, NOW)
    tokens.read(token, ring, US, NOW + 629)
    refused(token, ring, NOW + 630)
    refused(token, ring, NOW - 31)


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_hs256_with_the_bytes_of_the_public_key_is_refused(key, ring, form):
    public = load_pem_private_key(key.pem.encode(), None).public_key()
    secret = public.public_bytes(getattr(Encoding, form), PublicFormat.SubjectPublicKeyInfo)
    text = b64({"alg": "HS256", "typ": "at+jwt", "kid": key.kid}) + "." + b64(good_body())
    forged = text + "." + b64(hmac.digest(secret, text.encode(), "sha256"))
    refused(forged, ring)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES384", "RS256", "EdDSA", "ES256K", "", None, 1])
def test_another_algorithm_is_refused(key, ring, alg):
    text = b64({"alg": alg, "typ": "at+jwt", "kid": key.kid}) + "." + b64(good_body())
    refused(f"{text}.", ring)
    refused(text + "." + b64(hmac.digest(b"", text.encode(), "sha256")), ring)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None}, {"aud": "B"}, {"aud": [US]}, {"iss": None}, {"iss": "B"}, {"exp": None}, {"exp": str(NOW + 600)},
        {"exp": NOW + 600.5}, {"exp": True}, {"exp": NOW + 601}, {"exp": NOW - 40}, {"iat": NOW + 31, "exp": NOW + 600},
        {"iat": None}, {"nbf": NOW + 31}, {"nbf": None}, {"sub": 7}, {"sub": ""}, {"sub": None}, {"sid": None},
        {"sv": "3"}, {"sv": None}, {"jti": None}, {"admin": True}, {"iat": NOW + 600},
    ],
)  # fmt: skip
def test_a_claim_that_is_missing_wrong_or_too_much_is_refused(key, ring, changes):
    refused(signed(key, good_body(**changes)), ring)


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]}, {"jku": "https://evil.test"}, {"jwk": {}, "x": 1}, {"x5u": "https://evil.test"}, {"b64": 1},
        {"typ": "JWT"}, {"typ": None}, {"kid": None}, {"kid": "unknown"}, {"cty": "JWT"},
    ],
)  # fmt: skip
def test_a_header_that_ours_never_have_is_refused(key, ring, header):
    refused(signed(key, good_body(), **header), ring)


def test_a_kid_of_another_key_is_refused(key, ring):
    refused(signed(SigningKey.new(NOW), good_body(), kid=key.kid), ring)
    refused(signed(key, good_body(), kid=ring.keys[1].kid), ring)


def test_what_is_no_token_is_refused(key, ring):
    good = tokens.issue(key, US, CLAIMS, NOW)
    header, body, signature = good.split(".")
    twice = b64(b'{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"' + key.kid.encode() + b'"}')
    for token in (
        "", ".", "..", "a.b.c", good + ".", good + "x", good[:-2], f"{header}.{body}.", f"{header}..{signature}",
        f"{twice}.{body}.{signature}", f"{header}.{b64([])}.{signature}", f"{header}.{b64(b'[' * 4000)}.{signature}",
        "x" * 9_000, good.replace("-", "+") + "=", f" {good}", f"{good}\n",
    ):  # fmt: skip
        if token != good:
            refused(token, ring)
    tampered = b64({**json.loads(base64.urlsafe_b64decode(body + "==")), "sub": "bob"})
    refused(f"{header}.{tampered}.{signature}", ring)


def test_keys_follow_each_other_without_a_gap():
    ring = KeyRing.of([])
    assert ring.wanted(NOW) == NOW
    first = SigningKey.new(NOW)
    ring = KeyRing.of([first])
    assert ring.wanted(NOW + LIFE - OVERLAP - 1) is None
    assert ring.wanted(NOW + LIFE - OVERLAP) == NOW + LIFE
    second = SigningKey.new(NOW + LIFE)
    ring = KeyRing.of([first, second])
    assert ring.wanted(NOW + LIFE - 1) is None
    assert [ring.signing(NOW + LIFE + shift) for shift in (-1, 0)] == [first, second]
    old = tokens.issue(first, US, CLAIMS, NOW + LIFE - 1)
    assert tokens.read(old, ring, US, NOW + LIFE + 500) == CLAIMS
    assert len(ring.published(NOW + LIFE)["keys"]) == 2
    assert [key["kid"] for key in ring.published(NOW + LIFE + OVERLAP)["keys"]] == [second.kid]


def test_what_is_published_holds_no_private_part(ring):
    assert all(set(key) == {"crv", "kty", "x", "y", "kid", "alg", "use"} for key in ring.published(NOW)["keys"])
