"""How far a chain is read, and what a sync refuses."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from qf.chain.chain_file import ChainFile, chain_file_of
from qf.chain.ledger import ledger_of_chain
from qf.chain.node.reader import BlockId
from qf.chain.store import Store
from qf.chain.sync import last_final, readers, sync_all
from qf.chain.types import BlockStamp
from qf.errors import ChainError, InputError, NodeError, StoreError, UnprovableError
from tests.unit.chain.fake_chain import TOKEN, VAULT, FakeChain, Gift, account


def a_file(*numbers: int, last: int | None = None, **settings: Any) -> ChainFile:
    source = {"kind": "donation_round", "from_block": 0, "contract": VAULT, "tokens": [TOKEN]}
    source |= {} if last is None else {"to_block": last}
    chains = [{"id": number, "source": [source], **settings} for number in numbers]
    tokens = [{"chain": number, "address": TOKEN, "name": "jpyc", "decimals": 18} for number in numbers]
    return chain_file_of({"chain": chains, "token": tokens})


def grown(number: int = 1, finality: int = 3, blocks: int = 9) -> FakeChain:
    made = FakeChain(finality, number)
    for place in range(blocks):
        made.mine([Gift(account(place), "well", 10 * number + place)])
    return made


class WithoutTags(FakeChain):
    """A chain whose nodes know no tag but latest."""

    def stamp(self, block: BlockId) -> BlockStamp:
        if block in ("finalized", "safe"):
            raise NodeError("unknown block tag")
        return super().stamp(block)


def test_final_when_the_chain_says_so_then_that_block() -> None:
    assert last_final(a_file(1).chains[0], grown()).number == 6


def test_final_when_a_depth_is_the_rule_then_so_many_below_the_head() -> None:
    assert last_final(a_file(1, finality=2).chains[0], grown()).number == 7
    assert last_final(a_file(1, finality=99).chains[0], grown()).number == 0


def test_final_when_there_is_no_tag_then_the_depth_or_an_error() -> None:
    chain = WithoutTags()
    for _ in range(9):
        chain.mine([])
    assert last_final(a_file(1, depth=4).chains[0], chain).number == 5
    with pytest.raises(ChainError, match="unknown block tag"):
        last_final(a_file(1).chains[0], chain)


def test_final_when_the_very_head_is_called_final_then_the_depth_if_there_is_one() -> None:
    assert last_final(a_file(1, depth=4).chains[0], grown(finality=0)).number == 5
    assert last_final(a_file(1).chains[0], grown(finality=0)).number == 9
    assert last_final(a_file(1, depth=4).chains[0], grown(finality=1)).number == 8


def test_sync_when_nothing_is_said_then_up_to_what_is_final(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        (read,) = sync_all(a_file(1), [grown()], store)
        assert (read.synced.last.number, read.synced.final) == (6, True)
        (read,) = sync_all(a_file(1), [grown()], store, until="latest")
        assert (read.synced.last.number, read.synced.final) == (9, False)


def test_sync_when_a_source_ends_then_nothing_after_it_is_read(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        file = a_file(1, last=4)
        (read,) = sync_all(file, [grown()], store, until="latest")
        (vault,) = ledger_of_chain(file, read.entry, store, 99)
        assert [gift.donation.amount for gift in vault.donations] == [10, 11, 12, 13]


def test_sync_when_a_contract_is_not_final_yet_then_it_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*_: object) -> bytes:
        raise AssertionError("nothing is there yet")

    monkeypatch.setattr(FakeChain, "call", absent)
    source = {"kind": "donation_round", "from_block": 8, "contract": VAULT, "tokens": [TOKEN]}
    file = chain_file_of({"chain": [{"id": 1, "source": [source]}]})
    with Store(tmp_path / "s") as store:
        (read,) = sync_all(file, [grown()], store)
    assert (read.synced.last.number, read.synced.added) == (6, 0)


def test_sync_when_there_are_several_chains_then_each_is_read_and_they_do_not_mix(tmp_path: Path) -> None:
    file, chains = a_file(1, 2, 3), [grown(1), grown(2, blocks=12), grown(3, blocks=5)]
    with Store(tmp_path / "s") as store:
        for _ in range(2):
            read = sync_all(file, chains, store, until="latest")
        assert [each.synced.last.number for each in read] == [9, 12, 5]
        for number, (each, chain) in enumerate(zip(read, chains, strict=True), 1):
            (vault,) = ledger_of_chain(file, each.entry, store, each.synced.last.number)
            assert [gift.donation.amount for gift in vault.donations] == [gift.amount for _, gift in chain.gifts]
            assert {gift.record.id.split("/")[0] for gift in vault.donations} == {f"eip155:{number}"}
        chains[1].reorganise(3, [[], [], [], []])
        again = sync_all(file, chains, store, until="latest")
        assert [each.synced.forgotten > 0 for each in again] == [False, True, False]


def test_sync_when_a_final_block_changes_then_refused(tmp_path: Path) -> None:
    chain = grown()
    with Store(tmp_path / "s") as store:
        sync_all(a_file(1), [chain], store)
        chain.reorganise(6, [[]] * 6)
        with pytest.raises(UnprovableError, match="was final as"):
            sync_all(a_file(1), [chain], store)


def test_sync_when_the_nodes_lag_behind_what_was_read_then_nothing_is_forgotten(tmp_path: Path) -> None:
    chain = grown()
    with Store(tmp_path / "s") as store:
        sync_all(a_file(1), [chain], store, until="latest")
        blocks, chain.blocks = chain.blocks, chain.blocks[:8]
        (read,) = sync_all(a_file(1), [chain], store, until="latest")
        assert (read.synced.last.number, read.synced.forgotten) == (7, 0)
        chain.blocks = blocks
        (read,) = sync_all(a_file(1), [chain], store, until="latest")
        assert (read.synced.last.number, read.synced.added) == (9, 0)


def test_sync_when_progress_is_told_then_it_ends_at_the_last_block(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with Store(tmp_path / "s") as store:
        sync_all(a_file(1), [grown()], store, progress=lambda *what: told.append(what))
    assert told[0][2] == 6
    assert told[-1] == ("eip155:1/donation_round/0", 6, 6)


def test_readers_when_a_chain_has_no_endpoints_then_it_is_named() -> None:
    with pytest.raises(InputError, match="chain 7: has no endpoints"), readers(a_file(7)):
        pass


def test_sync_when_it_begins_earlier_or_is_to_be_proved_better_then_another_store_is_asked_for(tmp_path: Path) -> None:
    source = {"kind": "transfers", "payees": [VAULT], "tokens": [TOKEN], "native": False}
    with Store(tmp_path / "s") as store:
        for place, (first, proof) in enumerate([(6, "node"), (0, "node"), (6, "receipts")]):
            chain = {"id": 1, "proof": proof, "source": [{**source, "from_block": first}]}
            file = chain_file_of({"chain": [chain]})
            if place == 0:
                sync_all(file, [grown()], store)
                continue
            with pytest.raises(StoreError, match="other settings"):
                sync_all(file, [grown()], store)


def test_ledger_when_a_source_is_cut_short_after_it_was_read_then_nothing_later_is_in_it(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        sync_all(a_file(1), [grown()], store, until="latest")
        (vault,) = ledger_of_chain(a_file(1, last=4), a_file(1, last=4).chains[0], store, 9)
        assert len(vault.donations) == 4


def test_sync_when_it_is_interrupted_then_it_waits_for_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(FakeChain):
        def stamp(self, block: BlockId) -> BlockStamp:
            threading.Event().wait(60)
            raise AssertionError

    def interrupted(self: threading.Thread, timeout: float | None = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qf.chain.sync.Thread.join", interrupted)
    with Store(tmp_path / "s") as store, pytest.raises(KeyboardInterrupt):
        sync_all(a_file(1), [Silent()], store)
