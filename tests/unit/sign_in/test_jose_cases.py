"""What python-jose is known to accept, or to refuse only by luck: both readers of tokens refuse all of it."""

from __future__ import annotations

import base64
import hmac
import json
import string
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jose import jwk, jws, jwt

from api.keys import tokens
from api.keys.ring import KeyRing, SigningKey
from api.keys.tokens import TokenError

NOW, US = 1_775_000_000, "https://qf.test"


@dataclass(frozen=True)
class Reader:
    """One of the two readers: what it accepts, and a key of its that signs.

    Attributes:
        pem, alg, kid: of the key that signs.
        others: PEM of a second key that is published beside it.
        public: bytes of the public key, in an encoding.
        body: what a good token holds.
        read: reads a token.
    """

    pem: str
    alg: str
    kid: str
    typ: str
    other: str
    public: Callable[[Encoding], bytes]
    body: dict[str, object]
    read: Callable[[str], object]


def access_tokens() -> Reader:
    key, other = SigningKey.new(NOW), SigningKey.new(NOW)
    ring = KeyRing.of([key, other])
    body = {
        "iss": US, "aud": US, "sub": "ann", "sid": "s", "sv": 1, "auth": "eoa", "iat": NOW, "nbf": NOW, "jti": "j",
        "exp": NOW + 600,
    }  # fmt: skip
    public = jwk.construct(key.public, "ES256").prepared_key
    return Reader(
        key.pem, "ES256", key.kid, "at+jwt", other.pem,
        lambda form: public.public_bytes(form, PublicFormat.SubjectPublicKeyInfo),
        body, lambda token: tokens.read(token, ring, US, NOW),
    )  # fmt: skip


def id_tokens() -> Reader:
    keys = [rsa.generate_private_key(65_537, 2_048) for _ in range(2)]
    pems = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() for key in keys]
    jwks = [{**jwk.construct(pem, "RS256").public_key().to_dict(), "kid": str(n)} for n, pem in enumerate(pems)]
    body = {"iss": US, "aud": "qf", "sub": "ann", "nonce": "n", "iat": NOW, "exp": NOW + 600}
    return Reader(
        pems[0], "RS256", "0", "JWT", pems[1],
        lambda form: keys[0].public_key().public_bytes(form, PublicFormat.SubjectPublicKeyInfo),
        body, lambda token: tokens.read_id_token(token, jwks, US, "qf", "n", NOW),
    )  # fmt: skip


READERS = {"access": access_tokens(), "id": id_tokens()}


def signed(by: Reader, pem: str = "", header: dict[str, object] | None = None, **changes: object) -> str:
    body = {name: value for name, value in {**by.body, **changes}.items() if value is not None}
    headers = {"kid": by.kid, "typ": by.typ, **(header or {})}
    return str(jws.sign(json.dumps(body).encode(), pem or by.pem, headers, by.alg))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(by: Reader, alg: str, secret: bytes | None) -> str:
    header = json.dumps({"alg": alg, "typ": by.typ, "kid": by.kid}).encode()
    text = f"{b64(header)}.{b64(json.dumps(by.body).encode())}"
    return f"{text}.{b64(hmac.digest(secret, text.encode(), 'sha256')) if secret is not None else ''}"


def respelt(token: str) -> str:
    """Return a token whose last character differs in bits that stand for nothing."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    other = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
    assert base64.urlsafe_b64decode(other.split(".")[2] + "==") == base64.urlsafe_b64decode(token.split(".")[2] + "==")
    return other


CASES: dict[str, Callable[[Reader], str]] = {
    "HS256 forged with DER bytes of the RSA public key, algorithms=None or includes HS256": (
        lambda by: forged(by, "HS256", by.public(Encoding.DER))
    ),
    "same with PEM public key": lambda by: forged(by, "HS256", by.public(Encoding.PEM)),
    "alg none": lambda by: forged(by, "none", None),
    "empty HMAC key": lambda by: forged(by, "HS256", b""),
    'token without aud, audience="B" given': lambda by: signed(by, aud=None),
    "token with iss missing and issuer given": lambda by: signed(by, iss=None),
    "exp as numeric string": lambda by: signed(by, exp=str(NOW + 600)),
    "crit header unknown": lambda by: signed(by, header={"crit": ["x"], "x": 1}),
    "JWKS: kid says 2, signed by key 1": lambda by: signed(by, by.other),
    "algorithms passed as plain str": lambda by: forged(by, by.alg[:2], None),
    "EdDSA / ES256K": lambda by: forged(by, "EdDSA", b"") if by.alg == "ES256" else forged(by, "ES256K", b""),
    "sub integer": lambda by: signed(by, sub=7),
}
"""How each case of the vectors is made."""

MORE: dict[str, Callable[[Reader], str]] = {
    "the algorithm in small letters": lambda by: forged(by, by.alg.lower(), b""),
    "a key in the header": lambda by: signed(by, header={"jwk": {"kty": "oct", "k": ""}}),
    "the place of a key in the header": lambda by: signed(by, header={"jku": "https://evil.test/keys"}),
    "certificates in the header": lambda by: signed(by, header={"x5c": ["MII"]}),
    "another kind of token": lambda by: signed(by, header={"typ": "logout+jwt"}),
    "the other reader's kind of token": lambda by: signed(by, header={"typ": {"JWT": "at+jwt"}.get(by.typ, "JWT")}),
    "a token in a token": lambda by: str(jws.sign(signed(by).encode(), by.pem, {"kid": by.kid, "typ": by.typ}, by.alg)),
    "an unknown kid": lambda by: signed(by, header={"kid": "9"}),
    "a kid that is a list": lambda by: signed(by, header={"kid": [by.kid]}),
    "exp true": lambda by: signed(by, exp=True),
    "exp not a number": lambda by: signed(by, exp=float("nan")),
    "exp without end": lambda by: signed(by, exp=float("inf")),
    "exp with a fraction": lambda by: signed(by, exp=NOW + 599.5),
    "exp missing": lambda by: signed(by, exp=None),
    "exp past": lambda by: signed(by, exp=NOW - 30),
    "iat missing": lambda by: signed(by, iat=None),
    "iat in the future": lambda by: signed(by, iat=NOW + 31),
    "nbf in the future": lambda by: signed(by, nbf=NOW + 31),
    "sub missing": lambda by: signed(by, sub=None),
    "several audiences": lambda by: signed(by, aud=[by.body["aud"], "another"]),
    "no signature": lambda by: signed(by).rsplit(".", 1)[0] + ".",
    "a signature of another token": lambda by: ".".join(
        [*signed(by, sub="bob").split(".")[:2], signed(by).split(".")[2]]
    ),
    "another spelling of its signature": lambda by: respelt(signed(by)),
    "something after it": lambda by: signed(by) + "AA",
    "a fourth part": lambda by: signed(by) + ".AA",
    "padding": lambda by: signed(by) + "=",
    "white space": lambda by: signed(by) + "\n",
    "too long": lambda by: signed(by, jti="j" * 8_192),
    "five parts, as if it were encrypted": lambda by: ".".join(["AA"] * 5),
}


@pytest.fixture(params=READERS)
def by(request) -> Reader:
    return READERS[request.param]


def test_a_good_token_is_read(by):
    assert by.read(signed(by))


@pytest.mark.parametrize("case", [*CASES, *MORE])
def test_a_bad_token_is_refused(by, case):
    with pytest.raises(TokenError):
        by.read({**CASES, **MORE}[case](by))


def test_every_case_that_was_found_with_python_jose_is_among_them(shared):
    told = json.loads((shared / "vectors" / "auth" / "jose_negative_cases.json").read_text("utf-8"))
    assert set(told["cases"]) == set(CASES)


def test_python_jose_alone_accepts_what_is_refused_here():
    by = READERS["id"]
    published = [jwk.construct(pem, "RS256").public_key() for pem in (by.pem, by.other)]
    der = by.public(Encoding.DER)
    for case, keys in {
        "HS256 forged with DER bytes of the RSA public key, algorithms=None or includes HS256": der,
        "crit header unknown": published,
        "JWKS: kid says 2, signed by key 1": published,
    }.items():
        options = {"verify_aud": False, "verify_exp": False}
        assert jwt.decode(CASES[case](by), keys, algorithms=["HS256", "RS256"], options=options)["sub"] == "ann", case


def test_a_repeated_name_is_refused(by):
    good = signed(by).split(".")
    for place, text in (
        (0, f'{{"alg":"none","alg":"{by.alg}","kid":"{by.kid}","typ":"{by.typ}"}}'),
        (1, json.dumps(by.body)[:-1] + ', "sub": "bob"}'),
    ):
        parts = [*good]
        parts[place] = b64(text.encode())
        with pytest.raises(TokenError, match="no token"):
            by.read(".".join(parts))
