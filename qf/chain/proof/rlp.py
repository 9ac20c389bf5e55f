"""Recursive length prefix: the one way Ethereum writes bytes and lists before it hashes them (Yellow Paper, app. B)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "bytes | int | Sequence[Item]"
"""What can be written: bytes, a number that is not negative, or a list of items."""

SHORT = 55
"""Bytes up to which the length fits in the first byte."""


def encoded(item: Item) -> bytes:
    """Return `item` in RLP.

    >>> encoded([b"cat", 0, 1024]).hex()
    'c88363617480820400'
    """
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        alone = len(item) == 1 and item[0] < 0x80
        return item if alone else _length(len(item), 0x80) + item
    content = b"".join(map(encoded, item))
    return _length(len(content), 0xC0) + content


def _length(size: int, base: int) -> bytes:
    if size <= SHORT:
        return bytes([base + size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([base + SHORT + len(digits)]) + digits
