"""Whatever a chain does while it is read, the store ends up with what the chain holds, and knows what it took away."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qf.chain.chain_file import chain_file_of
from qf.chain.ledger import Entry, ledger_of_chain
from qf.chain.store import Store
from qf.chain.sync import ReadChain, sync_all
from tests.unit.chain.fake_chain import TOKEN, VAULT, FakeChain, Gift, account

DEEPEST = 64
"""Blocks that a reorganisation may take away."""

gifts = st.builds(Gift, st.integers(0, 5).map(account), st.sampled_from(["well", "bus"]), st.integers(1, 2**100))
blocks = st.lists(st.lists(gifts, max_size=3), max_size=6)


COUNTED = {"kind": "donation_round", "from_block": 0, "contract": VAULT, "tokens": [TOKEN]}
UNCOUNTED = {"kind": "transfers", "from_block": 0, "payees": [VAULT], "tokens": [TOKEN], "native": False}
TOKENS = [{"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}]
ONE, OTHER = (chain_file_of({"chain": [{"id": 1, "source": [each]}], "token": TOKENS}) for each in (COUNTED, UNCOUNTED))
FILE = replace(ONE, chains=(replace(ONE.chains[0], sources=ONE.chains[0].sources + OTHER.chains[0].sources),))
"""The same gifts by the count of the vault, and as transfers to it that only receipts prove."""


def said(entry: Entry) -> tuple[str, str, int]:
    return entry.donation.log.block_hash, entry.donation.donor, entry.donation.amount


class Syncing(RuleBasedStateMachine):
    """A chain that grows and is reorganised, nodes that hide logs, and a process that dies."""

    @initialize(finality=st.integers(0, DEEPEST), chunk=st.integers(1, 9))
    def start(self, finality: int, chunk: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.chain = FakeChain(finality)
        self.chain.chunk = chunk
        self.store = Store(Path(self.folder.name) / "store")
        self.read: ReadChain | None = None
        self.final = 0

    @rule(mined=blocks)
    def grow(self, mined: list[list[Gift]]) -> None:
        for each in mined:
            self.chain.mine(each)

    @rule(data=st.data(), mined=blocks)
    def reorganise(self, data: Any, mined: list[list[Gift]]) -> None:
        """Take away blocks that are not final, and put at least as many in their place."""
        depth = data.draw(st.integers(0, min(self.chain.finality, len(self.chain.blocks) - 1)))
        again = [block.gifts for block in self.chain.blocks[len(self.chain.blocks) - depth :]]
        kept = data.draw(st.lists(st.booleans(), min_size=depth, max_size=depth))
        replaced = [each if keep else [] for each, keep in zip(again, kept, strict=True)]
        self.chain.reorganise(depth, [*replaced, *mined])

    @rule(share=st.integers(0, 4), seed=st.integers(0, 99))
    def hide(self, share: int, seed: int) -> None:
        """Let the node leave out some of its logs of donations."""
        logs = [
            log for block in self.chain.blocks for log in block.logs if log.address == VAULT and len(log.topics) == 4
        ]
        self.chain.hidden = {log.place for place, log in enumerate(logs) if (place * 7 + seed) % 4 < share - 1}

    @rule(until=st.sampled_from(["latest", "finalized"]))
    def sync(self, until: Any) -> None:
        self.read = sync_all(FILE, [self.chain], self.store, until=until)[0]

    @rule(after=st.integers(0, 4))
    def die(self, after: int) -> None:
        """Stop in the middle of a sync, and open the store anew."""
        self.chain.asked, self.chain.breaks_after = 0, after
        with contextlib.suppress(ConnectionError):
            sync_all(FILE, [self.chain], self.store, until="latest")
        self.chain.breaks_after = None
        self.store.close()
        self.store = Store(Path(self.folder.name) / "store")
        self.read = None

    @rule(at=st.integers(1, 9))
    def sync_while_it_is_reorganised(self, at: int) -> None:
        self.chain.asked, self.chain.reorganises_at = 0, at
        self.read = sync_all(FILE, [self.chain], self.store, until="latest")[0]
        self.chain.reorganises_at = None

    @precondition(lambda self: self.read is not None)
    @invariant()
    def the_store_has_what_the_chain_has(self) -> None:
        assert self.read is not None
        last, entry, self.read = self.read.synced.last, self.read.entry, None
        assert self.chain.blocks[last.number].stamp == last
        truth = [
            (self.chain.blocks[number].stamp.hash, gift.donor, gift.amount)
            for number, gift in self.chain.gifts
            if number <= last.number
        ]
        counted, uncounted = ledger_of_chain(FILE, entry, self.store, last.number)
        assert list(map(said, counted.donations)) == truth
        assert list(map(said, uncounted.donations)) == truth
        assert [gift.donation.seq for gift in counted.donations] == list(range(len(truth)))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


TestSyncing = Syncing.TestCase
