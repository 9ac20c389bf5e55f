"""Donations from a node to a reconciled ledger: how long 100,000 take, and how much memory a million."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qf.chain.chain_file import ChainFile
from qf.chain.ledger import ledger_of_chain, write_donations
from qf.chain.reconcile import reconcile
from qf.chain.store import Store
from qf.chain.sync import readers, sync_all
from qf.codec.donations import read_donations
from qf.reconciliation import Reconciliation
from qf.round import Pool, Round
from qf.units import BaseUnits
from tests.integration.chain.anvil import anvil
from tests.integration.chain.vault import Vault

DONATIONS = 100_000
CART = 100
"""Donations in one transaction: only so that making them takes seconds."""


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with anvil("--accounts", "50", "--slots-in-an-epoch", "1") as chain:
        made = Vault.deploy(chain)
        while len(made.given) < DONATIONS:
            for account in chain.accounts[:20]:
                made.give(account, [(n % 3, 10**18 + len(made.given) + n) for n in range(CART)])
            chain.rpc("evm_mine")
        chain.rpc("anvil_mine", "0x4")
        yield made


def reconciled(file: ChainFile, folder: Path) -> Reconciliation:
    with Store(folder / "store") as store, readers(file) as opened:
        read = sync_all(file, opened, store)
        (source,) = ledger_of_chain(file, read[0].entry, store, read[0].synced.last.number)
        write_donations(folder / "donations.csv", source.donations)
        ledger = read_donations(folder / "donations.csv", token_decimals={"jpyx": 18})
        return reconcile(Round("bench", Pool(BaseUnits(1))), ledger, file, read, store)


def test_a_hundred_thousand_donations_are_read_and_reconciled(
    benchmark: Any, vault: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = vault.chain_file()
    found = benchmark.pedantic(
        reconciled, setup=lambda: ((file, tmp_path_factory.mktemp("sync")), {}), rounds=2, iterations=1
    )
    benchmark.extra_info.update(donations=found.compared)
    assert (found.compared, found.lines) == (DONATIONS, ())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_million_donations_are_read_in_no_more_memory_than_a_tenth(benchmark: Any) -> None:
    few = read_generated(DONATIONS)
    many = benchmark.pedantic(read_generated, (10 * DONATIONS,), rounds=1)
    ratio = many["peak_bytes"] / few["peak_bytes"]
    benchmark.extra_info.update(**many, ratio=ratio)
    assert (few["donations"], many["donations"]) == (DONATIONS, 10 * DONATIONS)
    assert ratio < 1.2


def read_generated(donations: int) -> dict[str, int]:
    """Return what a process of its own needs to read so many."""
    script = Path(__file__).with_name("generated_chain.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parents[2])}
    done = subprocess.run(
        [sys.executable, str(script), str(donations)], check=True, capture_output=True, env=environment
    )
    told: dict[str, int] = json.loads(done.stdout)
    return told
