"""Whether bytes are the content of a CID: a file is cut into blocks and hashed as programs do it by default.

A CID of the codec raw is the hash of the bytes. One of dag-pb is the hash of a node: of the whole file if it is one
block, else of a balanced tree whose nodes link to blocks. How large blocks are, how many links a node has and whether
blocks are wrapped is not in the CID, so the usual ways are tried (IPIP-499 lists them).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from qf.chain.metadata.cid import Cid, Codec

LAYOUTS = ((262_144, 174), (1_048_576, 1_024))
"""Bytes of a block and links of a node: what Kubo did from 2015 on, and the profile of 2025."""

FILE = 2
"""The type of a node that is a file or a part of one."""


@dataclass(frozen=True, slots=True)
class _Node:
    cid: Cid
    content: int
    stored: int


def is_content_of(cid: Cid, content: bytes) -> bool:
    r"""Return whether `content` is what `cid` names, if it was added as a file in one of the usual ways.

    >>> is_content_of(Cid.of("QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"), b"hello world\n")
    True
    """
    if cid.codec == Codec.RAW:
        return hashlib.sha256(content).digest() == cid.digest
    return cid.digest in (found.digest for found in possible_cids(content))


def possible_cids(content: bytes) -> Iterator[Cid]:
    """Return the CIDs that the usual ways of adding a file give."""
    for (size, links), version, wrapped in product(LAYOUTS, (0, 1), (True, False)):
        yield file_cid(content, size, links, version, wrapped)


def file_cid(content: bytes, size: int, links: int, version: int, wrapped: bool) -> Cid:
    """Return the CID of a file.

    Args:
        content: of the file.
        size: bytes of a block.
        links: how many a node has at most.
        version: of the CIDs of nodes.
        wrapped: whether a block is a node of its own, or just bytes.
    """
    blocks = [content[place : place + size] for place in range(0, len(content), size)] or [b""]
    level = [_wrapped(block, version) if wrapped else _raw(block) for block in blocks]
    while len(level) > 1:
        level = [_parent(level[place : place + links], version) for place in range(0, len(level), links)]
    return level[0].cid


def _raw(block: bytes) -> _Node:
    return _Node(Cid(1, Codec.RAW, hashlib.sha256(block).digest()), len(block), len(block))


def _wrapped(block: bytes, version: int) -> _Node:
    data = _number(1, FILE) + (_bytes(2, block) if block else b"") + _number(3, len(block))
    return _node(_bytes(1, data), len(block), 0, version)


def _parent(children: list[_Node], version: int) -> _Node:
    content = sum(child.content for child in children)
    data = _number(1, FILE) + _number(3, content) + b"".join(_number(4, child.content) for child in children)
    link = (_bytes(2, _bytes(1, child.cid.octets) + _bytes(2, b"") + _number(3, child.stored)) for child in children)
    return _node(b"".join(link) + _bytes(1, data), content, sum(child.stored for child in children), version)


def _node(written: bytes, content: int, below: int, version: int) -> _Node:
    digest = hashlib.sha256(written).digest()
    return _Node(Cid(version, Codec.DAG_PB, digest), content, len(written) + below)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])
