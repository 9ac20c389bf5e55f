"""What headers and receipts prove of logs, told by nodes that are made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace as changed

from qf.chain.logs.proving import linked, proved
from qf.chain.node import Chunk, Nodes, panel
from qf.chain.proof import Header, Receipt, bloom_of, receipts_root
from qf.chain.types import Address, BlockStamp, ChainId, Hash, Log, LogFilter
from qf.errors import NodeError, UnprovableError
from tests.unit.chain.made import account, word

T = TypeVar("T")

ROUND, OTHER = account(1), account(2)

WANTED = LogFilter((ROUND,), ((word(7),),))


def log(block: int, index: int, address: Address = ROUND) -> Log:
    return Log(address, (word(7),), b"", block, word(block), word(1000 * block + index), index, index)


TRUE = {1: [log(1, 0), log(1, 1, OTHER), log(1, 2)], 2: [], 3: [log(3, 0, OTHER)], 4: [log(4, 0)]}
"""Block -> its logs, one in a transaction."""

OURS = [one for logs in TRUE.values() for one in logs if one.address == ROUND]


def receipts_of(block: int) -> list[Receipt]:
    return [
        Receipt(one.tx_hash, place, block, word(block), OTHER, ROUND, True, (one,), gas_so_far=21_000 * (place + 1))
        for place, one in enumerate(TRUE[block])
    ]


def stamp(block: int) -> BlockStamp:
    return BlockStamp(block, word(block), word(block - 1), 100 * block)


class Made:
    """A node that says what it is given."""

    name = "made"
    rests_until = 0.0

    def __init__(self) -> None:
        self.said = {
            block: Header(stamp(block), word(0), receipts_root(receipts_of(block)), bloom_of(TRUE[block]), "")
            for block in TRUE
        }
        self.kept = {block: receipts_of(block) for block in TRUE}
        self.read: list[int] = []

    def headers(self, blocks: Sequence[int]) -> list[Header]:
        return [self.said[block] for block in blocks]

    def header(self, name: Hash) -> Header:
        return next(header for header in self.said.values() if header.stamp.hash == name)

    def receipts(self, at: BlockStamp) -> list[Receipt]:
        self.read.append(at.number)
        return self.kept[at.number]

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def node() -> Made:
    return Made()


@pytest.fixture
def nodes(node: Made, monkeypatch: pytest.MonkeyPatch) -> Nodes:
    monkeypatch.setattr(panel.time, "sleep", lambda seconds: None)
    made = Nodes(ChainId(1), ["http://127.0.0.1:9"])
    made.nodes = [node]  # type: ignore[list-item]
    return made


def chunk(*logs: Log) -> Chunk:
    return Chunk(1, stamp(4), logs, {}, 0)


def test_headers_are_linked_up_to_the_hash_that_is_held(nodes: Nodes, node: Made) -> None:
    assert linked(nodes, 1, stamp(4)) == list(node.said.values())


@pytest.mark.parametrize("block", [1, 2, 4])
def test_headers_of_another_chain_are_not_believed(nodes: Nodes, node: Made, block: int) -> None:
    node.said[block] = replace(node.said[block], stamp=replace(stamp(block), hash=word(99)))
    with pytest.raises(NodeError, match=f"block {block} is {word(99)}, the blocks after it are built on {word(block)}"):
        linked(nodes, 1, stamp(4))


def test_a_header_in_doubt_proves_nothing(nodes: Nodes, node: Made) -> None:
    node.said[2] = replace(node.said[2], doubt="it is odd")
    with pytest.raises(UnprovableError, match='chain 1, block 2: it is odd; set proof = "node"'):
        linked(nodes, 1, stamp(4))


@pytest.mark.parametrize(
    ("said", "bloom_reads"),
    [
        (OURS, []),
        ([], [1, 4]),
        (OURS[:2], [4]),
        ([*OURS, log(2, 9)], []),
        ([*OURS[:2], changed(log(4, 0), block_hash=word(99))], [4]),
    ],
)
def test_a_bloom_finds_blocks_without_their_logs_and_logs_without_a_block(
    nodes: Nodes, node: Made, said: list[Log], bloom_reads: list[int]
) -> None:
    found = proved(nodes, WANTED, chunk(*said), receipts=False)
    assert (list(found.logs), node.read) == (OURS, bloom_reads)
    assert found.blocks == {1: stamp(1), 4: stamp(4)}
    assert found.dropped == len(set(map(repr, said)) - set(map(repr, OURS)))


def test_a_bloom_cannot_tell_that_one_log_of_a_block_is_missing_but_receipts_can(nodes: Nodes, node: Made) -> None:
    assert list(proved(nodes, WANTED, chunk(OURS[0], OURS[2]), receipts=False).logs) == [OURS[0], OURS[2]]
    assert list(proved(nodes, WANTED, chunk(OURS[0], OURS[2]), receipts=True).logs) == OURS
    assert node.read == [1, 4]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda kept: kept[:-1], "not those of the header"),
        (lambda kept: [replace(kept[0], logs=()), *kept[1:]], "not those of the header"),
        (lambda kept: [replace(kept[0], tx_index=1), *kept[1:]], "misplaces"),
        (lambda kept: [replace(kept[0], block_hash=word(2)), *kept[1:]], "misplaces"),
        (lambda kept: [moved(kept[0], log_index=1), *kept[1:]], "misplaces"),
        (lambda kept: [moved(kept[0], tx_hash=word(5)), *kept[1:]], "misplaces"),
        (lambda kept: [moved(kept[0], block_number=2), *kept[1:]], "misplaces"),
        (lambda kept: [replace(receipt, kind=0x64) for receipt in kept], "type 0x64 have receipts of a form"),
        (lambda kept: [*kept, replace(kept[-1], logs=())], "as Polygon does"),
    ],
)
def test_receipts_that_the_header_does_not_prove_are_refused(
    nodes: Nodes, node: Made, change: Callable[[list[Receipt]], list[Receipt]], words: str
) -> None:
    assert nodes.receipts(stamp(1)) == tuple(receipts_of(1))
    node.kept[1] = change(node.kept[1])
    with pytest.raises(UnprovableError, match=words) as told:
        nodes.receipts(stamp(1))
    assert told.value.where == "chain 1, block 1"


def moved(receipt: Receipt, **place: Any) -> Receipt:
    return replace(receipt, logs=(changed(receipt.logs[0], **place),))
