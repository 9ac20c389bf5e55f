"""The report: one page that stands alone, says the truth, and can be read by anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import pytest

import qf
from qf.eligibility import REASON_WORDS
from qf.reconciliation import Evidence, Finding, Line, Reconciliation
from qf.report import report_html
from qf.report.chart import LABEL_CHARACTERS, Bar, bar_chart
from qf.report.page import ARITHMETIC_WORDS, money

DIGEST = "ab" * 32
GIFTS = [("ann", "well", 400), ("bob", "well", 900), ("cy", "bus", 100), ("di", "bus", 400), ("ann", "moon", 5)]
VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = """<script>alert("well")</script><img src=x onerror='alert(1)'>&amp;"""


class Page(HTMLParser):
    """The elements of a page, each with its attributes, text and the elements around it."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "inside": [around["tag"] for around in self.open]}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1]["tag"] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element["text"] += data

    def all(self, *tags: str) -> list[dict[str, Any]]:
        return [element for element in self.elements if element["tag"] in tags]


def report(titles: dict[str, str] | None = None, **changes: Any) -> str:
    round = qf.preset("yen", pool=100_000, id="spring", **{"title": "Spring", "match_cap_fraction": "0.8", **changes})
    result = qf.settle(round, GIFTS, weights={"di": "0.5"}, projects=["well", "bus", "library"])
    return report_html(result, DIGEST, {"donations": "cd" * 32}, titles)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report())


def test_report_when_written_then_it_is_well_formed_and_stands_alone(page: Page) -> None:
    source = report()
    assert source.startswith("<!doctype html>")
    assert (page.faults, page.open) == ([], [])
    assert page.all("script", "link", "iframe", "img", "object", "form", "base") == []
    loading = ("src", "srcset", "action", "data", "poster", "xlink:href", "style")
    assert [element for element in page.elements if set(element["attrs"]) & set(loading)] == []
    assert [link["attrs"]["href"] for link in page.all("a")] == ["#matches"]
    assert [name for element in page.elements for name in element["attrs"] if name.startswith("on")] == []
    assert "://" not in source and "url(" not in source and "@import" not in source
    policy = next(meta for meta in page.all("meta") if "http-equiv" in meta["attrs"])
    assert policy["attrs"]["content"].startswith("default-src 'none'")


def test_report_when_read_by_a_screen_reader_then_its_structure_is_told(page: Page) -> None:
    assert page.all("html")[0]["attrs"]["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("h1", "main", "header")] == [1, 1, 1]
    assert page.all("title")[0]["text"] == "Spring: how the matching pool was divided"
    assert [heading["tag"] for heading in page.all("h1", "h2", "h3", "h4")] == ["h1", *["h2"] * 6]
    ids = [element["attrs"]["id"] for element in page.elements if "id" in element["attrs"]]
    assert len(ids) == len(set(ids))
    named = {name for element in page.elements for name in (element["attrs"].get("aria-labelledby") or "").split()}
    assert named <= set(ids)
    assert all("aria-labelledby" in section["attrs"] for section in page.all("section"))


def test_report_when_it_has_tables_then_each_has_a_caption_and_scoped_headers(page: Page) -> None:
    tables = page.all("table")
    assert len(tables) == 4
    assert len([caption for caption in page.all("caption") if caption["text"].strip()]) == len(tables)
    assert {cell["attrs"].get("scope") for cell in page.all("th")} == {"col", "row", "rowgroup"}
    scrolled = [element for element in page.elements if element["attrs"].get("role") == "region"]
    assert all(element["attrs"]["tabindex"] == "0" and element["attrs"]["aria-label"] for element in scrolled)


def test_report_when_it_has_a_chart_then_it_is_described_in_words(page: Page) -> None:
    (chart,) = page.all("svg")
    assert chart["attrs"]["role"] == "img"
    title, description = page.all("title")[1], page.all("desc")[0]
    assert title["inside"][-1] == description["inside"][-1] == "svg"
    assert title["text"] and "well 80,000" in description["text"]
    assert len(page.all("rect")) == 3


def test_report_when_printed_or_dark_then_there_are_rules_for_it() -> None:
    source = report()
    assert "@media print" in source and "prefers-color-scheme: dark" in source and "@media (max-width" in source


def test_report_when_the_round_is_settled_then_every_number_is_there(page: Page) -> None:
    facts = {name["text"]: value["text"] for name, value in zip(page.all("dt"), page.all("dd"), strict=True)}
    assert facts == {
        "Matching pool": "100,000 JPY",
        "Paid out": "100,000 JPY",
        "Unspent": "0 JPY",
        "Donations counted": "4 of 5",
        "Donors counted": "4",
        "Projects": "3",
    }
    matches = page.all("table")[0]["text"]
    for text in ("well", "1,300", "80,000", "80.00 %", "capped", "bus", "500", "20,000", "library", "0.00 %"):
        assert text in matches
    assert "unknown_project" in page.all("table")[1]["text"]
    assert DIGEST in page.all("main")[0]["text"] and "cd" * 32 in page.all("table")[3]["text"]
    assert "qf verify BUNDLE" in page.all("pre")[0]["text"]


def test_report_when_titles_are_hostile_then_they_are_text() -> None:
    hostile = Page(report({"well": HOSTILE}, title=HOSTILE))
    assert hostile.faults == []
    assert hostile.all("script", "img") == []
    assert HOSTILE in hostile.all("h1")[0]["text"]
    assert HOSTILE in hostile.all("table")[0]["text"]
    assert HOSTILE in hostile.all("desc")[0]["text"]


def test_report_when_the_round_has_dates_then_they_are_readable() -> None:
    dated = Page(report(opens="2025-04-01T00:00:00+09:00", closes="2025-05-01T12:30:05Z"))
    moments = {element["attrs"]["datetime"]: element["text"] for element in dated.all("time")}
    assert moments == {
        "2025-03-31T15:00:00Z": "2025-03-31 15:00 UTC",
        "2025-05-01T12:30:05Z": "2025-05-01 12:30:05 UTC",
    }


def test_report_when_nobody_gave_then_it_says_so() -> None:
    result = qf.settle(qf.preset("yen", pool=100), [], projects=[])
    empty = Page(report_html(result, DIGEST, {}))
    assert empty.faults == []
    assert empty.all("svg") == []
    assert "every donation was counted" in empty.all("main")[0]["text"]


def test_report_when_the_mechanism_has_something_to_say_then_the_page_says_it() -> None:
    result = qf.settle(qf.preset("yen", pool=100_000), [("ann", "well", 5), ("bob", "bus", 9)])
    noted = type(result)(**{name: getattr(result, name) for name in result.__slots__} | {"notes": ("Told <so>.",)})
    assert "Told &lt;so&gt;." in report_html(noted, DIGEST, {})


def test_the_words_of_the_page_when_a_reason_is_added_then_it_has_words() -> None:
    assert set(REASON_WORDS) == set(qf.Reason)
    assert set(ARITHMETIC_WORDS) == set(type(next(iter(ARITHMETIC_WORDS))))


def test_bar_chart_when_a_name_is_long_then_it_is_cut_in_the_drawing_only() -> None:
    name = "Digital archive of everything the town paper has ever printed"
    drawn = bar_chart([Bar(name, Fraction(1, 2), "500", False), Bar("none", Fraction(0), "0", False)])
    assert f"{name[: LABEL_CHARACTERS - 1]}…</text>" in drawn
    assert f"{name} 500" in drawn
    assert re.findall(r'width="(\d+)"', drawn)[1] == "0"
    assert bar_chart([]) == ""


@pytest.mark.parametrize(
    ("amount", "decimals", "places", "text"),
    [(1_000_000, 0, None, "1,000,000"), (123_450, 2, None, "1,234.5"), (5, 18, 6, "0.000000"), (100, 2, 2, "1.00")],
)
def test_money_when_base_units_are_given_then_whole_units_are_shown(
    amount: int, decimals: int, places: int | None, text: str
) -> None:
    assert money(amount, decimals, places) == text


def test_reconciliation_when_there_is_one_then_its_proof_and_reasons_are_shown_and_else_nothing() -> None:
    line = Line(Finding.UNBACKED, "eip155:1/0x1/2", "5", "<4>", "a <transfer> by hand")
    evidence = Evidence("eip155:1/donation_round/0", "donation_round", 1_234, 77, "0x1", "count and hash")
    found = Reconciliation("ab" * 32, 1_234, 3, (evidence,), (line,), sources={"chain": []})
    result = qf.settle(qf.preset("yen", pool=1_000), GIFTS)
    page = report_html(result, DIGEST, {}, {}, found)
    for shown in ("1,234 donations were compared", "3 came from elsewhere", "count and hash", "--rpc URL"):
        assert shown in page
    assert not Page(page).faults
    assert "a &lt;transfer&gt; by hand" in page
    assert "&lt;4&gt;" in page
    assert "Nothing differs" in report_html(result, DIGEST, {}, {}, replace(found, lines=()))
    assert "were compared" not in report_html(result, DIGEST, {})
