"""Every way in which a ledger and a chain can differ is a line that says which, where, and what both sides have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec.structs as struct
import pytest

pytest.importorskip("polars", reason="polars is not installed")

from qf.chain.chain_file import ChainFile, chain_file_of
from qf.chain.ledger import asset_name, ledger_of_chain, write_donations
from qf.chain.node.reader import Trust
from qf.chain.reconcile import reconcile
from qf.chain.store import Store
from qf.chain.sync import sync_all
from qf.chain.types import NATIVE, Address, ChainId, Hash
from qf.codec.donations import read_donations
from qf.eligibility import Project
from qf.ledger import DonationLedger
from qf.reconciliation import Finding, Line, Override, Reconciliation
from qf.round import Pool, Round
from qf.units import BaseUnits
from tests.unit.chain.fake_chain import OTHER_TOKEN, TOKEN, VAULT, FakeChain, Gift, account, key, word

ROUND = Round("demo", Pool(BaseUnits(100)))
GIFTS = [Gift(account(0), "well", 7), Gift(account(1), "bus", 8), Gift(account(2), "well", 2**100)]


def a_file(**source: Any) -> ChainFile:
    vault = {"kind": "donation_round", "from_block": 0, "contract": VAULT, "tokens": [TOKEN, OTHER_TOKEN], **source}
    return chain_file_of(
        {
            "chain": [{"id": 1, "source": [vault]}],
            "token": [{"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}],
            "projects": {"well": key("well"), "bus": key("bus")},
        }
    )


@dataclass
class Setting:
    """A chain with the gifts on it, and the ledger the operator has."""

    chain: FakeChain
    store: Store
    rows: list[dict[str, Any]]
    folder: Path
    file: ChainFile
    round: Round = ROUND
    projects: list[Project] | None = None

    def reconcile(self, *overrides: Override, until: Any = "latest") -> Reconciliation:
        read = sync_all(self.file, [self.chain], self.store, until=until)
        return reconcile(self.round, self.ledger(), self.file, read, self.store, overrides, self.projects)

    def ledger(self) -> DonationLedger:
        import polars as pl

        path = self.folder / "ledger.csv"
        pl.DataFrame(self.rows, schema=dict.fromkeys(COLUMNS, pl.String)).write_csv(path)
        return read_donations(path, token_decimals={"jpyc": 18})

    def found(self, **options: Any) -> list[tuple[Finding, str]]:
        return [(line.finding, line.place) for line in self.reconcile(**options).lines]

    def line(self) -> Line:
        (line,) = self.reconcile().lines
        return line


COLUMNS = ("id", "donor", "project", "amount_base", "token", "time")


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    """A chain, read up to its end, and a ledger that says just what it holds."""
    with a_setting(tmp_path) as made:
        yield made


@contextmanager
def a_setting(folder: Path, gifts: list[Gift] = GIFTS, finality: int = 0) -> Iterator[Setting]:
    chain = FakeChain(finality=finality)
    for gift in gifts:
        chain.mine([gift])
    with Store(folder / "store") as store:
        made = Setting(chain, store, [], folder, a_file())
        copy_from_chain(made)
        yield made


def copy_from_chain(made: Setting) -> None:
    """Let the ledger be what `qf chain sync --donations` writes."""
    import polars as pl

    (read,) = sync_all(made.file, [made.chain], made.store, until="latest")
    vault, *_ = ledger_of_chain(made.file, read.entry, made.store, read.synced.last.number)
    write_donations(made.folder / "chain.csv", vault.donations)
    made.rows = pl.read_csv(made.folder / "chain.csv", infer_schema=False).to_dicts()


def test_reconcile_when_the_ledger_is_what_was_read_then_nothing_differs(setting: Setting) -> None:
    found = setting.reconcile()
    assert found.lines == ()
    assert (found.compared, found.elsewhere) == (3, 0)
    (evidence,) = found.evidence
    assert (evidence.donations, evidence.block, evidence.block_hash) == (3, 3, setting.chain.head.hash)
    assert "running hash" in evidence.proof
    assert chain_file_of(found.sources).published == setting.file.published


@pytest.mark.parametrize(
    ("column", "value", "finding"),
    [
        ("amount_base", "9", Finding.DIFFERENT_AMOUNT),
        ("donor", account(7), Finding.DIFFERENT_DONOR),
        ("project", "bus", Finding.DIFFERENT_PROJECT),
        ("token", "", Finding.DIFFERENT_TOKEN),
        ("time", "5", Finding.DIFFERENT_TIME),
    ],
)
def test_reconcile_when_the_ledger_says_something_else_then_that_is_the_line(
    setting: Setting, column: str, value: str, finding: Finding
) -> None:
    setting.rows[0][column] = value
    assert setting.found() == [(finding, setting.rows[0]["id"])]


def test_reconcile_when_the_ledger_lacks_a_donation_then_said(setting: Setting) -> None:
    gone = setting.rows.pop()
    assert setting.line().finding is Finding.MISSING_IN_LEDGER
    assert setting.line().place == gone["id"]
    assert str(2**100) in setting.line().source


def test_reconcile_when_the_chain_knows_no_such_transaction_then_missing(setting: Setting) -> None:
    setting.rows.append({**setting.rows[0], "id": f"eip155:1/0x{'12' * 32}/0"})
    assert setting.line().finding is Finding.MISSING_IN_SOURCE
    assert "knows no such transaction" in setting.line().source


def test_reconcile_when_the_log_is_of_another_contract_then_spoofed(setting: Setting) -> None:
    real = setting.chain.blocks[1].logs[1]
    forged = struct.replace(real, address=account(66), log_index=7)
    setting.chain.blocks[1].logs.append(forged)
    setting.rows.append({**setting.rows[0], "id": f"eip155:1/{real.tx_hash}/7"})
    assert setting.line().finding is Finding.SPOOFED_EMITTER
    assert account(66) in setting.line().source


def test_reconcile_when_the_log_is_no_donation_then_missing(setting: Setting) -> None:
    transaction = setting.rows[0]["id"].split("/")[1]
    setting.rows.append({**setting.rows[0], "id": f"eip155:1/{transaction}/0"})
    assert setting.line().finding is Finding.MISSING_IN_SOURCE
    assert "is no donation" in setting.line().source


def test_reconcile_when_the_transaction_failed_then_said(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    known = setting.chain.receipt(Hash(setting.rows[0]["id"].split("/")[1]))
    assert known is not None
    setting.rows.append({**setting.rows[0], "id": f"eip155:1/0x{'12' * 32}/0"})
    monkeypatch.setattr(setting.chain, "receipt", lambda _: replace(known, succeeded=False, logs=()))
    assert setting.line().finding is Finding.FAILED_TRANSACTION


def test_reconcile_when_a_reorganisation_took_the_donation_then_orphaned(tmp_path: Path) -> None:
    with a_setting(tmp_path, finality=1) as made:
        orphan = made.rows[2]["id"]
        made.chain.reorganise(1, [[], []])
        line = next(line for line in made.reconcile().lines if line.place == orphan)
        assert line.finding is Finding.ORPHANED
        assert "block 3" in line.source


def test_reconcile_when_the_last_block_is_not_final_then_incomplete(setting: Setting) -> None:
    setting.chain.finality = 1
    assert setting.found() == [(Finding.INCOMPLETE, "eip155:1/donation_round/0, finality")]


def test_reconcile_when_a_token_is_unknown_then_said_and_it_is_not_missing(tmp_path: Path) -> None:
    with a_setting(tmp_path, [*GIFTS, Gift(account(3), "well", 5, OTHER_TOKEN)]) as made:
        assert len(made.rows) == 3
        line = made.line()
        assert line.finding is Finding.UNKNOWN_TOKEN
        assert asset_name(ChainId(1), OTHER_TOKEN) in line.source


def test_reconcile_when_a_project_is_unknown_then_said(tmp_path: Path) -> None:
    with a_setting(tmp_path, [Gift(account(3), "pier", 5)]) as made:
        assert [(finding, place) for finding, place in made.found()] == [(Finding.UNKNOWN_PROJECT, made.rows[0]["id"])]
        assert made.rows[0]["project"] == key("pier")


@pytest.mark.parametrize("window", [{"opens": 1_020}, {"closes": 1_030}])
def test_reconcile_when_a_donation_is_out_of_the_window_then_said(setting: Setting, window: dict[str, int]) -> None:
    setting.round = replace(ROUND, **window)  # type: ignore[arg-type]
    early = "opens" in window
    assert setting.found() == [(Finding.OUT_OF_WINDOW, setting.rows[0 if early else 2]["id"])]


def test_reconcile_when_a_project_is_not_of_the_round_then_said(setting: Setting) -> None:
    setting.projects = [Project("well")]
    assert setting.found() == [(Finding.UNKNOWN_PROJECT, setting.rows[1]["id"])]
    assert setting.reconcile().projects == {"well": ""}


def test_reconcile_when_the_money_went_elsewhere_then_said(tmp_path: Path) -> None:
    source = {"kind": "transfers", "from_block": 0, "payees": [VAULT], "tokens": [TOKEN], "native": False}
    token = {"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}
    with a_setting(tmp_path) as made, Store(tmp_path / "another") as store:
        made.store = store
        made.file = chain_file_of(
            {"chain": [{"id": 1, "source": [source]}], "token": [token], "projects": {"well": VAULT}}
        )
        copy_from_chain(made)
        made.projects = [Project("well", payout_address="0x" + VAULT[2:].upper())]
        assert made.found() == []
        made.projects = [Project("well", payout_address=account(5))]
        lines = made.reconcile().lines
        assert {line.finding for line in lines} == {Finding.DIFFERENT_PAYEE}
        assert (lines[0].ledger, lines[0].source) == (account(5), VAULT)


def test_reconcile_when_a_row_from_elsewhere_says_the_same_then_duplicated(setting: Setting) -> None:
    setting.rows.append({**setting.rows[0], "id": "desk/17"})
    assert setting.found() == [(Finding.DUPLICATED, "desk/17")]
    assert (setting.reconcile().compared, setting.reconcile().elsewhere) == (3, 1)


def test_reconcile_when_no_transfer_backs_the_amount_then_said(tmp_path: Path) -> None:
    chain = FakeChain(finality=0)
    chain.unbacked = 1
    chain.mine([GIFTS[0]])
    with Store(tmp_path / "store") as store:
        made = Setting(chain, store, [], tmp_path, a_file())
        copy_from_chain(made)
        assert made.line().finding is Finding.UNBACKED
        assert made.line().source == "transferred 6"


def test_reconcile_when_no_node_sent_the_transfer_then_it_is_found_in_the_receipts(setting: Setting) -> None:
    setting.chain.hidden = {log.place for block in setting.chain.blocks for log in block.logs if log.address == TOKEN}
    setting.store = Store(setting.folder / "another")
    try:
        assert setting.found() == []
        assert not any(log.address == TOKEN for log in setting.store.logs("eip155:1/donation_round/0", 99))
    finally:
        setting.store.close()


def test_reconcile_when_a_source_ends_before_the_chain_then_its_contract_is_asked_as_of_its_end(
    setting: Setting,
) -> None:
    setting.file = a_file(to_block=2)
    del setting.rows[2]
    setting.store = Store(setting.folder / "another")
    try:
        found = setting.reconcile()
        assert (found.lines, found.evidence[0].block, found.evidence[0].donations) == ((), 2, 2)
    finally:
        setting.store.close()


def test_reconcile_when_the_vault_holds_more_than_its_books_say_then_balance_differs(setting: Setting) -> None:
    setting.chain.surplus = 3
    places = [f"eip155:1/donation_round/0, token {token}, balance" for token in (TOKEN, OTHER_TOKEN)]
    assert setting.found() == [(Finding.BALANCE_DIFFERS, place) for place in places]


def test_reconcile_when_the_count_is_not_what_was_read_then_incomplete(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qf.chain.sources.donation_round import DonationRound

    real = DonationRound.facts
    monkeypatch.setattr(
        DonationRound, "facts", lambda self, reader, at: replace(real(self, reader, at), running_hash=Hash("0x01"))
    )
    assert setting.found() == [(Finding.INCOMPLETE, "eip155:1/donation_round/0, running hash")]


def test_reconcile_when_the_pinned_code_is_another_then_said_for_both_ends(setting: Setting) -> None:
    setting.file = a_file(code_hash="0x" + "11" * 32)
    assert setting.found() == [(Finding.CODE_DIFFERS, f"{VAULT} at block {end}") for end in (0, 3)]
    setting.file = a_file(code_hash=setting.chain.code_hash(VAULT, setting.chain.head))
    assert setting.found() == []


def test_reconcile_when_a_log_cannot_be_read_then_said(setting: Setting) -> None:
    log = setting.chain.blocks[2].logs[1]
    setting.chain.mine([])
    bad = struct.replace(
        log, data=log.data[:-1], block_number=4, block_hash=setting.chain.head.hash, tx_hash=Hash("0x" + "77" * 32)
    )
    setting.chain.blocks[4].logs.append(bad)
    assert setting.found() == [(Finding.UNREADABLE, f"eip155:1/{bad.tx_hash}/1")]


@pytest.mark.parametrize(("proof", "expected"), [(Trust.NODE, [Finding.INCOMPLETE]), (Trust.BLOOM, [])])
def test_reconcile_when_nothing_proves_completeness_but_the_node_then_incomplete(
    tmp_path: Path, proof: Trust, expected: list[Finding]
) -> None:
    source = {"kind": "transfers", "from_block": 0, "payees": [VAULT], "tokens": [TOKEN], "native": False}
    token = {"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}
    with a_setting(tmp_path) as made, Store(tmp_path / "another") as store:
        made.file = chain_file_of({"chain": [{"id": 1, "proof": proof, "source": [source]}], "token": [token]})
        made.store = store
        copy_from_chain(made)
        assert [finding for finding, _ in made.found()] == expected


def test_reconcile_when_a_line_is_overridden_then_it_is_resolved(setting: Setting) -> None:
    gone = setting.rows.pop()
    said = Override(Finding.MISSING_IN_LEDGER, gone["id"], "the donor asked for it back")
    found = setting.reconcile(said)
    assert [line.override for line in found.lines] == ["the donor asked for it back"]
    assert not found.unresolved


def test_ledger_when_the_ids_are_in_upper_case_then_they_are_the_same(setting: Setting) -> None:
    prefix, transaction, place = setting.rows[0]["id"].split("/")
    setting.rows[0]["id"] = f"{prefix}/0x{transaction[2:].upper()}/{place}"
    assert setting.found() == []


ODD = [
    "EIP155:1/{tx}/1",
    "eip155:01/{tx}/1",
    "eip155:1:{tx}/1",
    "eip155:999/{tx}/1",
    "eip155:1 /{tx}/1",
    "\uff45ip155:1/{tx}/1",
    "eip155:1/{tx}/01",
    "eip155:1/{tx}/\uff11",
    "eip155:1/foo",
    "eip155:1/",
    "eip155:1/{tx}/" + "9" * 5000,
    "eip155",
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_reconcile_when_an_id_claims_a_chain_however_it_is_spelled_then_it_is_compared(
    setting: Setting, odd: str
) -> None:
    name = odd.replace("{tx}", "0x" + "12" * 32)
    setting.rows.append({**setting.rows[0], "id": name, "amount_base": "1000000"})
    found = setting.reconcile()
    assert [line.finding for line in found.lines] == [Finding.MISSING_IN_SOURCE]
    assert (found.compared, found.elsewhere) == (4, 0)


def test_reconcile_when_the_round_is_still_open_then_incomplete(setting: Setting) -> None:
    setting.round = replace(ROUND, closes=1_031)
    assert setting.found() == [(Finding.INCOMPLETE, "eip155:1/donation_round/0, window")]
    setting.chain.mine([])
    assert setting.found() == []


def test_reconcile_when_the_ledger_has_no_times_then_said(setting: Setting) -> None:
    for row in setting.rows:
        row["time"] = ""
    assert {finding for finding, _ in setting.found()} == {Finding.DIFFERENT_TIME}


def test_reconcile_when_a_contract_of_the_round_pays_a_project_then_that_is_no_second_gift(tmp_path: Path) -> None:
    payee = account(50)
    plain = {"kind": "transfers", "from_block": 0, "payees": [payee], "tokens": [TOKEN], "native": False}
    vault = {"kind": "donation_round", "from_block": 0, "contract": VAULT, "tokens": [TOKEN]}
    token = {"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}
    with a_setting(tmp_path) as made, Store(tmp_path / "another") as store:
        moved = made.chain.blocks[1].logs[0]
        paid = struct.replace(moved, topics=(moved.topics[0], word(VAULT), word(payee)), log_index=9)
        made.chain.blocks[1].logs.append(paid)
        made.store = store
        made.file = chain_file_of({"chain": [{"id": 1, "source": [vault, plain]}], "token": [token]})
        copy_from_chain(made)
        assert [line.place for line in made.reconcile().lines if line.finding is Finding.DUPLICATED] == [
            f"eip155:1/{paid.tx_hash}/9"
        ]


def test_reconcile_when_somebody_transfers_nothing_then_nobody_has_to_look(tmp_path: Path) -> None:
    source = {"kind": "transfers", "from_block": 0, "payees": [VAULT], "tokens": [TOKEN], "native": False}
    token = {"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}
    with a_setting(tmp_path) as made, Store(tmp_path / "another") as store:
        moved = made.chain.blocks[1].logs[0]
        made.chain.blocks[1].logs.append(struct.replace(moved, data=bytes(32), log_index=9))
        made.store = store
        made.file = chain_file_of({"chain": [{"id": 1, "source": [source]}], "token": [token]})
        copy_from_chain(made)
        assert made.found() == []


@pytest.mark.parametrize("count", [2**256 - 1, 3 * 10**8])
def test_reconcile_when_the_contract_counts_without_end_then_incomplete(
    setting: Setting, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qf.chain.sources.donation_round import DonationRound

    real = DonationRound.facts
    monkeypatch.setattr(DonationRound, "facts", lambda self, reader, at: replace(real(self, reader, at), count=count))
    assert setting.found() == [(Finding.INCOMPLETE, "eip155:1/donation_round/0, count")]


def test_asset_name_when_the_coin_of_the_chain_then_by_caip() -> None:
    assert asset_name(ChainId(10), NATIVE) == "eip155:10/native"
    assert asset_name(ChainId(10), Address(TOKEN)) == f"eip155:10/erc20:{TOKEN}"
