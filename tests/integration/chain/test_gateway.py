"""A gateway over HTTP on this machine: redirects, failures and slowness."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from qf.chain.metadata import Cid, Gateway
from qf.errors import NodeError

HELLO = b"hello world\n"
CID = Cid.of("QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        elsewhere = {
            "moved": f"/ipfs/{CID}",
            "file": "file:///etc/hostname",
            "ftp": "ftp://localhost/a",
            "loop": f"/loop/{CID}",
        }.get(kind)
        self.send_response(302 if elsewhere else 504 if kind == "broken" else 200)
        if elsewhere:
            self.send_header("Location", elsewhere)
        self.send_header("Content-Length", str(len(HELLO)))
        self.end_headers()
        if kind == "slow":
            with suppress(BrokenPipeError):
                for octet in HELLO:
                    self.wfile.write(bytes([octet]))
                    time.sleep(0.2)
        else:
            self.wfile.write(HELLO)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["ipfs", "moved"])
def test_content_is_fetched_and_redirects_are_followed(host: str, kind: str) -> None:
    assert Gateway(f"{host}/{kind}/{{cid}}").fetch(CID) == HELLO


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("file", "is not allowed"),
        ("ftp", "no http address"),
        ("loop", "infinite loop"),
        ("broken", "HTTP Error 504"),
        ("slow", "took more than 0.5 seconds"),
    ],
)
def test_gateway_when_it_misbehaves_then_that_is_said(host: str, kind: str, why: str) -> None:
    with pytest.raises(NodeError, match=why):
        Gateway(f"{host}/{kind}/{{cid}}", timeout=0.5).fetch(CID)


def test_gateway_when_nobody_answers_then_that_is_said() -> None:
    with pytest.raises(NodeError, match="try another gateway"):
        Gateway("http://127.0.0.1:9/{cid}", timeout=2).fetch(CID)
