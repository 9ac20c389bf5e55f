"""One URL that speaks JSON-RPC: calls out, results in, every failure a `NodeError` that says of what kind it is."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from qf.chain.node import wire
from qf.chain.node.calls import Call, bare_fault, in_order
from qf.chain.node.limits import Fault, judged
from qf.chain.node.pace import DEFAULT_LIMITS, Limits, pace_of
from qf.chain.node.raw import Answer, RpcError
from qf.errors import InputError, NodeError

if TYPE_CHECKING:
    from qf.chain.node.transport import Reply, Transport

BATCH = 50
"""How many calls are sent in one request; providers take 100 and more, small ones less."""

REST = 1.0
"""Seconds for which others are asked first, after a node failed."""

LONGEST_REST = 30.0
"""Seconds a node can ask at most to be left alone."""

SECRET = 8
"""Characters from which on a part of a URL may be a key; it is then cut out of everything that is said."""


class Endpoint:
    """Asks one URL, which stays secret: it is known by its host.

    Attributes:
        name: host and port.
        rests_until: when it may be asked again, in seconds of `time.monotonic`.
    """

    def __init__(self, url: str, limits: Limits = DEFAULT_LIMITS) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:  # whose words hold the host, and what stands before it
            host, port = None, None
        if host is None or parts.scheme not in ("http", "https"):
            told = "is no address of the web"
            raise InputError.at("an RPC URL", told, "it begins with http:// or https://") from None
        self.name = f"{host}:{port}" if port else host
        self.rests_until = 0.0
        self._url = url
        self._limits = limits
        self._pace = pace_of(self.name, limits.per_second)
        pieces = [url, *re.split("[/?&=@:]", url)]
        self._secrets = [piece for piece in pieces if len(piece) >= SECRET and piece != host]
        self._transport: Transport | None = None
        self._takes_batches = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def close(self) -> None:
        """Return after its connections are closed; the next call opens them again."""
        if self._transport:
            self._transport.close()

    def ask(self, calls: Sequence[Call], blocks: range = range(0)) -> list[Any]:
        """Return the result of each call; `blocks` are those whose logs are asked for, for judging errors."""
        size = BATCH if self._takes_batches else 1
        parts = [calls[start : start + size] for start in range(0, len(calls), size)]
        return [result for part in parts for result in self._exchange(part, blocks)]

    def false(self, told: str) -> NodeError:
        """Return the error for an answer that cannot be true."""
        return self._resting(NodeError(f"{self.name}: gave a false answer: {self._hidden(told)}", Fault.BROKEN))

    def _exchange(self, calls: Sequence[Call], blocks: range) -> list[Any]:
        """Return the results of one request; if the node refuses several calls in one, then of one request each."""
        reply = self._send(calls)
        answers = self._answers(reply, len(calls))
        if len(calls) > 1 and not isinstance(answers, list):
            refusal = self._refused(calls[-1], answers, reply, blocks)
            if refusal.fault != Fault.FATAL:
                raise refusal
            self._takes_batches = False
            return [result for call in calls for result in self._exchange([call], blocks)]
        pairs = zip(calls, in_order(answers), strict=True)
        return [self._result(call, answer, reply, blocks) for call, answer in pairs]

    def _send(self, calls: Sequence[Call]) -> Reply:
        from qf.chain.node.transport import Transport

        if self._transport is None:
            self._transport = Transport(self._url, self._limits)
        self._pace.wait()
        try:
            return self._transport.send([(call.method, call.params) for call in calls])
        except NodeError as fault:
            raise self._resting(NodeError(f"{self.name}: {fault}", fault.fault)) from None

    def _answers(self, reply: Reply, count: int) -> Answer | list[Answer]:
        """Return the answers in a reply; a page of HTML or half an answer is none, whatever its status says."""
        try:
            answers = wire.answers(reply.body)
        except (ValueError, msgspec.DecodeError):
            told, fault = bare_fault(reply.status)
            raise self._resting(NodeError(f"{self.name}: {told}", fault), reply.wait) from None
        if isinstance(answers, list) and len(answers) != count:
            raise self.false(f"{len(answers)} answers to {count} calls")
        return answers

    def _result(self, call: Call, answer: Answer, reply: Reply, blocks: range) -> Any:
        if answer.error is not None or reply.status != 200:
            raise self._refused(call, answer, reply, blocks)
        if bytes(answer.result) == b"null" and call.read is not wire.receipt:
            raise NodeError(f"{self.name}: {call.method} found nothing", Fault.ABSENT)
        try:
            return call.read(answer.result)
        except (ValueError, msgspec.DecodeError) as fault:
            raise self.false(f"{call.method}: {fault}") from None

    def _refused(self, call: Call, answer: Answer, reply: Reply, blocks: range) -> NodeError:
        said = answer.error.message if isinstance(answer.error, RpcError) else str(answer.error)
        verdict = judged(said, blocks if call.method == "eth_getLogs" else range(0))
        fault = verdict.fault
        if fault is Fault.FATAL and reply.status != 200:
            fault = bare_fault(reply.status)[1]
        told = f"{self.name}: {call.method}: {self._hidden(said)}"
        return self._resting(NodeError(told, fault, verdict.size), reply.wait)

    def _resting(self, error: NodeError, seconds: float = 0.0) -> NodeError:
        if error.fault in (Fault.THROTTLED, Fault.BROKEN):
            self.rests_until = time.monotonic() + min(seconds or REST, LONGEST_REST)
        return error

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "...")
        return text[:300]
