"""The replay suite of the laboratory: all rounds agree, and what is changed shows."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from simulations.replay import Status, Verdict, agree, html, markdown, replay_all, suite

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/replays.md"
SHARES = {entry.name: entry for entry in suite()}["gr3"]


@pytest.fixture(scope="module")
def verdicts(shared: Path) -> tuple[Verdict, ...]:
    return replay_all(shared / "data")


def test_suite_when_replayed_then_every_round_agrees_and_something_was_compared(verdicts: tuple[Verdict, ...]) -> None:
    assert {verdict.entry.name: verdict.status for verdict in verdicts} == {
        entry.name: Status.AGREES for entry in suite()
    }
    assert all(verdict.figures > 0 for verdict in verdicts)
    assert agree(verdicts)


def test_page_when_written_again_then_it_is_the_one_in_the_docs(verdicts: tuple[Verdict, ...]) -> None:
    assert markdown(verdicts) == PAGE.read_text("utf-8")


def test_page_as_html_when_written_then_it_names_all_rounds_and_needs_nothing_else(
    verdicts: tuple[Verdict, ...],
) -> None:
    page = html(verdicts)
    assert all(entry.name in page for entry in suite())
    assert "http" not in page and "<script" not in page


def test_suite_when_a_published_figure_is_another_then_the_round_differs(shared: Path) -> None:
    wrong = replace(SHARES, expected={"correlation, M = 25": 0.97})
    (verdict,) = replay_all(shared / "data", [wrong])
    assert verdict.status is Status.DIFFERS
    assert "DIFFERS" in markdown([verdict]) and not agree([verdict])


def test_suite_when_a_file_is_another_or_missing_then_nothing_is_settled(shared: Path, tmp_path: Path) -> None:
    name = next(iter(SHARES.files))
    (missing,) = replay_all(tmp_path, [SHARES])
    (tmp_path / name).parent.mkdir()
    shutil.copyfile(shared / "data" / name, tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    (changed,) = replay_all(tmp_path, [SHARES])
    assert (missing.status, changed.status) == (Status.MISSING, Status.CHANGED)
    assert (missing.figures, changed.changed) == (0, (name,))
    assert f"{name}: files changed" in markdown([changed])
