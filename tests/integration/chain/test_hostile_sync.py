"""A node that cheats in every way at once, before a chain that reorganises: the ledger is true, or an error says why.

Never a silent gap: whatever a sync returned holds just what the chain holds up to the block it names.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from qf.chain.ledger import ledger_of_chain
from qf.chain.logs import Chain
from qf.chain.node import Limits, endpoint, panel
from qf.chain.store import Store
from qf.chain.sync import sync
from qf.errors import ChainError
from tests.integration.chain.anvil import Anvil, anvil
from tests.integration.chain.proxy import Evils, Proxy, proxy
from tests.integration.chain.vault import Vault

DEEPEST = 64
"""Blocks a reorganisation takes away at most."""

PATIENCE = Limits(seconds=1.5, silence=1, per_second=10_000)

some = st.sampled_from([0.0, 0.0, 0.1, 0.25])
evils = st.builds(
    Evils,
    range_cap=st.sampled_from([0, 1, 7, 37]),
    result_cap=st.sampled_from([0, 5, 50]),
    throttled=some,
    lagging=some,
    lying=st.sampled_from([0.0, 0.05]),
    doubled=some,
    foreign=some,
    dropped=some,
    altered=st.sampled_from([0.0, 0.05]),
    truncated=st.sampled_from([0.0, 0.05]),
    batches=st.booleans(),
)


class Hostile(RuleBasedStateMachine):
    """Gifts, reorganisations and syncs in any order, through a node whose evils change."""

    chain: Anvil

    @initialize(counted=st.booleans())
    def start(self, counted: bool) -> None:
        self.opened, self.counted, self.told = ExitStack(), counted, list[str]()
        self.vault = Vault.deploy(self.chain)
        self.node: Proxy = self.opened.enter_context(proxy(self.chain.url))
        self.folder = self.opened.enter_context(tempfile.TemporaryDirectory())
        self.store = self.opened.enter_context(Store(Path(self.folder) / "store"))
        self.file = self.vault.chain_file(self.node.url) if counted else self.vault.uncounted_file(self.node.url)
        self.reader = Chain(self.file.chains[0].id, [self.node.url], limits=PATIENCE)
        self.opened.callback(self.reader.close)

    @rule(data=st.data(), blocks=st.integers(1, 12))
    def give(self, data: Any, blocks: int) -> None:
        for _ in range(blocks):
            for account in data.draw(st.lists(st.sampled_from(self.chain.accounts), max_size=3, unique=True)):
                amount = data.draw(st.integers(1, 2**80))
                self.vault.give(account, [(0, amount), (1, amount + 1)] if self.counted else [(0, amount)])
            self.chain.rpc("evm_mine")

    @rule(depth=st.integers(1, DEEPEST))
    def reorganise(self, depth: int) -> None:
        depth = min(depth, self.chain.head - self.vault.ready)
        if depth > 0:
            self.chain.rpc("anvil_reorg", depth, [])

    @rule(now=evils)
    def turn(self, now: Evils) -> None:
        self.node.evils = now

    @rule()
    def sync(self) -> None:
        try:
            read = sync(self.file.chains[0], self.reader, self.store, until="latest", progress=lambda *_: None)
        except ChainError as error:
            self.told.append(str(error))
            return
        (found,) = ledger_of_chain(self.file, self.file.chains[0], self.store, read.last.number)
        gifts = [(gift.donation.log.block_hash, gift.donation.donor, gift.donation.amount) for gift in found.donations]
        assert gifts == self.vault.truth(read.last.number)

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            assert all("chain 31337" in told or "block" in told for told in self.told)
            self.node.evils = Evils()
            read = sync(self.file.chains[0], self.reader, self.store, until="latest", progress=lambda *_: None)
            (found,) = ledger_of_chain(self.file, self.file.chains[0], self.store, read.last.number)
            assert len(found.donations) == len(self.vault.truth(read.last.number))
            self.opened.close()


@pytest.mark.slow
def test_whatever_a_node_and_a_chain_do_then_the_ledger_is_the_truth_or_an_error_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(endpoint, "REST", 0.001)
    quick = settings(
        max_examples=25,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    with anvil("--accounts", "6", "--slots-in-an-epoch", "32") as chain:
        Hostile.chain = chain
        run_state_machine_as_test(Hostile, settings=quick)  # type: ignore[no-untyped-call]
