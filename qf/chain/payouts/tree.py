"""Merkle trees in the layout of OpenZeppelin's StandardMerkleTree: the root is published, each payee proves a leaf."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from qf.chain.abi import keccak
from qf.chain.payouts.encodings import ENCODINGS, Value
from qf.chain.types import Hash
from qf.errors import PayoutError, Problem


class MerkleTree:
    """A tree over hashed leaves.

    The leaves are sorted, and node k is the hash of nodes 2k + 1 and 2k + 2, the smaller first; node 0 is the root.

    >>> tree = MerkleTree([keccak(b"a"), keccak(b"b"), keccak(b"c")])
    >>> all(verify_proof(tree.proof(position), leaf, tree.root) for position, leaf in enumerate(tree.leaves))
    True

    Attributes:
        leaves: the hashes of the leaves, in the order in which they were given.
        nodes: all hashes, the root first; the sorted leaves are the last ones, the smallest at the very end.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Grow the tree over `leaves`, each of 32 bytes.

        Raises:
            PayoutError: there is no leaf, or one occurs twice: a second proof of it would say nothing.
        """
        ordered = sorted(leaves, reverse=True)
        if not ordered:
            raise PayoutError.at("tree", "it has no leaf", "there has to be at least one payout")
        if any(one == other for one, other in pairwise(ordered)):
            raise PayoutError.at("tree", "a leaf occurs twice", "give each payout an index of its own")
        self.leaves = tuple(map(_hash, leaves))
        nodes = [b""] * (len(ordered) - 1) + ordered
        for parent in reversed(range(len(ordered) - 1)):
            nodes[parent] = _pair(nodes[2 * parent + 1], nodes[2 * parent + 2])
        self.nodes = tuple(map(_hash, nodes))
        self._places = {leaf: place for place, leaf in enumerate(self.nodes) if place >= len(ordered) - 1}

    @property
    def root(self) -> Hash:
        """The hash that stands for all leaves."""
        return self.nodes[0]

    def proof(self, position: int) -> tuple[Hash, ...]:
        """Return the hashes that lead from the leaf given as number `position` to the root."""
        place, proof = self._places[self.leaves[position]], []
        while place:
            proof.append(self.nodes[place + 1 if place % 2 else place - 1])
            place = (place - 1) // 2
        return tuple(proof)


def payout_tree(kind: str, leaves: Iterable[Sequence[Value]]) -> MerkleTree:
    """Return the tree that a contract of this kind accepts.

    >>> ADDRESS = "0x0000000000000000000000000000000000001000"
    >>> payout_tree("allo_v2_1", [("0", ADDRESS, "1000000000000000000")]).root[:18]
    '0x3236d01915dc847f'

    Args:
        kind: a key of `ENCODINGS`: "qf", "allo_v1", "allo_v2" or "allo_v2_1".
        leaves: the values of each leaf, in the order of the fields of the encoding; amounts in base units.

    Raises:
        PayoutError: the kind is not known, there is no leaf, or values that do not fit; names them all.
    """
    if kind not in ENCODINGS:
        raise PayoutError.at("kind", f"{kind!r} is not known", f"choose one of {', '.join(ENCODINGS)}")
    problems, hashed = [], []
    for number, values in enumerate(leaves):
        try:
            hashed.append(ENCODINGS[kind].leaf(values))
        except ValueError as error:
            problems.append(Problem(f"leaf {number}", str(error), f"give {', '.join(ENCODINGS[kind].fields)}"))
    if problems:
        raise PayoutError(problems)
    return MerkleTree(hashed)


def verify_proof(proof: Iterable[str], leaf: str, root: str) -> bool:
    """Return whether `proof` leads from `leaf` to `root`; all are hashes, 0x and 64 hex digits."""
    hashed = bytes.fromhex(leaf.removeprefix("0x"))
    for sibling in proof:
        hashed = _pair(hashed, bytes.fromhex(sibling.removeprefix("0x")))
    return _hash(hashed) == root


def _pair(one: bytes, other: bytes) -> bytes:
    return keccak(one + other if one < other else other + one)


def _hash(data: bytes) -> Hash:
    return Hash("0x" + data.hex())
