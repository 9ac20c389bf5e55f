"""A chain is read into a store whatever happens to the process that reads it, and to the chain."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qf.chain.chain_file import ChainFile
from qf.chain.ledger import SourceLedger, ledger_of_chain
from qf.chain.store import Store
from qf.chain.sync import readers, sync_all
from tests.integration.chain.anvil import Anvil, anvil
from tests.integration.chain.proxy import proxy
from tests.integration.chain.vault import Vault

READ = """
import json, sys
from qf.chain.chain_file import chain_file_of
from qf.chain.store import Store
from qf.chain.sync import readers, sync_all
file = chain_file_of(json.loads(sys.argv[1]))
with Store(sys.argv[2]) as store, readers(file) as opened:
    sync_all(file, opened, store, until="latest", progress=lambda *_: print("read", flush=True))
"""
"""A process that reads a chain, to be killed."""


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    """A chain where blocks are final at once."""
    with anvil("--accounts", "20", "--slots-in-an-epoch", "8") as running:
        yield running


def ledger(file: ChainFile, store: Store, until: str = "latest") -> SourceLedger:
    with readers(file) as opened:
        (read,) = sync_all(file, opened, store, until=until)  # type: ignore[arg-type]
    (found,) = ledger_of_chain(file, read.entry, store, read.synced.last.number)
    return found


def said(found: SourceLedger) -> list[tuple[str, str, int]]:
    return [(gift.donation.donor, gift.donation.project, gift.donation.amount) for gift in found.donations]


def fill(vault: Vault, blocks: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(blocks):
        for account in rng.sample(vault.chain.accounts, 3):
            vault.give(account, [(rng.randrange(3), rng.randrange(1, 10**20)) for _ in range(rng.randint(1, 3))])
        vault.chain.rpc("evm_mine")


def test_sync_when_a_chain_grows_then_each_donation_is_read_once(chain: Anvil, tmp_path: Path) -> None:
    vault = Vault.deploy(chain)
    file = vault.chain_file()
    with Store(tmp_path / "store") as store:
        for round in range(3):
            fill(vault, 4, round)
            assert said(ledger(file, store)) == vault.given
        assert not ledger(file, store).decoded.refused


def test_sync_when_the_chain_is_reorganised_then_the_ledger_is_the_new_chain(chain: Anvil, tmp_path: Path) -> None:
    vault = Vault.deploy(chain)
    file = vault.chain_file()
    with Store(tmp_path / "store") as store:
        fill(vault, 6, 1)
        assert said(ledger(file, store)) == vault.given
        before = chain.head
        chain.rpc("anvil_reorg", 4, [])
        assert chain.head == before
        kept = said(ledger(file, store))
        assert len(kept) < len(vault.given)
        assert kept == vault.given[: len(kept)]
        fill(vault, 2, 2)
        assert said(ledger(file, store))[: len(kept)] == kept
        numbers = [gift.donation.seq for gift in ledger(file, store).donations]
        assert numbers == list(range(len(numbers)))


@pytest.mark.slow
def test_sync_when_it_is_killed_at_any_moment_then_nothing_is_lost_or_doubled(chain: Anvil, tmp_path: Path) -> None:
    """The node gives one block at a time, so that a sync takes seconds and is killed inside one of its changes."""
    vault = Vault.deploy(chain)
    fill(vault, 25, 3)
    rng, path, stopped = random.Random(4), tmp_path / "store", list[int]()
    with proxy(chain.url, range_cap=1) as node:
        file = vault.chain_file(node.url)
        chains = [{**file.published["chain"][0], "endpoints": [node.url], "requests_per_second": 100}]
        command = [sys.executable, "-c", READ, json.dumps({**file.published, "chain": chains}), str(path)]
        while True:
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
                assert process.stdout is not None
                if not process.stdout.readline():
                    break
                time.sleep(rng.uniform(0, 0.2))
                os.kill(process.pid, signal.SIGKILL)
            with Store(path) as store:
                stopped.append(next(store.stamps(file.chains[0].id)).number)
                (found,) = ledger_of_chain(file, file.chains[0], store, stopped[-1])
                assert said(found) == vault.given[: vault.count(stopped[-1])]
        assert len(set(stopped)) > 5
        with Store(path) as store:
            assert said(ledger(file, store)) == vault.given
