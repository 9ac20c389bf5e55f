"""The chains on which contract wallets are asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from api.sign_in.signatures import Wallets
from qf.chain.logs import Chain
from qf.chain.types import ChainId


class LatestState:
    """The newest state of a chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def run(self, code: bytes) -> bytes:
        """Return what code that creates a contract would leave."""
        return self._chain.run(code, self._chain.stamp("latest"))


@contextmanager
def wallets_of(settings: Settings, chain_id: int) -> Iterator[Wallets | None]:
    """Open the chain that a message names; None if this service does not read it."""
    endpoints = settings.chains.get(chain_id)
    if not endpoints:
        yield None
        return
    chain = Chain(ChainId(chain_id), endpoints)
    try:
        yield LatestState(chain)
    finally:
        chain.close()
