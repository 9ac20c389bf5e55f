"""Roots, proofs and leaves of the trees that Allo's contracts accept, as its own library made them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qf.chain.payouts import payout_tree, verify_proof

KINDS = {"allo_v1": "allo_v1", "allo_v2_0": "allo_v2", "allo_v2_1_dev": "allo_v2_1"}
"""How the vectors name the kinds."""


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every tree of the vectors, with our name of its kind."""
    document = json.loads((shared / "vectors/allo_merkle.json").read_text("utf-8"))
    return [(KINDS[name], case[name]) for case in document["cases"] for name in case if name != "n"]


def test_tree_when_allo_made_it_then_root_leaves_and_proofs_are_the_same(cases: list[tuple[str, Any]]) -> None:
    assert len(cases) >= 9
    for kind, case in cases:
        tree = payout_tree(kind, case["values"])
        assert tree.root == case["root"]
        assert list(tree.leaves) == case["leafHashes"]
        assert [list(tree.proof(position)) for position in range(len(tree.leaves))] == case["proofs"]


def test_proof_when_allo_made_it_then_it_holds_for_its_own_leaf_only(cases: list[tuple[str, Any]]) -> None:
    for _, case in cases:
        for position, proof in enumerate(case["proofs"]):
            fitting = [verify_proof(proof, leaf, case["root"]) for leaf in case["leafHashes"]]
            assert fitting == [place == position for place in range(len(fitting))]
