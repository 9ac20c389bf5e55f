"""The root of a Merkle-Patricia tree over a list, as in the headers of Ethereum (Yellow Paper, appendix D)."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from qf.chain.proof.rlp import encoded

EMPTY_ROOT = keccak(encoded(b""))
"""Root of the tree that holds nothing."""

SHORT = 32
"""Bytes below which a node stands in its parent itself and not by its hash."""

_Node = list["bytes | _Node"]


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Return the root of the tree that holds value `i` under the key `rlp(i)`.

    >>> ordered_root([]).hex()
    '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
    """
    if not values:
        return bytes(EMPTY_ROOT)
    entries = [(_nibbles(encoded(place)), value) for place, value in enumerate(values)]
    return bytes(keccak(encoded(_node(sorted(entries), 0))))


def _node(entries: list[tuple[bytes, bytes]], depth: int) -> _Node:
    """Return the node over `entries`, sorted by key, which agree in their first `depth` nibbles."""
    first, last = entries[0][0], entries[-1][0]
    if len(entries) == 1:
        return [_path(first[depth:], leaf=True), entries[0][1]]
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    branch = _branch(entries, shared)
    return [_path(first[depth:shared], leaf=False), _referred(branch)] if shared > depth else branch


def _branch(entries: list[tuple[bytes, bytes]], depth: int) -> _Node:
    """Return the node of sixteen children; no key of ours is the beginning of another, so it holds no value."""
    children: list[list[tuple[bytes, bytes]]] = [[] for _ in range(16)]
    for entry in entries:
        children[entry[0][depth]].append(entry)
    return [*(_referred(_node(child, depth + 1)) if child else b"" for child in children), b""]


def _referred(node: _Node) -> bytes | _Node:
    written = encoded(node)
    return node if len(written) < SHORT else bytes(keccak(written))


def _path(nibbles: bytes, *, leaf: bool) -> bytes:
    """Return nibbles packed in bytes behind a flag: whether they are odd in number and whether they end in a leaf."""
    odd = len(nibbles) % 2
    packed = bytes([2 * leaf + odd, *([] if odd else [0]), *nibbles])
    return bytes(16 * high + low for high, low in zip(packed[::2], packed[1::2], strict=True))


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in divmod(byte, 16))
