"""A store keeps what was read, all of it or nothing, and forgets what a reorganisation took away."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from qf.chain.store import Store
from qf.chain.types import Address, BlockStamp, ChainId, Hash, Log, Outcome
from qf.errors import ReorganisedError, StoreError
from tests.unit.chain.fake_chain import FakeChain, Gift, account

ONE = ChainId(1)


def chain(blocks: int = 6) -> FakeChain:
    made = FakeChain()
    for number in range(blocks):
        made.mine([Gift(account(number), "well", 5 + number)])
    return made


def fill(store: Store, made: FakeChain) -> list[Log]:
    logs = [log for block in made.blocks for log in block.logs]
    store.begin("s", 0, ONE, "all", 0)
    store.add("s", 0, ONE, made.head.number, logs, [block.stamp for block in made.blocks])
    return logs


def test_store_when_closed_and_opened_then_it_has_what_was_added(tmp_path: Path) -> None:
    made = chain()
    with Store(tmp_path / "s") as store:
        logs = fill(store, made)
    with Store(tmp_path / "s") as store:
        assert list(store.logs("s", 99)) == logs
        assert list(store.logs("s", 2)) == [log for log in logs if log.block_number <= 2]
        assert [stamp.number for stamp in store.stamps(ONE)] == [6, 5, 4, 3, 2, 1, 0]
        assert store.block(ONE, 3) == made.blocks[3].stamp
        assert store.times(ONE)[3] == made.blocks[3].stamp.time
        assert store.begin("s", 0, ONE, "all", 0) == 7


def test_store_when_the_same_is_added_again_then_nothing_is_doubled(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        logs = fill(store, chain())
        assert fill(store, chain()) == logs
        assert list(store.logs("s", 99)) == logs


def test_store_when_rewound_then_what_is_above_is_an_orphan(tmp_path: Path) -> None:
    made = chain()
    with Store(tmp_path / "s") as store:
        logs = fill(store, made)
        gone = [log for log in logs if log.block_number > 4]
        assert store.rewind(ONE, 4) == len(gone)
        assert list(store.logs("s", 99)) == logs[: -len(gone)]
        assert store.begin("s", 0, ONE, "all", 0) == 5
        assert next(store.stamps(ONE)).number == 4
        assert store.orphans(ONE) == {(g.tx_hash, g.log_index): (g.block_number, g.block_hash) for g in gone}
        assert store.orphans(ChainId(2)) == {}


def test_store_when_another_block_of_a_height_is_added_then_refused_and_nothing_kept(tmp_path: Path) -> None:
    made = chain()
    with Store(tmp_path / "s") as store:
        logs = fill(store, made)
        made.reorganise(1, [[Gift(account(77), "bus", 1)]])
        with pytest.raises(ReorganisedError, match="block 6 was"):
            store.add("s", 0, ONE, 9, made.blocks[6].logs, [BlockStamp(9, Hash("0x09"), Hash("0x08"), 9), made.head])
        assert list(store.logs("s", 99)) == logs
        assert store.block(ONE, 9) is None
        assert store.begin("s", 0, ONE, "all", 0) == 7


def test_store_when_what_is_asked_for_changes_then_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        store.begin("s", 0, ONE, "all", 0)
        with pytest.raises(StoreError, match="other settings of s"):
            store.begin("s", 0, ONE, "some", 0)


def test_store_when_outcomes_are_added_then_they_come_back(tmp_path: Path) -> None:
    written = chain().blocks[2].logs[0]
    place = written.tx_hash, written.block_number, written.block_hash, written.tx_index
    one = Outcome(*place, account(3), Address(""), 2**200, True, (written,))
    two = Outcome(word_of(9), 3, written.block_hash, 1, account(3), account(4), 0, False)
    with Store(tmp_path / "s") as store:
        store.begin("s", 0, ONE, "all", 0)
        store.add("s", 0, ONE, 3, (), (), [two, one])
        assert store.outcomes("s", 99) == [one, two]
        assert store.outcomes("s", 2) == [one]


def word_of(number: int) -> Hash:
    return Hash(f"0x{number:064x}")


def test_final_when_told_then_it_only_rises(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        assert [store.final(ONE), store.final(ONE, 5), store.final(ONE, 3), store.final(ONE)] == [-1, 5, 5, 5]


def test_store_when_it_is_open_elsewhere_then_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "s"), pytest.raises(StoreError, match="locked"):
        Store(tmp_path / "s")


def test_store_when_the_file_is_something_else_then_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but quite long enough to be looked at as one" * 20)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "text")
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE x (y)")
    other.close()
    with pytest.raises(StoreError, match="not written by this version"):
        Store(tmp_path / "other")


def test_store_when_a_change_fails_halfway_then_nothing_of_it_is_kept(tmp_path: Path) -> None:
    made = chain()
    broken = [*made.blocks[1].logs, object()]
    with Store(tmp_path / "s") as store:
        store.begin("s", 0, ONE, "all", 0)
        with pytest.raises(AttributeError):
            store.add("s", 0, ONE, 5, broken, [made.head])  # type: ignore[arg-type]
        assert not list(store.logs("s", 99))
        assert store.block(ONE, made.head.number) is None


def test_store_when_many_open_it_at_the_same_time_then_one_has_it(tmp_path: Path) -> None:
    for turn in range(20):
        ready = threading.Barrier(6)
        opened: list[Store] = []

        def open_it(path: Path, ready: threading.Barrier, opened: list[Store]) -> None:
            ready.wait()
            with suppress(StoreError):
                opened.append(Store(path))

        path = tmp_path / str(turn)
        threads = [threading.Thread(target=open_it, args=(path, ready, opened)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == 1
        opened[0].close()
