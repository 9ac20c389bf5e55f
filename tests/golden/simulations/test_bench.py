"""QF-Bench: the committed page is what the command makes, as far as a small part of it is made again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulations.bench.calibration import compared
from simulations.bench.page import fit_table, track_table
from simulations.bench.running import HONEST, bench, one_round
from simulations.bench.setting import ATTACKS, MECHANISMS, TRACKS, VERSION, setting_digest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def page() -> str:
    return (REPOSITORY / "docs/reference/qf-bench.md").read_text("utf-8")


def cells(text: str, section: str) -> list[list[str]]:
    """The cells of the first table of a section."""
    part = re.split(r"^## ", text, flags=re.MULTILINE)
    (found,) = (piece for piece in part if piece.startswith(section))
    return [line.strip("| ").split(" | ") for line in found.splitlines() if line.startswith("|")]


def test_page_when_the_setting_is_hashed_then_it_names_the_digest(page: str) -> None:
    assert f"Version {VERSION};" in page
    assert f"`{setting_digest()}`" in page


def test_page_when_a_track_is_run_again_then_its_figures_are_the_same(page: str) -> None:
    told = cells(page, "By track")
    again = [line.strip("| ").split(" | ") for line in track_table(bench(["tegr3"], ["sybil"])).splitlines()]
    columns = [told[0].index(name) for name in again[0]]
    assert len(again) == len(MECHANISMS) + 2
    for mine, theirs in zip(again[2:], told[2:], strict=True):
        assert mine == [theirs[column] for column in columns]


def test_page_when_rounds_are_generated_again_then_they_are_as_near_to_the_real_ones(page: str) -> None:
    told = cells(page, "How near the rounds are to real ones")
    again = [line.strip("| ").split(" | ") for line in fit_table([compared("tegr3")]).splitlines()]
    column = told[0].index("tegr3")
    assert [row[1] for row in again[2:]] == [row[column] for row in told[2:]]


def test_leaderboard_names_every_mechanism_and_the_page_every_attack(page: str) -> None:
    assert {row[0].strip("`") for row in cells(page, "Leaderboard")[2:]} == set(MECHANISMS)
    assert cells(page, "What attackers make")[0][1:] == list(ATTACKS)


def test_leaderboard_is_in_order(page: str) -> None:
    worst = [float(row[1]) for row in cells(page, "Leaderboard")[2:]]
    assert worst == sorted(worst, reverse=True)


def test_rounds_when_attacked_then_the_honest_part_is_the_same() -> None:
    rows = one_round("tegr2", 1, (HONEST, "airdrop"))
    assert [row["attack"] for row in rows] == [HONEST] * len(MECHANISMS) + ["airdrop"] * len(MECHANISMS)
    assert all(row["moved"] == 0 for row in rows if row["attack"] == HONEST)
    assert rows == one_round("tegr2", 1, (HONEST, "airdrop"))


def test_bench_when_run_in_two_processes_then_it_is_the_same() -> None:
    one, two = (bench(["tegr3"], (), jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert len(one) == TRACKS["tegr3"].replications * len(MECHANISMS)
