"""A library below web3 lets Python recurse a hundred times deeper than usual when it is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_recursion_limit() -> Iterator[None]:
    """Let the block import such a library, and put the limit of recursion back.

    With the limit it sets, JSON that nests for ever crashes the process instead of being refused.
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
