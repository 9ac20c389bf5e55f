"""Payout trees: their shape, and what is refused."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from qf.chain.payouts import ENCODINGS, MerkleTree, payout_tree, verify_proof
from qf.errors import PayoutError

PAYEE = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"


def rows(count: int) -> list[tuple[object, ...]]:
    return [(index, f"0x{index + 1:040x}", 10**18 + index) for index in range(count)]


def test_tree_when_there_is_one_payout_then_its_leaf_is_the_root() -> None:
    tree = payout_tree("qf", rows(1))
    assert (tree.root, tree.proof(0)) == (tree.leaves[0], ())


@pytest.mark.parametrize("count", range(1, 18))
def test_tree_when_it_is_grown_then_its_nodes_lie_as_in_the_standard_tree(count: int) -> None:
    tree = payout_tree("qf", rows(count))
    assert len(tree.nodes) == 2 * count - 1
    assert list(tree.nodes[count - 1 :]) == sorted(tree.leaves, reverse=True)
    for place in range(count - 1):
        below = sorted(bytes.fromhex(tree.nodes[child][2:]) for child in (2 * place + 1, 2 * place + 2))
        assert tree.nodes[place] == "0x" + keccak(b"".join(below)).hex()
    assert all(verify_proof(tree.proof(position), tree.leaves[position], tree.root) for position in range(count))


def test_leaf_when_values_are_written_in_other_ways_then_it_is_the_same() -> None:
    one = payout_tree("qf", [(7, PAYEE, 10**30)]).root
    assert one == payout_tree("qf", [("7", PAYEE.lower(), str(10**30))]).root


def test_leaf_when_it_is_hashed_once_then_it_is_another_than_hashed_twice() -> None:
    values = (0, PAYEE, 5)
    assert keccak(ENCODINGS["allo_v2_1"].leaf(values)) == ENCODINGS["qf"].leaf(values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0, PAYEE, 2**256), "no uint256"),
        ((0, PAYEE, -1), "no uint256"),
        ((0, PAYEE, "1e18"), "no uint256"),
        ((0, PAYEE, 1.0), "no uint256"),
        ((0, PAYEE, "1_000"), "no uint256"),
        ((0, PAYEE), "2 values, not 3"),
        ((0, PAYEE[:-1], 1), "not an address"),
        ((0, PAYEE[:-1] + "2", 1), "wrong checksum"),
    ],
)
def test_leaf_when_a_value_does_not_fit_then_it_is_refused(values: tuple[object, ...], told: str) -> None:
    with pytest.raises(PayoutError, match=told):
        payout_tree("qf", [values])  # type: ignore[list-item]


def test_tree_when_several_leaves_do_not_fit_then_all_are_named() -> None:
    with pytest.raises(PayoutError) as raised:
        payout_tree("qf", [(0, PAYEE, -1), (1, PAYEE, 1), (2, "x", 1)])
    assert [problem.where for problem in raised.value.problems] == ["leaf 0", "leaf 2"]


def test_tree_when_the_kind_is_unknown_then_the_known_ones_are_named() -> None:
    with pytest.raises(PayoutError, match="allo_v2_1"):
        payout_tree("allo_v3", rows(1))


@pytest.mark.parametrize("leaves", [[], [keccak(b"a"), keccak(b"b"), keccak(b"a")]])
def test_tree_when_there_is_no_leaf_or_one_twice_then_it_is_refused(leaves: list[bytes]) -> None:
    with pytest.raises(PayoutError, match="leaf"):
        MerkleTree(leaves)
