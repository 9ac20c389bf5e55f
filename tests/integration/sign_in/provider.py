"""An OpenID provider on this machine, which does what the standard says, except where a test tells it otherwise."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jwt

from api.keys.ring import SigningKey

CLIENT, SECRET = "qf rounds", "s3cret:/?&"
"""What the provider calls the service, with characters that have to be escaped in a header."""

BACK = "https://qf.test/v1/sign-in/openid/back"


def rsa_key(bits: int = 2048) -> tuple[str, dict[str, Any]]:
    """Return a key for RS256, and its public part."""
    key = rsa.generate_private_key(65_537, bits)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, {**jwk.construct(pem, "RS256").public_key().to_dict(), "kid": "r1"}


class Provider:
    """A running provider.

    Attributes:
        document, header, body: changes to what it says of itself and to its ID tokens; None takes something away.
        answers: path -> what to do instead of answering.
        codes: code -> what it was asked for; taken away when it is used.
        asked: path of every request.
        keys: what it publishes.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.document: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.body: dict[str, Any] = {}
        self.answers: dict[str, Callable[[Handler], None]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.basic: list[bool] = []
        key = SigningKey.new(0)
        self.pem, self.alg, self.kid = key.pem, "ES256", key.kid
        self.keys: list[Any] = [key.public]

    def discovery(self) -> dict[str, Any]:
        usual = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=1",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return changed(usual, self.document)

    def authorize(self, url: str) -> tuple[str, str]:
        """Do what a browser and a person do: return the code and the state that the browser brings back."""
        asked = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert asked["response_type"] == "code" and asked["scope"] == "openid" and asked["tenant"] == "1"
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, BACK)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return code, asked["state"]

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return what the token endpoint answers."""
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if asked is None or asked["code_challenge"] != challenge.decode() or form["redirect_uri"] != BACK:
            return 400, {"error": "invalid_grant"}
        self.basic.append(bool(authorization))
        if authorization:
            name, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            if (unquote_plus(name), unquote_plus(secret)) != (CLIENT, SECRET):
                return 401, {"error": "invalid_client"}
        elif form.get("client_secret", SECRET) != SECRET:
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT, "sub": "ann", "iat": now, "exp": now + 300, "nonce": nonce}
        header = changed({"kid": self.kid}, self.header)
        if "alg" in header:  # python-jose does not sign what is not signed
            parts = ({"typ": "JWT", **header}, changed(usual, self.body))
            return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
        return str(jwt.encode(changed(usual, self.body), self.pem, self.alg, headers=header))


def changed(usual: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


class Handler(BaseHTTPRequestHandler):
    provider: Provider
    status = 200

    def do_GET(self) -> None:
        self.provider.asked.append(self.path)
        if self.path in self.provider.answers:
            self.provider.answers[self.path](self)
        else:
            body = json.dumps(self.found()).encode()
            self.answer(self.status, body)

    def do_POST(self) -> None:
        self.do_GET()

    def found(self) -> dict[str, Any]:
        """Return what is right to answer; `status` says how well it went."""
        known = {
            "/.well-known/openid-configuration": self.provider.discovery, "/keys": self.jwks, "/token": self.token,
        }  # fmt: skip
        return known[self.path]()

    def jwks(self) -> dict[str, Any]:
        return {"keys": self.provider.keys}

    def token(self) -> dict[str, Any]:
        sent = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(sent, strict_parsing=True).items()}
        self.status, told = self.provider.redeem(form, self.headers.get("authorization", ""))
        return told

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """Run a provider on a free port."""
    handler = type("Bound", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield handler.provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
