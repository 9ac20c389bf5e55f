"""The chains on which contract wallets are asked: once and not for long, as somebody waits for the answer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from api.sign_in.signatures import Wallets
from qf.chain.logs import Chain
from qf.chain.node import Limits
from qf.chain.types import ChainId
from qf.errors import ChainError

LIMITS = Limits(seconds=2, silence=2, size=1_000_000, turns=1)
"""For one question to one node: a node that fails is not asked again."""

SECONDS = 4
"""For all questions together, of which there are four to each node."""


class LatestState:
    """The newest state of a chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def run(self, code: bytes) -> bytes:
        """Return what code that creates a contract would leave; nothing if it fails, which is an answer as well.

        Raises:
            ChainError: the chain does not answer, or not in time.
        """
        answer: queue.SimpleQueue[bytes | ChainError] = queue.SimpleQueue()
        # Its own thread, as each of the questions may take its time, and all of them together may not.
        threading.Thread(target=self._ask, args=(code, answer), daemon=True).start()
        try:
            found = answer.get(timeout=SECONDS)
        except queue.Empty:
            raise ChainError(f"no answer within {SECONDS} seconds; try again") from None
        if isinstance(found, ChainError):
            raise found
        return found

    def _ask(self, code: bytes, answer: queue.SimpleQueue[bytes | ChainError]) -> None:
        try:
            answer.put(self._chain.run(code, self._chain.stamp("latest")))
        except ChainError as error:
            answer.put(error)


@contextmanager
def wallets_of(settings: Settings, chain_id: int) -> Iterator[Wallets | None]:
    """Open the chain that a message names; None if this service does not read it."""
    endpoints = settings.chains.get(chain_id)
    if not endpoints:
        yield None
        return
    chain = Chain(ChainId(chain_id), endpoints, limits=LIMITS)
    try:
        yield LatestState(chain)
    finally:
        chain.close()
