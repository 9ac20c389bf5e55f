"""A round settled out of core publishes the very bytes that settling in memory does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("polars", reason="polars is not installed")

import polars as pl

from qf.codec.bundle import write_bundle
from qf.codec.donations import read_donations
from qf.codec.reconciliation_file import donations_digest, reconciliation_bytes
from qf.errors import (
    BundleError,
    DonationError,
    InputError,
    MissingPriceError,
    NoMatchError,
    UnreconciledError,
)
from qf.inputs import Inputs
from qf.ledger import Donation
from qf.outofcore import settle_out_of_core
from qf.outofcore.run import Sizes, settle_dataset
from qf.reconciliation import Reconciliation
from qf.result import RoundResult
from qf.round import Round
from qf.rules import round_of
from qf.settle import settle_inputs
from qf.verify import verify
from tests.properties.test_bundle import TOKENS, Case, cases, contents, folders

SMALL = Sizes(part_rows=3, batch_rows=4, bucket_parts=2)
"""So that a handful of donations takes every path."""


def dataset(folder: Path, donations: list[Donation], files: int = 2) -> Path:
    """Write donations as Parquet, in several files."""
    folder.mkdir()
    for number in range(files):
        rows = donations[number::files]
        columns = {
            "donor": [row.donor for row in rows],
            "project": [row.project for row in rows],
            "amount": [str(row.amount) for row in rows],
            "token": [row.token for row in rows],
            "time": [row.time for row in rows],
            "id": [row.id for row in rows],
            "side": ["against" if row.against else None for row in rows],
        }
        schema = dict.fromkeys(columns, pl.String()) | {"time": pl.Int64()}
        pl.DataFrame(columns, schema=schema).write_parquet(folder / f"{number}.parquet")
    return folder


def out_of_core(case: Case, source: Path, folder: Path, sizes: Sizes = SMALL, **options: Any) -> RoundResult:
    plain = {"scheduler": None, "workers": 1, "progress": lambda *told: None, **options}
    return settle_dataset(case.round, source, folder, case.facts, sizes=sizes, **plain)


def in_memory(case: Case, source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RoundResult:
    decimals = {token: places for token, (_, places) in TOKENS.items()}
    ledger = read_donations(source, unit_decimals=case.round.unit_decimals, token_decimals=decimals)
    inputs = Inputs.of(case.round, ledger, **case.facts)
    result = settle_inputs(case.round, inputs)
    monkeypatch.setattr("qf.codec.bundle.part_count", lambda rows: parts_of_three(rows))
    write_bundle(folder, case.round, inputs, result)
    return result


def parts_of_three(rows: int) -> int:
    from qf.codec.parts import part_count

    return part_count(rows, SMALL.part_rows)


def outcome(call: Any) -> Any:
    """Return what a call returns, or the kind of error it raises."""
    try:
        return call()
    except (InputError, NoMatchError, MissingPriceError) as error:
        return type(error)


@settings(suppress_health_check=list(HealthCheck), max_examples=200)
@given(cases(), st.integers(1, 3))
def test_any_small_round_gives_the_bytes_of_the_in_memory_path(case: Case, files: int) -> None:
    with folders() as folder, pytest.MonkeyPatch.context() as patch:
        source = dataset(folder / "source", case.donations, files)
        expected = outcome(lambda: in_memory(case, source, folder / "memory", patch))
        got = outcome(lambda: out_of_core(case, source, folder / "core"))
        assert got == expected
        if isinstance(expected, RoundResult):
            assert contents(folder / "core") == contents(folder / "memory")
            assert verify(folder / "core") == replace(expected, round=verify(folder / "memory").round)


def larger(rows: int = 700, seed: int = 1) -> Case:
    """A round of a few thousand donations with links, weights, prices, exclusions and a minimum."""
    random = Random(seed)
    gifts = [
        Donation(
            f"d{random.randrange(300)}",
            f"p{random.randrange(12)}",
            str(random.randrange(1, 900)),
            random.choice(["", "DAI"]),
            random.randrange(90, 210),
        )
        for _ in range(rows)
    ]
    round = round_of({
        "round": {"id": "larger", "unit_decimals": 2, "opens": 100, "closes": 200},
        "pool": {"amount": "100000", "match_cap_fraction": "0.2"},
        "eligibility": {"min_donation": "300", "excluded_donors": ["d7"]},
    })  # fmt: skip
    facts = {
        "weights": {f"d{number}": f"0.{number % 10}" for number in range(0, 300, 3)},
        "links": {f"d{number}": f"d{number + 1}" for number in range(0, 120, 4)},
        "prices": TOKENS,
        "projects": [{"id": f"p{number}", "owners": [f"d{number}"]} for number in range(11)],
    }
    return Case(round, gifts, facts)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_larger_round_gives_the_same_bytes_in_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    case = larger()
    source = dataset(tmp_path / "source", case.donations)
    told: list[tuple[int, int, str]] = []
    got = out_of_core(
        case,
        source,
        tmp_path / "core",
        replace(SMALL, batch_rows=150, bucket_parts=64),
        workers=workers,
        progress=lambda *args: told.append(args),
    )
    assert got == in_memory(case, source, tmp_path / "memory", monkeypatch)
    assert contents(tmp_path / "core") == contents(tmp_path / "memory")
    assert len(list((tmp_path / "core" / "donations").iterdir())) == 256
    assert set(got.excluded) >= {"before_opening", "after_closing", "donor_excluded", "self_donation", "below_minimum"}
    assert (told[0], told[-1]) == ((0, 700, "reading donations"), (700, 700, "counting donations"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    import dask

    quiet = {"distributed.worker.use-file-locking": False, "distributed.admin.system-monitor.gil.enabled": False}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as started,
    ):
        yield started.scheduler_address


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_larger_round_gives_the_same_bytes_on_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: str
) -> None:
    case = larger()
    source = dataset(tmp_path / "source", case.donations)
    sizes = replace(SMALL, batch_rows=150, bucket_parts=256)
    got = out_of_core(case, source, tmp_path / "core", sizes, scheduler=cluster)
    assert got == in_memory(case, source, tmp_path / "memory", monkeypatch)
    assert contents(tmp_path / "core") == contents(tmp_path / "memory")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_an_error_on_a_cluster_is_the_error_here(tmp_path: Path, cluster: str) -> None:
    case = Case(round_of({"round": {"id": "r"}, "pool": {"amount": "1"}}), [Donation("a", "p", "-1")], {})
    with pytest.raises(DonationError, match=r"0\.parquet row 1, column amount: '-1' is negative") as caught:
        out_of_core(case, dataset(tmp_path / "source", case.donations), tmp_path / "core", scheduler=cluster)
    assert len(caught.value.problems) == 1


def settle(tmp_path: Path, frames: list[Any], **facts: Any) -> RoundResult:
    """Settle Parquet files by the public function."""
    source = tmp_path / "source"
    source.mkdir()
    for number, frame in enumerate(frames):
        frame.write_parquet(source / f"{number}.parquet")
    return settle_out_of_core(a_round(), source, tmp_path / "core", **facts)


def a_round() -> Round:
    return round_of({"round": {"id": "r"}, "pool": {"amount": "100"}})


def test_every_malformed_row_of_every_file_is_named_and_nothing_written(tmp_path: Path) -> None:
    good = pl.DataFrame({"donor": ["a", "b"], "project": ["p", "p"], "amount": ["1", "2"]})
    bad = pl.DataFrame({"donor": ["a", " b"], "project": ["p", ""], "amount": ["x", "2"]})
    with pytest.raises(DonationError) as caught:
        settle(tmp_path, [good, bad, bad])
    told = [problem.where.rpartition("/")[2] for problem in caught.value.problems]
    rows = ["row 1, column amount", "row 2, column donor", "row 2, column project"]
    assert sorted(told) == [f"{number}.parquet {row}" for number in (1, 2) for row in rows]
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_files_of_another_kind_or_with_other_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(DonationError, match=r"0.parquet: column 'amount' is missing|column 'donation' is not known"):
        settle(tmp_path, [pl.DataFrame({"donor": ["a"], "project": ["p"], "donation": ["1"]})])
    (tmp_path / "donations.csv").write_text("donor,project,amount\na,p,1\n")
    with pytest.raises(DonationError, match="is not a Parquet file; only Parquet is settled out of core"):
        settle_out_of_core(a_round(), tmp_path / "donations.csv", tmp_path / "core")


def test_an_id_that_occurs_in_two_files_is_named_and_nothing_written(tmp_path: Path) -> None:
    frames = [pl.DataFrame({"donor": [donor], "project": ["p"], "amount": [1], "id": ["x"]}) for donor in ("a", "b")]
    with pytest.raises(DonationError, match="donation 'x': the id occurs more than once"):
        settle(tmp_path, frames)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_facts_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "weights.csv").write_text("donor,weight\na,0.25\n")
    (tmp_path / "links.csv").write_text("account,identity\nc,a\n")
    (tmp_path / "prices.csv").write_text("token,price,decimals\nDAI,2,2\n")
    (tmp_path / "projects.csv").write_text("project,title\np,Well\nq,Bus\n")
    gifts = pl.DataFrame({"donor": ["a", "b", "c"], "project": ["p", "p", "p"], "amount": [1, 4, 9]})
    files = {name: tmp_path / f"{name}.csv" for name in ("weights", "links", "prices", "projects")}
    result = settle(tmp_path, [gifts], **files)
    assert (result.donors, result["p"].contributed, list(result.payouts)) == (2, 14, ["p", "q"])
    assert verify(tmp_path / "core").payouts == result.payouts


def test_an_empty_dataset_settles_like_an_empty_ledger(tmp_path: Path) -> None:
    nothing = pl.DataFrame(schema=dict.fromkeys(("donor", "project", "amount"), pl.String))
    result = settle(tmp_path, [nothing])
    assert (result.projects, result.unspent) == ((), 100)
    assert verify(tmp_path / "core").unspent == 100


def test_a_folder_that_is_no_bundle_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "mine.txt").write_text("x")
    with pytest.raises(BundleError, match="not a bundle"):
        settle(tmp_path, [pl.DataFrame({"donor": ["a"], "project": ["p"], "amount": [1]})])
    assert (tmp_path / "core" / "mine.txt").read_text() == "x"


def test_out_of_core_when_the_round_asks_for_a_reconciliation_then_only_with_one_of_these_donations(
    tmp_path: Path,
) -> None:
    gifts = [Donation(name, "well", 4, id=name) for name in ("ann", "bob")]
    source = dataset(tmp_path / "in", gifts)
    round = round_of({"round": {"id": "r", "reconciled": True}, "pool": {"amount": "10"}})
    with pytest.raises(UnreconciledError, match="there is none"):
        settle_out_of_core(round, source, tmp_path / "b")
    report = Reconciliation(donations_digest(read_donations(source)), 2, 0, (), ())
    with pytest.raises(UnreconciledError, match="other donations"):
        settle_out_of_core(round, source, tmp_path / "b", reconciliation=replace(report, donations="00" * 32))
    assert not (tmp_path / "b").exists()
    (tmp_path / "r.json").write_bytes(reconciliation_bytes(report))
    assert settle_out_of_core(round, source, tmp_path / "b", reconciliation=tmp_path / "r.json").payouts == {"well": 10}
    assert verify(tmp_path / "b").donations == 2
