"""A node that cheats: stands before an honest one and spoils what it says, in ways that real ones do."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Json = Any

STRANGER = "0x" + "5e" * 20
"""Writes the logs that nobody asked for."""


@dataclass
class Evils:
    """What is wrong with it. Shares are of requests or of logs.

    Attributes:
        range_cap: blocks per request, and the words it is refused with; {cap} and {range} are filled in.
        result_cap: logs per answer, refused as Infura does.
        throttled: share of requests answered by 429.
        lagging: share of requests answered by a backend five blocks behind, which cuts ranges short in silence.
        lying: share of requests whose headers have another time and the same hash.
        forked: whether every header has another time, and the hash that fits it.
        orphaned: share of answers whose logs are said to be in other blocks.
        doubled, foreign, dropped, altered: share of logs sent twice, invented, left out, sent with another amount.
        sent: fields of every transaction in a block that are told otherwise.
        truncated: share of answers cut in half.
        dripping: share of answers that come byte by byte for ever.
        chain_id: what it says its chain is.
        batches: whether it takes several calls in one request.
        block_receipts: whether it knows eth_getBlockReceipts.
    """

    range_cap: int = 0
    words: str = "exceed maximum block range: {cap}"
    result_cap: int = 0
    throttled: float = 0
    lagging: float = 0
    lying: float = 0
    forked: bool = False
    orphaned: float = 0
    doubled: float = 0
    foreign: float = 0
    dropped: float = 0
    altered: float = 0
    sent: Mapping[str, str] = field(default_factory=dict)
    truncated: float = 0
    dripping: float = 0
    chain_id: int = 0
    batches: bool = True
    block_receipts: bool = True


@dataclass
class Backend:
    """Which of the servers behind the name answers a request."""

    lagging: bool
    lying: bool


class RefusedError(Exception):
    """What the proxy answers with an error of JSON-RPC."""


class Proxy:
    """A running proxy; `evils` may be changed while it runs. `asked` are the ranges of logs it was asked for."""

    def __init__(self, upstream: str, evils: Evils, seed: int) -> None:
        self.upstream = upstream
        self.evils = evils
        self.url = ""
        self.requests = 0
        self.asked: list[tuple[int, int]] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    def happens(self, share: float) -> bool:
        """Return True for that share of calls, by the seed."""
        with self._lock:
            return self._random.random() < share

    def close(self) -> None:
        """Close the connections to the honest node."""
        for line in self._idle:
            line.close()

    def answer(self, body: Json) -> Json:
        """Return what it makes of a request."""
        if isinstance(body, list):
            if not self.evils.batches:
                return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batch requests here"}}
            backend = self._backend()
            return [self._one(call, backend) for call in reversed(body)]
        return self._one(body, self._backend())

    def _backend(self) -> Backend:
        lying = self.evils.forked or self.happens(self.evils.lying)
        return Backend(self.happens(self.evils.lagging), lying)

    def _one(self, call: Json, backend: Backend) -> Json:
        try:
            result = self._result(call["method"], call["params"], backend)
        except RefusedError as refusal:
            code, message = refusal.args
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}}
        return {"jsonrpc": "2.0", "id": call["id"], "result": result}

    def _result(self, method: str, params: list[Json], backend: Backend) -> Json:
        head = int(self._ask("eth_blockNumber", []), 16) - 5 if backend.lagging else 1 << 60
        if method == "eth_chainId" and self.evils.chain_id:
            return hex(self.evils.chain_id)
        if method == "eth_getLogs":
            return self._logs(dict(params[0]), head)
        if method == "eth_getBlockReceipts":
            return self._receipts(params)
        result = self._ask(method, params)
        if method.startswith("eth_getBlockBy") and result is not None:
            known = int(result["number"], 16) <= head
            return self._header(result, backend.lying) if known else None
        return result

    def _header(self, header: Json, lying: bool) -> Json:
        if lying:
            header["timestamp"] = hex(int(header["timestamp"], 16) + 1)
        if self.evils.sent and header["transactions"] and isinstance(header["transactions"][0], dict):
            header["transactions"] = [{**each, **self.evils.sent} for each in header["transactions"]]
        if self.evils.forked:
            from qf.chain.proof.headers import block_hash

            header["hash"] = block_hash({name: value for name, value in header.items() if name != "transactions"})
        return header

    def _receipts(self, params: list[Json]) -> Json:
        if not self.evils.block_receipts:
            raise RefusedError(-32601, "the method eth_getBlockReceipts does not exist/is not available")
        receipts = self._ask("eth_getBlockReceipts", params)
        for receipt in receipts or []:
            receipt["logs"] = self._thinned(receipt["logs"])
        return receipts

    def _logs(self, wanted: Json, head: int) -> Json:
        if "blockHash" not in wanted:
            first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
            self.asked.append((first, last))
            cap = self.evils.range_cap
            if cap and last - first + 1 > cap:
                suggested = f"[{hex(first)}, {hex(first + cap - 1)}]"
                raise RefusedError(-32602, self.evils.words.format(cap=cap, range=suggested))
            wanted["toBlock"] = hex(max(0, min(last, head)))
        logs = self._ask("eth_getLogs", [wanted])
        if self.evils.result_cap and len(logs) > self.evils.result_cap:
            raise RefusedError(-32005, f"query returned more than {self.evils.result_cap} results")
        return self._spoilt(logs)

    def _thinned(self, logs: list[Json]) -> list[Json]:
        kept = [log for log in logs if not self.happens(self.evils.dropped)]
        return [{**log, "data": log["data"][:-1] + "7"} if self.happens(self.evils.altered) else log for log in kept]

    def _spoilt(self, logs: list[Json]) -> list[Json]:
        spoilt: list[Json] = []
        if self.happens(self.evils.orphaned):
            logs = [{**log, "blockHash": "0x" + log["blockHash"][:1:-1]} for log in logs]
        for log in self._thinned(logs):
            spoilt.append(log)
            if self.happens(self.evils.doubled):
                spoilt.insert(len(spoilt) // 2, log)
            if self.happens(self.evils.foreign):
                spoilt.append({**log, "address": STRANGER, "logIndex": hex(900 + len(spoilt))})
                spoilt.append({**log, "blockNumber": hex(10**6 + len(spoilt))})
        return spoilt

    def _ask(self, method: str, params: list[Json]) -> Json:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        with self._lock:
            netloc = urlsplit(self.upstream).netloc
            line = self._idle.pop() if self._idle else http.client.HTTPConnection(netloc, timeout=60)
        line.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(line.getresponse().read())
        with self._lock:
            self._idle.append(line)
        if "error" in answer:
            raise RefusedError(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]


@contextmanager
def proxy(upstream: str, seed: int = 0, **evils: Any) -> Iterator[Proxy]:
    """Run a proxy before the node at `upstream`."""
    running = Proxy(upstream, Evils(**evils), seed)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            running.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if running.happens(running.evils.throttled):
                self._send(429, b"Too Many Requests")
                return
            answer = json.dumps(running.answer(json.loads(body))).encode()
            if running.happens(running.evils.dripping):
                self._drip(answer)
            elif running.happens(running.evils.truncated):
                self._send(200, answer[: len(answer) // 2])
            else:
                self._send(200, answer)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _drip(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.close_connection = True
            for place in range(len(body)):
                try:
                    self.wfile.write(body[place : place + 1])
                except OSError:
                    return
                time.sleep(0.05)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.url = f"http://127.0.0.1:{server.server_address[1]}/a-very-secret-key"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        running.close()
