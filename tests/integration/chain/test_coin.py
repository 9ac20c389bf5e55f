"""Gifts in the coin of the chain: whole blocks, whose transactions and senders no node can make up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from qf.chain.chain_file import ChainFile, chain_file_of
from qf.chain.ledger import ledger_of_chain
from qf.chain.node import endpoint, panel
from qf.chain.store import Store
from qf.chain.sync import readers, sync_all
from qf.errors import UnprovableError
from tests.integration.chain.anvil import Anvil, anvil
from tests.integration.chain.proxy import STRANGER, proxy

PAYEE = "0x" + "9a" * 20
"""Where the project takes gifts."""

KINDS: tuple[Mapping[str, Any], ...] = (
    {"gasPrice": "0x77359400"},
    {"gasPrice": "0x77359400", "accessList": []},
    {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1"},
)
"""How a gift may be sent: legacy, with an access list, with a fee of EIP-1559."""


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil("--slots-in-an-epoch", "1") as running:
        for place, kind in enumerate(KINDS):
            gift = {"from": running.accounts[place], "to": PAYEE, "value": hex(10**18 + place), "gas": "0x7530"}
            running.rpc("eth_sendTransaction", {**gift, **kind})
        running.rpc("evm_mine")
        running.rpc("evm_mine")
        yield running


QUICK = {"requests_per_second": 1000}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(endpoint, "REST", 0.001)


def a_file(*endpoints: str) -> ChainFile:
    source = {"kind": "transfers", "payees": [PAYEE], "from_block": 0}
    one = {"id": 31337, "proof": "receipts", "endpoints": list(endpoints), "quorum": 1, "source": [source]} | QUICK
    return chain_file_of({"chain": [one]})


def read(file: ChainFile, path: Path) -> list[tuple[str, str, int]]:
    with Store(path) as store, readers(file) as opened:
        (synced,) = sync_all(file, opened, store, until="latest")
        (found,) = ledger_of_chain(file, synced.entry, store, synced.synced.last.number)
    return [(gift.donation.donor, gift.donation.project, gift.donation.amount) for gift in found.donations]


def test_gifts_of_every_kind_of_transaction_are_read(chain: Anvil, tmp_path: Path) -> None:
    given = [(chain.accounts[place].lower(), PAYEE, 10**18 + place) for place in range(len(KINDS))]
    found = read(a_file(chain.url), tmp_path / "s")
    assert [(donor.rpartition(":")[2], project.rpartition(":")[2], amount) for donor, project, amount in found] == given


def test_a_node_that_makes_gifts_larger_is_not_believed_and_another_is_asked(chain: Anvil, tmp_path: Path) -> None:
    with proxy(chain.url, sent={"value": hex(10**21)}) as liar:
        with pytest.raises(UnprovableError, match="its transactions of block 1 are not those of the header"):
            read(a_file(liar.url), tmp_path / "alone")
        assert read(a_file(liar.url, chain.url), tmp_path / "both") == read(a_file(chain.url), tmp_path / "honest")


def test_a_node_that_makes_up_who_gave_changes_nothing(chain: Anvil, tmp_path: Path) -> None:
    with proxy(chain.url, sent={"from": STRANGER}) as liar:
        assert read(a_file(liar.url), tmp_path / "liar") == read(a_file(chain.url), tmp_path / "honest")


def test_a_node_that_names_transactions_otherwise_is_not_believed(chain: Anvil, tmp_path: Path) -> None:
    with proxy(chain.url, sent={"hash": "0x" + "0d" * 32}) as liar, pytest.raises(UnprovableError, match="misnames"):
        read(a_file(liar.url), tmp_path / "s")
