"""One RPC endpoint over HTTP: the provider of web3, with a limit on everything a hostile one could make endless.

Importing this imports web3, which takes seconds: `qf.chain.node.node` does it when the first request is made.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests

from qf.chain.node.pace import Limits
from qf.chain.recursion import kept_recursion_limit
from qf.errors import NodeError

with kept_recursion_limit():
    from web3 import HTTPProvider
    from web3.types import RPCEndpoint

PIECE = 1 << 16
"""How many bytes are read at once."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status of HTTP, seconds to wait if it says so, and the body."""

    status: int
    wait: int
    body: bytes


class Transport(HTTPProvider):
    """Sends requests as web3 writes them and returns the raw bytes of the answer."""

    def __init__(self, url: str, limits: Limits) -> None:
        self.limits = limits
        self.http = requests.Session()
        super().__init__(url, session=self.http, exception_retry_configuration=None)

    def send(self, calls: Sequence[tuple[str, list[Any]]]) -> Reply:
        """Return the answer to one call, or to several as a batch.

        Raises:
            NodeError: no whole answer came within the limits; nothing in it names the URL.
        """
        requested = [(RPCEndpoint(method), params) for method, params in calls]
        one = len(requested) == 1
        body = self.encode_rpc_request(*requested[0]) if one else self.encode_batch_rpc_request(requested)
        answer: queue.SimpleQueue[Reply | NodeError] = queue.SimpleQueue()
        # A thread of its own: headers that drip in keep every timeout of a socket happy for ever.
        threading.Thread(target=self._post, args=(body, answer), daemon=True).start()
        try:
            reply = answer.get(timeout=self.limits.seconds)
        except queue.Empty:
            raise NodeError(f"no answer within {self.limits.seconds:g} s", "broken") from None
        if isinstance(reply, NodeError):
            raise reply
        return reply

    def close(self) -> None:
        """Return after the connections are closed."""
        self.http.close()

    def _post(self, body: bytes, answer: queue.SimpleQueue[Reply | NodeError]) -> None:
        try:
            answer.put(self._exchange(body))
        except NodeError as fault:
            answer.put(fault)
        except Exception as fault:  # whatever it is, the thread that waits must hear of it; its text may hold the URL
            answer.put(NodeError(f"the connection failed ({type(fault).__name__})", "broken"))

    def _exchange(self, body: bytes) -> Reply:
        end = time.monotonic() + self.limits.seconds
        options = {**self.get_request_kwargs(), "timeout": self.limits.silence}
        with self.http.post(str(self.endpoint_uri), body, stream=True, allow_redirects=False, **options) as response:
            pieces: list[bytes] = []
            size = 0
            if _number(response.headers.get("Content-Length")) > self.limits.size:
                raise self._too_big()
            while piece := response.raw.read1(PIECE, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                if size > self.limits.size:
                    raise self._too_big()
                if time.monotonic() > end:
                    raise NodeError(f"no whole answer within {self.limits.seconds:g} s", "broken")
            return Reply(response.status_code, _number(response.headers.get("Retry-After")), b"".join(pieces))

    def _too_big(self) -> NodeError:
        return NodeError(f"the response is too big: over {self.limits.size} bytes", "density")


def _number(header: str | None) -> int:
    """Return the number in a header of HTTP, or 0 where there is none (or a date)."""
    return int(header) if header and header.isascii() and header.isdecimal() and len(header) < 16 else 0
