"""Payout trees against a naive twin, for any number of payouts."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from qf.chain.payouts import ENCODINGS, payout_tree, verify_proof
from qf.chain.payouts.encodings import Value

VALUES = {
    "uint256": st.integers(0, 2**256 - 1),
    "address": st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex()),
    "bytes32": st.binary(min_size=32, max_size=32).map(lambda data: "0x" + data.hex()),
}


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, list[tuple[Value, ...]]]:
    kind = draw(st.sampled_from(sorted(ENCODINGS)))
    types = list(ENCODINGS[kind].fields.values())[1:]
    rows = draw(st.lists(st.tuples(*(VALUES[type] for type in types)), min_size=1, max_size=40))
    return kind, [(index, *row) for index, row in enumerate(rows)]


def twin_leaf(kind: str, values: tuple[Value, ...]) -> bytes:
    types = list(ENCODINGS[kind].fields.values())
    given = [bytes.fromhex(v[2:]) if t == "bytes32" else v for v, t in zip(values, types, strict=True)]
    once = keccak(encode(types, given))
    return once if kind == "allo_v2_1" else keccak(once)


def twin_root(leaves: list[bytes]) -> bytes:
    """Pair up from the end: what is a heap in the tree is a queue here. The last two of a row make the next node."""
    queue = sorted(leaves)
    while len(queue) > 1:
        one, other = queue.pop(0), queue.pop(0)
        queue.append(keccak(min(one, other) + max(one, other)))
    return queue[0]


@given(lists())
def test_tree_when_it_is_grown_then_it_is_the_one_of_the_twin(drawn: tuple[str, list[tuple[Value, ...]]]) -> None:
    kind, rows = drawn
    tree = payout_tree(kind, rows)
    leaves = [twin_leaf(kind, row) for row in rows]
    assert list(tree.leaves) == ["0x" + leaf.hex() for leaf in leaves]
    assert tree.root == "0x" + twin_root(leaves).hex()


@given(lists(), st.data())
def test_proof_when_it_is_made_then_it_holds_and_a_changed_one_does_not(
    drawn: tuple[str, list[tuple[Value, ...]]], data: st.DataObject
) -> None:
    kind, rows = drawn
    tree = payout_tree(kind, rows)
    position = data.draw(st.integers(0, len(rows) - 1))
    proof, leaf = tree.proof(position), tree.leaves[position]
    assert verify_proof(proof, leaf, tree.root)
    field = data.draw(st.integers(0, len(rows[0]) - 1))
    other = data.draw(VALUES[list(ENCODINGS[kind].fields.values())[field]].filter(lambda v: v != rows[position][field]))
    changed = [*rows[position][:field], other, *rows[position][field + 1 :]]
    assert not verify_proof(proof, "0x" + ENCODINGS[kind].leaf(changed).hex(), tree.root)
    for place in range(len(proof)):
        broken = [*proof[:place], "0x" + "00" * 32, *proof[place + 1 :]]
        assert not verify_proof(broken, leaf, tree.root)


@given(lists())
def test_root_when_the_payouts_come_in_another_order_then_it_is_the_same(
    drawn: tuple[str, list[tuple[Value, ...]]],
) -> None:
    kind, rows = drawn
    assert payout_tree(kind, rows[::-1]).root == payout_tree(kind, rows).root
