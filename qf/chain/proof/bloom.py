"""The bloom of a block: 2,048 bits that say which addresses and topics are surely in none of its logs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from eth_utils.crypto import keccak

from qf.chain.types import Log, LogFilter

BLOOM_BYTES = 256
"""Length of a bloom."""


def bloom_of(logs: Iterable[Log]) -> bytes:
    """Return the bloom of `logs`: three bits for each address and each topic.

    >>> bloom_of([]) == bytes(256)
    True
    """
    bits = 0
    for log in logs:
        for text in (log.address, *log.topics):
            bits |= _bits(text)
    return bits.to_bytes(BLOOM_BYTES, "big")


def may_hold(bloom: bytes, wanted: LogFilter) -> bool:
    """Return False if no log that fits `wanted` is in a block with this `bloom`; True proves nothing.

    >>> may_hold(bytes(256), LogFilter()), may_hold(bytes(256), LogFilter(addresses=("0x" + "11" * 20,)))
    (True, False)
    """
    held = int.from_bytes(bloom, "big")
    places = [wanted.addresses or None, *wanted.topics]
    return all(any(held & bits == bits for bits in map(_bits, place)) for place in places if place is not None)


@lru_cache(maxsize=4096)
def _bits(text: str) -> int:
    """Return the three bits of an address or topic: the low eleven bits of the first three words of its hash."""
    digest = keccak(hexstr=text)
    words = (int.from_bytes(digest[place : place + 2], "big") for place in (0, 2, 4))
    bits = 0
    for word in words:
        bits |= 1 << (word & 0x7FF)
    return bits
