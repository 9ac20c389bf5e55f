"""OpenID Connect: a provider says that somebody signed in; of whom only a mark is kept, which tells nobody who it is.

    begin     the browser is sent to the provider, with `state`, `nonce` and the hash of a secret (PKCE)
    finish    the browser came back with a code; for it and the secret the provider gives an ID token

Nothing but `openid` is asked for: no name, no e-mail address. The access token that comes along is thrown away. Of the
three values that belong to one sign-in only the secret has to be kept: `nonce` follows from it, and `state` is what the
browser brings back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx2

from api.keys.tokens import TokenError, UnknownKeyError, read_id_token
from api.remote import Documents
from api.secrecy import Secrecy

TIMEOUT = 5.0
"""Seconds to wait for a provider, each time it is silent."""

PATIENCE = 15.0
"""Seconds after which an answer that trickles in is given up."""

LONGEST = 65_536
"""Bytes of an answer of a provider that are read."""

_URL = re.compile(
    r"""(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?([/?][!"$-~]*)?""", re.ASCII
)
"""What is asked: no user name, no fragment, nothing that could be read in two ways."""

_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})


class OpenIdError(ValueError):
    """Nobody has signed in: the code or the ID token is not good."""


class NoProviderError(Exception):
    """Whether somebody has signed in cannot be found out: the provider does not answer, or not as it must."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, and this service as it knows it.

    Attributes:
        issuer: its URL, to the letter as it calls itself.
        client_id, client_secret: what it gave this service; a service without a secret relies on PKCE alone.
        redirect_uri: where it sends browsers back to.
        loopback: accept plain http on this machine; for tests and development.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """How a provider is asked.

    Attributes:
        http: what asks it.
        documents: what it published, as it was read before: what it says of itself, and its keys.
        at: the time, seconds since 1970 UTC.
    """

    http: httpx2.Client
    documents: Documents
    at: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun.

    Attributes:
        url: where the browser is sent.
        state: what it brings back; good for one use, in this browser.
        verifier: what to keep until then, and to tell nobody.
    """

    url: str
    state: str
    verifier: str


def begin(provider: Provider, line: Line) -> Begun:
    """Return where to send a browser that wants to sign in.

    Raises:
        NoProviderError: the provider does not answer, or not as it must.
    """
    url = _url(provider, _discovered(provider, line), "authorization_endpoint")
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    asked = {
        "response_type": "code",
        "scope": "openid",
        "client_id": provider.client_id,
        "redirect_uri": provider.redirect_uri,
        "state": state,
        "nonce": _nonce(verifier),
        "code_challenge": _hash(verifier),
        "code_challenge_method": "S256",
    }
    return Begun(f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}", state, verifier)


def finish(provider: Provider, line: Line, code: str, verifier: str, secrecy: Secrecy) -> str:
    """Return the mark of who signed in, 64 hex digits: HMAC-SHA256 of issuer and subject.

    Args:
        provider: where the browser was sent.
        line: how it is asked.
        code: that the browser came back with, after its `state` was found good.
        verifier: that was kept.
        secrecy: the keys of the installation.

    Raises:
        OpenIdError: the code or the ID token is not good.
        NoProviderError: the provider does not answer, or not as it must.
    """
    found = _discovered(provider, line)
    token = _redeemed(provider, line, found, code, verifier)
    try:
        try:
            subject = _subject(provider, line, token, _nonce(verifier), _keys(provider, line, found))
        except UnknownKeyError:  # the provider signs with a key that is newer than those that were read
            subject = _subject(provider, line, token, _nonce(verifier), _keys(provider, line, found, newer=True))
    except TokenError as error:
        raise OpenIdError(str(error)) from error
    return secrecy.mark("openid subject", f"{provider.issuer}\0{subject}")


def _subject(provider: Provider, line: Line, token: str, nonce: str, keys: list[dict[str, Any]]) -> str:
    return read_id_token(token, keys, provider.issuer, provider.client_id, nonce, line.at)


def _keys(provider: Provider, line: Line, found: Mapping[str, Any], *, newer: bool = False) -> list[dict[str, Any]]:
    """Return the public keys of a provider; `newer` than those that were read, if that is not just now."""
    url = _url(provider, found, "jwks_uri")
    keys = line.documents.read(url, line.at, lambda: _answer(line.http, "GET", url), newer=newer).get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise NoProviderError("the provider publishes no keys")
    return keys


def _discovered(provider: Provider, line: Line) -> Mapping[str, Any]:
    """Return what a provider says of itself (OpenID Connect Discovery)."""
    issuer = _url(provider, {"issuer": provider.issuer}, "issuer")
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    found: Mapping[str, Any] = line.documents.read(url, line.at, lambda: _answer(line.http, "GET", url))
    if found.get("issuer") != provider.issuer:
        raise NoProviderError(f"the provider at {provider.issuer} calls itself something else; copy its issuer exactly")
    if "S256" not in _list(found, "code_challenge_methods_supported", "S256"):
        raise NoProviderError("the provider does not support PKCE with S256, without which a code can be stolen")
    return found


def _redeemed(provider: Provider, line: Line, found: Mapping[str, Any], code: str, verifier: str) -> str:
    """Return the ID token that a provider gives for a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.redirect_uri,
        "client_id": provider.client_id,
        "code_verifier": verifier,
    }
    methods = _list(found, "token_endpoint_auth_methods_supported", "client_secret_basic")
    auth = None
    if provider.client_secret and "client_secret_basic" in methods:
        auth = httpx2.BasicAuth(quote_plus(provider.client_id), quote_plus(provider.client_secret))
    elif provider.client_secret:
        form["client_secret"] = provider.client_secret
    answer = _answer(line.http, "POST", _url(provider, found, "token_endpoint"), data=form, auth=auth)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise NoProviderError("the provider gives no ID token")
    return token


def _answer(http: httpx2.Client, method: str, url: str, **sent: Any) -> Mapping[str, Any]:
    """Return what a provider answers: an object, which comes from where it was asked for, whole, soon and short."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    begun, data = time.monotonic(), b""
    try:
        with http.stream(method, url, headers=headers, timeout=TIMEOUT, follow_redirects=False, **sent) as response:
            for chunk in response.iter_raw():
                data += chunk
                if len(data) > LONGEST or time.monotonic() - begun > PATIENCE:
                    raise NoProviderError(f"the answer of {url} is too long, or takes too long")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NoProviderError(f"{url} does not answer: {type(error).__name__}") from error
    answer = _read(data)
    if response.status_code == 400 and answer.get("error") == "invalid_grant":
        raise OpenIdError("the code was used already, or is too old, or was given to another")
    if response.status_code != 200 or not answer:
        raise NoProviderError(f"{url} answers {response.status_code}{_told(answer)}")
    return answer


def _read(data: bytes) -> dict[str, Any]:
    """Return the object in an answer, an empty one if it is something else."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _told(answer: Mapping[str, Any]) -> str:
    """Return the code of an error, if it is one that can be shown."""
    code = answer.get("error")
    return f", {code}" if isinstance(code, str) and re.fullmatch("[a-z_]{1,40}", code) else ""


def _url(provider: Provider, found: Mapping[str, Any], name: str) -> str:
    """Return a URL of a provider, at which nobody else can answer."""
    url = found.get(name)
    read = _URL.fullmatch(url) if isinstance(url, str) else None
    if read is None or not (read["scheme"] == "https" or (provider.loopback and read["host"] in _LOOPBACK)):
        raise NoProviderError(f"the provider names no {name} that begins with https://")
    return read[0]


def _list(found: Mapping[str, Any], name: str, usual: str) -> list[Any]:
    listed = found.get(name, [usual])
    return listed if isinstance(listed, list) else []


def _nonce(verifier: str) -> str:
    return _hash(f"nonce {verifier}")


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
