"""Logs through nodes that cheat: what comes out is the truth, or an error that says what cannot be proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from qf.chain.logs import Chain
from qf.chain.node import Limits, endpoint, panel
from qf.chain.node.reader import Chunk, Trust
from qf.chain.types import BlockStamp, ChainId, Hash, Log, LogFilter
from qf.errors import ChainError, ReorganisedError, UnprovableError
from tests.integration.chain.anvil import ABI, DONATED, EMITTER, Anvil, anvil
from tests.integration.chain.proxy import proxy

CHAIN = ChainId(31337)
WANTED = LogFilter((EMITTER,), ((DONATED,),))
BLOCKS = 60
QUICK = Limits(seconds=1.5, silence=1, per_second=10_000, turns=9)


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with anvil() as running:
        for block in range(BLOCKS):
            running.emit(*[1 + block % 3] * (block % 4))
        yield running


@pytest.fixture(scope="module")
def truth(node: Anvil) -> list[Log]:
    with_all = Chain(CHAIN, [node.url])
    try:
        logs = with_all.nodes[0].logs(WANTED, 0, with_all.stamp("latest"))
    finally:
        with_all.close()
    assert len(logs) == sum((1 + block % 3) * (block % 4) for block in range(BLOCKS))
    return logs


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(endpoint, "REST", 0.001)


def fetched(urls: Sequence[str], trust: Trust, first: int = 0, limits: Limits = QUICK) -> list[Chunk]:
    """Read everything; the chunks must follow each other without a gap."""
    chain = Chain(CHAIN, urls, limits=limits)
    try:
        last = chain.stamp("latest")
        chunks = list(chain.fetch(WANTED, first, last, trust))
    finally:
        chain.close()
    starts = [first, *(chunk.last.number + 1 for chunk in chunks)]
    assert [chunk.first for chunk in chunks] == starts[:-1]
    assert starts[-1] == last.number + 1
    return chunks


def logs_in(chunks: Sequence[Chunk]) -> list[Log]:
    return [log for chunk in chunks for log in chunk.logs]


@pytest.mark.parametrize("trust", Trust)
def test_an_honest_node_gives_the_truth_and_the_blocks_of_it(node: Anvil, truth: list[Log], trust: Trust) -> None:
    chunks = fetched([node.url], trust)
    assert logs_in(chunks) == truth
    for chunk in chunks:
        assert {log.block_number: log.block_hash for log in chunk.logs} == {
            number: stamp.hash for number, stamp in chunk.blocks.items()
        }
        assert chunk.dropped == 0


EVILS: dict[str, dict[str, object]] = {
    "a range cap that is named": {"range_cap": 7},
    "a range cap with a range": {
        "range_cap": 5,
        "words": "you can make requests with up to a {cap} block range. This block range should work: {range}",
    },
    "a range cap that is not named": {"range_cap": 7, "words": "block range is too wide"},
    "words nobody knows": {"range_cap": 7, "words": "computer says no"},
    "a result cap": {"result_cap": 12},
    "a result cap below one block": {"result_cap": 2},
    "429s": {"throttled": 0.3},
    "a backend that lags": {"lagging": 0.3},
    "headers that are lies": {"lying": 0.1},
    "logs of other blocks": {"orphaned": 0.2},
    "logs twice": {"doubled": 0.3},
    "logs nobody asked for": {"foreign": 0.3},
    "answers cut in half": {"truncated": 0.2},
    "no batches": {"batches": False},
    "no receipts of blocks": {"block_receipts": False, "result_cap": 2},
}
"""What a node can do without any log being lost, so that its word is enough."""


@pytest.mark.parametrize("name", EVILS)
@pytest.mark.parametrize("trust", Trust)
def test_what_a_node_refuses_or_adds_changes_nothing(node: Anvil, truth: list[Log], name: str, trust: Trust) -> None:
    with proxy(node.url, seed=5, **EVILS[name]) as spoilt:
        assert logs_in(fetched([spoilt.url], trust)) == truth


LOSSES: dict[str, dict[str, object]] = {
    "logs left out": {"dropped": 0.1},
    "logs altered": {"altered": 0.1},
}


@pytest.mark.parametrize("name", LOSSES)
def test_receipts_prove_every_log_when_a_node_loses_some(node: Anvil, truth: list[Log], name: str) -> None:
    with proxy(node.url, seed=5, **LOSSES[name]) as spoilt:
        assert logs_in(fetched([spoilt.url], Trust.NODE)) != truth
        assert logs_in(fetched([spoilt.url], Trust.RECEIPTS)) == truth


def test_a_bloom_finds_the_blocks_that_came_empty(node: Anvil, truth: list[Log]) -> None:
    with proxy(node.url, dropped=1.0) as silent:
        assert logs_in(fetched([silent.url], Trust.NODE)) == []
        with pytest.raises(UnprovableError, match=r"block 2: .*its receipts of block 2 are not those of the header"):
            fetched([silent.url], Trust.BLOOM)
        assert logs_in(fetched([silent.url, node.url], Trust.BLOOM)) == truth


@pytest.mark.parametrize("seed", range(3))
def test_all_evils_at_once_end_in_the_truth_or_in_words(node: Anvil, truth: list[Log], seed: int) -> None:
    evils = {
        "range_cap": 11, "result_cap": 25, "throttled": 0.1, "lagging": 0.1, "lying": 0.02, "doubled": 0.1,
        "foreign": 0.1, "dropped": 0.05, "truncated": 0.1, "dripping": 0.01,
    }  # fmt: skip
    with proxy(node.url, seed, **evils) as one, proxy(node.url, seed + 100, **evils) as two:
        try:
            logs = logs_in(fetched([one.url, two.url], Trust.RECEIPTS))
        except ChainError as said:
            told, logs = str(said), truth
        else:
            told = "block"
    assert logs == truth
    assert "block" in told


def test_a_quarter_of_the_logs_dropped_is_made_good_by_an_honest_node(node: Anvil, truth: list[Log]) -> None:
    with proxy(node.url, seed=1, dropped=0.25) as spoilt:
        assert logs_in(fetched([spoilt.url, node.url], Trust.RECEIPTS)) == truth


def test_a_range_cap_is_learnt_once(node: Anvil, truth: list[Log]) -> None:
    with proxy(node.url, range_cap=7) as spoilt:
        assert logs_in(fetched([spoilt.url], Trust.NODE)) == truth
    sizes = [last - first + 1 for first, last in spoilt.asked]
    assert sizes[0] > 7 and set(sizes[1:-1]) == {7} and sizes[-1] <= 7


def test_a_dripping_answer_is_cut_off_and_another_node_asked(node: Anvil, truth: list[Log]) -> None:
    with proxy(node.url, seed=2, dripping=0.1) as slow:
        limits = Limits(seconds=0.5, silence=1, per_second=10_000, turns=9)
        assert logs_in(fetched([slow.url, node.url], Trust.NODE, limits=limits)) == truth


def test_a_block_that_the_chain_no_longer_has_is_said_to_be_reorganised() -> None:
    with anvil() as short:
        for _ in range(20):
            short.emit(2)
        chain = Chain(CHAIN, [short.url])
        last = chain.stamp("latest")
        short.rpc("anvil_reorg", 3, [])
        with pytest.raises(ReorganisedError) as told:
            list(chain.fetch(WANTED, 0, last, Trust.NODE))
        assert (told.value.number, told.value.hash) == (last.number, last.hash)
        again = list(chain.fetch(WANTED, 0, chain.stamp("latest"), Trust.RECEIPTS))
        assert len(logs_in(again)) == 34
        chain.close()


def test_a_header_two_nodes_differ_on_is_unprovable_and_says_who_said_what(node: Anvil) -> None:
    with proxy(node.url, forked=True) as fork, pytest.raises(UnprovableError) as told:
        fetched([node.url, fork.url], Trust.NODE)
    assert str(told.value).count("127.0.0.1:") == 2
    assert "secret" not in str(told.value)
    assert "block" in told.value.where and "remove the node" in told.value.fix


def test_a_stamp_of_another_chain_is_never_built_on(node: Anvil) -> None:
    false = BlockStamp(40, Hash("0x" + "ab" * 32), Hash("0x" + "cd" * 32), 0)
    chain = Chain(CHAIN, [node.url], limits=QUICK)
    with pytest.raises(ReorganisedError):
        list(chain.fetch(WANTED, 0, false, Trust.NODE))
    chain.close()


def test_what_is_decoded_is_what_web3_decodes(node: Anvil, truth: list[Log]) -> None:
    from web3 import Web3

    w3 = Web3(Web3.HTTPProvider(node.url))
    event = w3.eth.contract(address=Web3.to_checksum_address(EMITTER), abi=[ABI]).events.Donated()
    theirs = [event.process_log(log) for log in w3.eth.get_logs({"address": event.address, "fromBlock": 0})]
    assert len(theirs) == len(truth)
    for log, their in zip(truth, theirs, strict=True):
        seq, project, donor = log.topics[1:]
        words = [log.data[place : place + 32] for place in range(0, 96, 32)]
        assert their["args"] == {
            "seq": int(seq, 16),
            "project": bytes.fromhex(project[2:]),
            "donor": Web3.to_checksum_address("0x" + donor[26:]),
            "token": Web3.to_checksum_address(words[0][12:]),
            "amount": int.from_bytes(words[1], "big"),
            "memo": words[2],
        }
        place = (their["blockNumber"], their["logIndex"], their["transactionIndex"])
        assert place == (log.block_number, log.log_index, log.tx_index)
        assert (their["blockHash"].to_0x_hex(), their["transactionHash"].to_0x_hex()) == (log.block_hash, log.tx_hash)
    w3.provider._request_session_manager.session_cache.clear()
