"""Published studies made again: the figures agree as far as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulations.replay.studies import Study, govxs, influence, need, sybils
from simulations.replay.studies.influence import Town, split
from simulations.replay.studies.need import growth
from simulations.replay.studies.study import Finding, page

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/studies.md"

KNOWN_OFF = {"tegr2, pairwise M=.01, +2: profit (USD)"}
"""What the page marks as differing."""


def differing(study: Study) -> set[str]:
    return {finding.name for finding in study.findings if not finding.agrees}


def test_govxs_when_made_again_then_ginis_and_welfare_are_within_one_percent() -> None:
    study = govxs()
    assert len(study.findings) == 8
    assert all(finding.tolerance == 0.01 for finding in study.findings)
    assert differing(study) == set()


def test_influence_when_made_again_then_all_eight_shares_are_those_published() -> None:
    study = influence()
    assert len(study.findings) == 8
    assert differing(study) == set()


@pytest.mark.parametrize("weight", [0.6, 0.75, 0.9])
def test_influence_when_it_grows_then_quadratic_follows_it_and_connection_follows_quality(weight: float) -> None:
    plain = split(Town(influence=weight), "quadratic")
    connected = split(Town(influence=weight), "cluster_connection")
    assert plain[1] > plain[0] and connected[0] > connected[1]


def test_need_when_donors_double_then_it_grows_faster_than_what_they_give(shared: Path) -> None:
    assert differing(need(shared / "data")) == set()
    (_, first, low), (_, second, high) = growth(shared / "data", (0.5, 1.0))
    assert 3 < second / first < 5
    assert high > 1.5 * low


def test_sybils_when_measured_then_all_but_what_is_known_agrees(shared: Path) -> None:
    assert differing(sybils(shared / "data")) == KNOWN_OFF


def test_page_when_a_figure_is_off_then_it_says_so() -> None:
    told = page([Study("a study", "a setting", [Finding("near", 1.0, 1.001, 0.01), Finding("far", 1.0, 1.1, 0.01)])])
    assert [line.split(" |")[0] for line in told.splitlines() if "**differs**" in line] == ["| far"]


@pytest.mark.slow
def test_page_when_written_again_then_it_is_the_one_in_the_docs(shared: Path) -> None:
    data = shared / "data"
    assert page([govxs(), influence(), need(data), sybils(data)]) == PAGE.read_text("utf-8")
