"""Signing in with OpenID Connect, against a provider of our own that can be told to be hostile."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api.keys.ring import SigningKey
from api.remote import AGAIN, LIFE, SILENT, Documents
from api.secrecy import Secrecy
from api.sign_in import oidc
from api.sign_in.oidc import NoProviderError, OpenIdError
from tests.integration.sign_in.provider import BACK, CLIENT, SECRET, Handler, Provider, openid_provider, rsa_key

SECRECY = Secrecy(b"x" * 32)
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as running:
        yield running


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False, follow_redirects=True) as client:
        yield client


def known(provider: Provider, **changes) -> oidc.Provider:
    return oidc.Provider(
        **{
            "issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET, "redirect_uri": BACK,
            "loopback": True, **changes,
        }
    )  # fmt: skip


def line(http: httpx2.Client, documents: Documents | None = None, later: int = 0) -> oidc.Line:
    """Return how a provider is asked of whom nothing was read before."""
    return oidc.Line(http, documents or Documents(), int(time.time()) + later)


def sign_in(provider: Provider, http: httpx2.Client, kept: oidc.Line | None = None, **changes) -> str:
    as_known, kept = known(provider, **changes), kept or line(http)
    begun = oidc.begin(as_known, kept)
    code, state = provider.authorize(begun.url)
    assert state == begun.state
    return oidc.finish(as_known, kept, code, begun.verifier, SECRECY)


def test_the_same_person_has_the_same_mark_and_nobody_else_has(provider, http):
    ann = sign_in(provider, http)
    assert ann == sign_in(provider, http) == SECRECY.mark("openid subject", f"{provider.url}\0ann")
    assert len(ann) == 64 and "ann" not in ann
    provider.body = {"sub": "bob"}
    assert sign_in(provider, http) != ann


def test_nothing_is_asked_for_but_openid_and_every_value_is_new(provider, http):
    begun = [oidc.begin(known(provider), line(http)) for _ in range(2)]
    asked = [parse_qs(urlsplit(each.url).query) for each in begun]
    assert asked[0]["scope"] == ["openid"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name] and len(asked[0][name][0]) >= 43
    for each, values in zip(begun, asked, strict=True):
        assert each.verifier not in each.url
        assert len({values[name][0] for name in ("state", "nonce", "code_challenge")}) == 3


def test_the_secret_goes_where_the_provider_wants_it(provider, http):
    sign_in(provider, http)
    provider.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    sign_in(provider, http)
    sign_in(provider, http, client_secret="")
    assert provider.basic == [True, False, False]


def test_a_wrong_secret_is_the_fault_of_the_service_and_is_not_shown(provider, http):
    with pytest.raises(NoProviderError, match="401, invalid_client") as caught:
        sign_in(provider, http, client_secret="hush")
    assert "hush" not in str(caught.value)


def test_a_code_is_good_for_one_use(provider, http):
    begun = oidc.begin(known(provider), line(http))
    code, _ = provider.authorize(begun.url)
    oidc.finish(known(provider), line(http), code, begun.verifier, SECRECY)
    with pytest.raises(OpenIdError, match="used already"):
        oidc.finish(known(provider), line(http), code, begun.verifier, SECRECY)


def test_a_stolen_code_is_worth_nothing_without_the_secret_that_was_kept(provider, http):
    mine, theirs = (oidc.begin(known(provider), line(http)) for _ in range(2))
    code, _ = provider.authorize(theirs.url)
    with pytest.raises(OpenIdError):
        oidc.finish(known(provider), line(http), code, mine.verifier, SECRECY)


def test_a_provider_may_sign_with_rsa(provider, http):
    provider.pem, public = rsa_key()
    provider.alg, provider.kid, provider.keys = "RS256", "r1", [public, *provider.keys]
    sign_in(provider, http)


def test_a_key_needs_no_name_where_it_is_the_only_one(provider, http):
    provider.header = {"kid": None}
    sign_in(provider, http)
    provider.keys.append({**SigningKey.new(0).public, "kid": "other"})
    with pytest.raises(OpenIdError, match="2 keys"):
        sign_in(provider, http)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"nonce": "another"}, "something else"), ({"nonce": None}, "something else"),
        ({"aud": "another"}, "another service"), ({"aud": None}, "another service"),
        ({"aud": [CLIENT, "another"]}, "another service"), ({"iss": "https://evil.test"}, "another provider"),
        ({"iss": None}, "another provider"), ({"azp": "another"}, "something else"),
        ({"sub": None}, "who signed in"), ({"sub": ""}, "who signed in"), ({"sub": "a" * 256}, "who signed in"),
        ({"exp": None}, "until when"), ({"iat": None}, "until when"), ({"exp": 2**40 + 0.5}, "until when"),
        ({"exp": 1_000}, "is over"), ({"iat": 1_000}, "too old"), ({"iat": 2**40, "exp": 2**41}, "future"),
        ({"nbf": 2**40}, "future"),
    ],
)  # fmt: skip
def test_an_id_token_for_something_else_is_refused(provider, http, body, told):
    provider.body = body
    with pytest.raises(OpenIdError, match=told):
        sign_in(provider, http)


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"typ": "at+jwt"}, {"crit": ["exp"]}, {"jku": "https://evil.test"}]
)
def test_a_header_that_no_id_token_has_is_refused(provider, http, header):
    provider.header = header
    with pytest.raises(OpenIdError):
        sign_in(provider, http)


def test_a_signature_with_another_key_than_it_names_is_refused(provider, http):
    other = SigningKey.new(0)
    provider.keys.append(other.public)
    provider.pem = other.pem
    with pytest.raises(OpenIdError, match="not signed"):
        sign_in(provider, http)


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "other"}, {"use": "enc"}, {"alg": "RS256"}, {"kty": "RSA"}, {"crv": "P-384"}, {"x": "AA"}, {"x": None},
        {"x": 7}, {"x": "!!"},
    ],
)  # fmt: skip
def test_a_key_that_does_not_fit_is_not_used(provider, http, change):
    provider.keys = [{**provider.keys[0], **change}]
    with pytest.raises(OpenIdError):
        sign_in(provider, http)


def test_a_short_rsa_key_is_not_used(provider, http):
    provider.pem, public = rsa_key(1024)
    provider.alg, provider.kid, provider.keys = "RS256", "r1", [public]
    with pytest.raises(OpenIdError, match="too short"):
        sign_in(provider, http)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.test"}, {"issuer": None}, {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": "S256"},
    ],
)  # fmt: skip
def test_a_provider_that_is_another_or_knows_no_pkce_is_not_used(provider, http, document):
    provider.document = document
    with pytest.raises(NoProviderError, match=r"calls itself|does not support PKCE"):
        oidc.begin(known(provider), line(http))


@pytest.mark.parametrize("place", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "http://127.0.0.1.example.org/", "http://127.0.0.1@example.org/", "//example.org/",
        "https://user@example.org/", "https://example.org/#a", "https://example.org\n/", "https://[::1", "https://",
        "file:///etc/passwd", "javascript:alert(1)", "https://例え.test/", "", None, 7, ["https://example.org/"],
    ],
)  # fmt: skip
def test_a_place_that_is_not_safe_is_not_used(provider, http, place, url):
    provider.document = {place: url}
    with pytest.raises(NoProviderError, match=f"names no {place} that begins with https"):
        sign_in(provider, http)


def test_plain_http_is_refused_where_it_is_not_for_a_test(provider, http):
    with pytest.raises(NoProviderError, match="https"):
        oidc.begin(known(provider, loopback=False), line(http))
    assert provider.asked == []


def redirect(handler: Handler) -> None:
    handler.answer(302, b"{}", Location="/keys")


def broken(handler: Handler) -> None:
    handler.answer(500, b"<h1>Oops</h1>")


def garbage(handler: Handler) -> None:
    handler.answer(200, b"[" * 50_000)


def listed(handler: Handler) -> None:
    handler.answer(200, b"[]")


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/keys"])
@pytest.mark.parametrize("misdeed", [redirect, broken, garbage, listed, hangs_up])
def test_an_answer_that_is_none_is_the_fault_of_the_provider(provider, http, path, misdeed):
    provider.answers[path] = misdeed
    with pytest.raises(NoProviderError):
        sign_in(provider, http)
    assert provider.asked[-1] == path


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/keys"])
@pytest.mark.parametrize("manner", ["too long", "compressed"])
def test_an_answer_that_is_right_but_too_long_or_compressed_is_not_read(provider, http, path, manner):
    def padded(handler: Handler) -> None:
        body = json.dumps({**handler.found(), "more": "x" * (oidc.LONGEST if manner == "too long" else 1)}).encode()
        with suppress(OSError):
            if manner == "too long":
                handler.answer(200, body)
            else:
                handler.answer(200, gzip.compress(body), **{"Content-Encoding": "gzip"})

    provider.answers[path] = padded
    with pytest.raises(NoProviderError, match=r"too long|answers 200"):
        sign_in(provider, http)


def test_a_provider_that_is_silent_or_trickles_is_given_up(provider, http, monkeypatch):
    def trickle(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):
            for _ in range(100):
                handler.wfile.write(b" ")
                time.sleep(0.02)

    monkeypatch.setattr(oidc, "PATIENCE", 0.1)
    provider.answers[DISCOVERY] = trickle
    begun = time.monotonic()
    with pytest.raises(NoProviderError, match="takes too long"):
        sign_in(provider, http)
    assert time.monotonic() - begun < 1.5


def test_a_provider_that_is_not_there_is_unavailable(http):
    with openid_provider() as gone:
        pass
    with pytest.raises(NoProviderError, match="ConnectError"):
        oidc.begin(known(gone), line(http))


def test_the_access_token_is_not_used(provider, http):
    sign_in(provider, http)
    assert set(provider.asked) == {DISCOVERY, "/token", "/keys"}


def test_what_a_provider_publishes_is_read_once_an_hour(provider, http):
    documents = Documents()
    for _ in range(3):
        sign_in(provider, http, line(http, documents))
    assert [path for path in provider.asked if path != "/token"] == [DISCOVERY, "/keys"]
    provider.asked.clear()
    with pytest.raises(OpenIdError, match="over, or too old"):
        sign_in(provider, http, line(http, documents, LIFE))
    assert provider.asked == [DISCOVERY, "/token", "/keys"]


def test_a_key_that_is_not_known_is_looked_for_once_and_not_all_the_time(provider, http):
    documents = Documents()
    sign_in(provider, http, line(http, documents))
    renew(provider)
    with pytest.raises(OpenIdError, match="no keys"):
        sign_in(provider, http, line(http, documents))
    assert provider.asked.count("/keys") == 1
    sign_in(provider, http, line(http, documents, AGAIN))
    assert provider.asked.count("/keys") == 2
    renew(provider)
    provider.keys = []
    for _ in range(5):
        with pytest.raises(OpenIdError, match="no keys"):
            sign_in(provider, http, line(http, documents, AGAIN))
    assert provider.asked.count("/keys") == 2


def renew(provider: Provider) -> None:
    """Have the provider sign with a new key."""
    key = SigningKey.new(0)
    provider.pem, provider.kid, provider.keys = key.pem, key.kid, [key.public]


def test_a_provider_that_has_just_failed_is_not_asked_again_at_once(provider, http):
    documents = Documents()
    provider.answers[DISCOVERY] = lambda handler: handler.answer(500, b"")
    for _ in range(3):
        with pytest.raises(NoProviderError, match="answers 500"):
            sign_in(provider, http, line(http, documents))
    assert provider.asked == [DISCOVERY]
    provider.answers.clear()
    sign_in(provider, http, line(http, documents, SILENT))
