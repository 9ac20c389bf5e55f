"""Every published round, settled again: `qf replay` finds no difference, and finds one where there is one."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qf.replay import Replay, replay_folder
from tests.unit.cli.command import qf, told

ROUNDS = {
    "TEGR2": 14,
    "TEGR3": 20,
    "TEGR3 boosted": 20,
    "clr.fund, Clr.fund": 82,
    "clr.fund, SpaghettETH": 10,
    "clr.fund, EthStaker": 25,
    "Beyond Conference 2025": 7,
}
"""Every published round, and how many projects it had."""

EXACT = {"clr.fund, Clr.fund", "clr.fund, SpaghettETH", "clr.fund, EthStaker"}
"""Rounds whose contracts paid integers."""

NEEDED = (
    "data/tec_rounds/tegr2_Token_Engineering_squelched_coefficients.csv",
    "data/tec_rounds/tegr2_results.csv",
    "data/tec_rounds/tegr3_vote_coefficients-0x0F0b9d9F72C1660905C57864e79CeB409ADa0C9e.csv",
    "data/tec_rounds/tegr3_grants.csv",
    "data/tec_rounds/tegr3_tool_results.csv",
    "data/tec_rounds/tegr3_tec_holders.csv",
    "data/tec_rounds/tegr3_tea_holders.csv",
    "data/clrfund_rounds/arbitrum_0x96FBFf5171C38e8dbdEB1E8F559b94436A14529b.json",
    "data/quadratic_vote_2025/candidates.csv",
    "data/quadratic_vote_2025/votes.csv",
    "data/quadratic_vote_2025/results/voting_methods_comparison.csv",
    "vectors/clrfund_alpha.json",
)
"""What a replay of most rounds reads, so that a copy of it can be changed."""


@pytest.fixture(scope="module")
def replays(shared: Path) -> dict[str, Replay]:
    return {replay.name: replay for replay in replay_folder(shared / "data")}


def test_replay_when_every_published_round_is_settled_again_then_all_are_there(replays: dict[str, Replay]) -> None:
    assert {name: len(replay.rows) for name, replay in replays.items()} == ROUNDS


@pytest.mark.parametrize("name", ROUNDS)
def test_replay_when_a_published_round_is_settled_again_then_nothing_differs(
    name: str, replays: dict[str, Replay]
) -> None:
    replay = replays[name]
    differing = {row.project: row.difference for row in replay.rows if abs(row.difference) > replay.tolerance}
    assert differing == {}
    assert replay.agrees
    assert (replay.tolerance == 0) == (name in EXACT)
    assert replay.largest_difference <= replay.tolerance
    assert sum(row.expected for row in replay.rows) > 0


def test_qf_replay_when_all_agree_then_it_says_so(shared: Path) -> None:
    done = qf("replay", shared / "data")
    assert (done.exit_code, done.stderr) == (0, "")
    summary = done.stdout.split("Published rounds\n")[1]
    assert summary.count("agrees") == len(ROUNDS) and "DIFFERS" not in summary
    assert all(name in summary for name in ROUNDS)


@pytest.fixture
def copy(shared: Path, tmp_path: Path) -> Path:
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared / name, tmp_path / name)
    return tmp_path


def _change_cell(path: Path, column: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    row = next(row for row in rows if float(row[column] or 0))
    row[column] = str(float(row[column]) * (1 + 1e-5))
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _tegr2(folder: Path) -> None:
    _change_cell(folder / "data/tec_rounds/tegr2_results.csv", "matching")


def _tegr3(folder: Path) -> None:
    _change_cell(folder / "data/tec_rounds/tegr3_tool_results.csv", "Matching Funds Not Boosted")


def _tegr3_boosted(folder: Path) -> None:
    _change_cell(folder / "data/tec_rounds/tegr3_tool_results.csv", "Matching Funds Boosted")


def _beyond(folder: Path) -> None:
    _change_cell(folder / "data/quadratic_vote_2025/results/voting_methods_comparison.csv", "budget_allocation_qv")


def _spaghetteth(folder: Path) -> None:
    path = folder / NEEDED[7]
    document = json.loads(path.read_text("utf-8"))
    project = next(project for project in document["projects"] if int(project["allocatedAmount"]))
    project["allocatedAmount"] = str(int(project["allocatedAmount"]) + 1)
    path.write_text(json.dumps(document), "utf-8")


def _ethstaker(folder: Path) -> None:
    path = folder / NEEDED[-1]
    document = json.loads(path.read_text("utf-8"))
    for case in document["cases"]:
        if case["id"] == "clrfund.alpha.ethstaker_real_round":
            case["expected"]["allocated"][5] = str(int(case["expected"]["allocated"][5]) + 1)
    path.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("TEGR2", _tegr2),
        ("TEGR3", _tegr3),
        ("TEGR3 boosted", _tegr3_boosted),
        ("clr.fund, SpaghettETH", _spaghetteth),
        ("clr.fund, EthStaker", _ethstaker),
        ("Beyond Conference 2025", _beyond),
    ],
)
def test_qf_replay_when_one_published_number_is_another_then_that_round_differs(
    name: str, change: Callable[[Path], None], copy: Path
) -> None:
    change(copy)
    document = told("replay", copy / "data", code=1)
    assert [replay["name"] for replay in document["replays"] if not replay["agrees"]] == [name]
    done = qf("replay", copy / "data")
    assert done.exit_code == 1
    assert [line.split("  ")[0] for line in done.stdout.splitlines() if "DIFFERS" in line] == [name]


def test_qf_replay_when_the_folder_holds_no_known_round_then_it_says_which_are_known(tmp_path: Path) -> None:
    done = qf("replay", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "tec_rounds" in done.stderr
