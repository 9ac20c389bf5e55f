"""How many blocks one node is asked for at once: what its provider caps for ever apart from what is dense just here."""

from __future__ import annotations

from dataclasses import dataclass

from qf.chain.node.limits import Fault
from qf.errors import NodeError

START = 2_000
"""Blocks of the first request."""

MANY = 20_000
"""Logs of one request that are enough: from half of them on it no longer grows, so that memory stays flat."""


@dataclass(slots=True)
class Span:
    """The size of the next request to one node.

    Attributes:
        size: in blocks.
        cap: the most its provider was found to give, or None.
        dense: whether it was ever refused for what was in the blocks; it then grows slowly.
    """

    size: int = START
    cap: int | None = None
    dense: bool = False

    def shrink(self, refusal: NodeError, asked: int) -> bool:
        """Make the next request smaller than the `asked` blocks that were refused; return False if that cannot be.

        A range cap holds for ever; too many logs only say that there are many just here.
        """
        if asked <= 1:
            return False
        self.size = min(refusal.size or asked // 2, asked - 1)
        if refusal.fault == Fault.RANGE:
            self.cap = self.size
        else:
            self.dense = True
        return True

    def grow(self, logs: int) -> None:
        """Make the next request larger, after one that brought `logs` logs."""
        if logs > MANY:
            self.size = max(1, self.size // 2)
        elif logs <= MANY // 2:
            self.size += max(1, self.size // 16 if self.dense else self.size)
        self.size = min(self.size, self.cap or self.size)
