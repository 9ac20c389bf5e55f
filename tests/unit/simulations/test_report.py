"""The report: the same results give the same page, which needs nobody else to be read."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from simulations.experiment import Results, experiment_of, run
from simulations.report import write_report
from simulations.report.toml import toml_text
from simulations.report.words import sentences

DOCUMENT: dict[str, Any] = {
    "scenario": {
        "id": "small",
        "title": "<b>Small</b> & plain",
        "replications": 6,
        "mechanisms": ["quadratic", "proportional", "equal"],
    },
    "population": {"donors": 40},
    "projects": {"count": 6},
    "attacks": [{"model": "sybil", "accounts": 5}],
    "sweep": {"over": {"identity.price": [0.0, 1.5]}},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(experiment_of(DOCUMENT), tmp_path_factory.mktemp("results"))


class Page(HTMLParser):
    """Collects what a page refers to, its ids, and tags that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.labels: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        self.labels += found.get("aria-labelledby", "").split()
        self.links += [found[name] for name in ("href", "src", "xlink:href", "data") if name in found]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


def test_report_when_written_again_in_a_readers_style_then_page_and_drawings_are_the_same_bytes(
    results: Results,
) -> None:
    def written() -> dict[str, bytes]:
        write_report(results)
        files = [results.folder / "report.html", *sorted((results.folder / "drawings").iterdir())]
        return {file.name: file.read_bytes() for file in files}

    first = written()
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert written() == first
    names = {name.partition(".")[0] for name in first}
    assert names == {"report", "sweep-1", "distributions", "differences", "shares", "lorenz", "prices"}


@pytest.fixture(scope="module")
def text(results: Results) -> str:
    return write_report(results).read_text("utf-8")


def test_report_when_opened_then_it_asks_nobody_for_anything(text: str) -> None:
    page = Page(text)
    assert all(link.startswith("#") for link in page.links)
    assert "script" not in page.tags
    assert not re.search(r"url\((?!#)|@import", text)


def test_report_when_read_by_a_machine_then_ids_are_unique_and_everything_referred_to_is_there(text: str) -> None:
    page = Page(text)
    assert len(set(page.ids)) == len(page.ids)
    referred = [link[1:] for link in page.links] + page.labels + re.findall(r"url\(#([^)]+)\)", text)
    assert set(referred) <= set(page.ids)
    assert page.tags.count("svg") == page.tags.count("figure") == 6
    assert "&lt;b&gt;Small&lt;/b&gt; &amp; plain" in text and "<b>Small" not in text


def test_report_when_its_scenario_is_saved_then_it_is_the_same_experiment(results: Results) -> None:
    saved = tomllib.loads(toml_text(results.experiment.document))
    assert saved == results.experiment.document
    assert experiment_of(saved).digest == results.experiment.digest


def test_toml_when_values_are_awkward_then_they_are_read_back() -> None:
    document = {
        "a": {"text": 'say "no" \\ 日本\n', "on": True, "list": [1, 2.5, "x"], "none": [], "mixed": ["x", {"b c": 1}]},
        "b": [{"c": {"d.e": [0.1]}}, {"c": {}}],
    }
    assert tomllib.loads(toml_text(document)) == document


def test_summary_when_attackers_come_then_it_says_what_they_get_and_which_mechanism_is_best(results: Results) -> None:
    said = " ".join(sentences(results))
    assert "In 12 simulated rounds 40 donors gave to 6 projects" in said
    assert "identity.price was varied over 2 cells" in said
    measured = results.runs.select("mechanism", "welfare_ratio", "break_even_price")
    means = measured.group_by("mechanism", maintain_order=True).mean()
    best = means.sort("welfare_ratio", descending=True)["mechanism"][0]
    assert f"Money went where donors value it most under {best}" in said
    price = dict(zip(means["mechanism"], means["break_even_price"], strict=True))["quadratic"]
    assert f"{price:.2f} under quadratic" in said


def test_summary_when_a_mechanism_has_no_result_then_it_says_why(tmp_path: Path) -> None:
    document = {**DOCUMENT, "behaviour": {"least": 1e9}, "pool": {"policy": "alpha"}, "attacks": []}
    document["scenario"] = {"id": "lost", "replications": 6, "mechanisms": ["quadratic"]}
    document.pop("sweep")
    lost = run(experiment_of(document), tmp_path)
    assert "quadratic had no result in 6 rounds: no votes: nobody gave anything." in sentences(lost)
    assert write_report(lost).exists()
