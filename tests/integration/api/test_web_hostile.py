"""What people write never becomes part of a page but as text."""

from __future__ import annotations

import pytest

from api.tables import Application, Organisation, Round
from tests.integration.api.conftest import START
from tests.integration.api.paging import read

HTML = {"accept": "text/html"}

EVIL = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    '[a](//evil.example "x\\" onclick=alert(1)")',
    "[a](//evil.example/x) [b](/v1/sign-out) [c](ftp://evil.example)",
    "![a](https://evil.example/pixel.png)",
    '<https://evil.example/"onclick=alert(1)>',
    '<a href="javascript:alert(1)">a</a>',
    "</main></body><iframe src=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7 * 7 }} {% raw %} {0.__class__}",
    "<!-- --><style>*{display:none}</style>",
)

ALLOWED = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "ul", "li", "form", "button",
    "main", "p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "div", "dt", "dd", "span", "strong", "em", "code", "br",
    "section", "label",
    "input", "select", "option", "noscript", "footer", "time", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "ol", "details", "summary", "textarea", "blockquote", "pre", "hr", "svg", "rect",
}  # fmt: skip


def every(element):
    for part in element.inside:
        if not isinstance(part, str):
            yield part
            yield from every(part)


def harmless(page):
    """Hold a page to what our templates and the Markdown of others may hold."""
    for each in every(page):
        assert each.name in ALLOWED, each.name
        assert not [name for name in each.attributes if name.startswith("on") or name in {"style", "autofocus"}]
        if each.name == "script":
            assert each["src"].startswith("/static/") and not each.inside
        if "href" in each.attributes:
            assert each["href"].startswith(("/", "#", "?", "https://", "http://")) or not each["href"]
            outside = each["href"].startswith("http") or each["href"].startswith("//")
            assert not outside or "noopener" in each.attributes.get("rel", "")
    for written in page.all("div", class_="prose"):
        assert all(link["href"].startswith(("https://", "http://")) for link in written.all("a"))


@pytest.mark.parametrize("evil", EVIL)
def test_what_people_write_stays_text(service, evil):
    form = [{"id": "site", "label": evil, "kind": "url"}, {"id": "more", "label": "More", "kind": "paragraph"}]
    service.round(description=evil, projects=(), form=[{"required": False, **field} for field in form])
    with service.services.database.writing() as session:
        organisation, round = session.get_one(Organisation, "town"), session.get_one(Round, "spring")
        organisation.name, organisation.contact, round.title = evil, evil, evil
        session.add_all([organisation, round])
        given = {"round_id": "spring", "state": "approved", "created_at": START, "changed_at": START}
        answers = {"site": evil, "more": evil}
        session.add(Application(id="a" * 16, project="evil", title=evil, summary=evil, answers=answers, **given))
        session.add(Application(id="b" * 16, project=evil.replace("/", "")[:100], title="b", **given))
    client = service.client()
    for path, query in (
        ("", {}),
        ("/rounds/spring", {"search": evil}),
        ("/rounds/spring/projects/evil", {"amount": evil, "token": evil}),
        ("/rounds/spring/cart", {"project": ["evil", evil], "amount": [evil[:100], "5"]}),
    ):
        answer = client.get(f"/en{path}", params=query, headers=HTML)
        harmless(read(answer, answer.status_code))
        assert answer.status_code in {200, 422} and (answer.status_code == 200 or len(evil) > 100)
        assert "alert(1)</script>" not in answer.text


def test_markdown_makes_what_it_says_and_links_say_that_they_lead_outside(service):
    summary = "# Plan\n\nA *small* map:\n\n- one\n- two\n\n[More](https://example.org/a?b=1&c=2)\nnext line"
    service.round(projects=())
    with service.services.database.writing() as session:
        given = {"round_id": "spring", "state": "approved", "created_at": START, "changed_at": START}
        session.add(Application(id="a" * 16, project="map", title="Map", summary=summary, **given))
    page = read(service.client().get("/en/rounds/spring/projects/map", headers=HTML)).one("div", class_="prose")
    assert page.one("h3").text == "Plan" and [each.text for each in page.all("li")] == ["one", "two"]
    link = page.one("a")
    assert link["href"] == "https://example.org/a?b=1&c=2" and link["rel"] == "nofollow noopener ugc"
    assert page.all("br") and page.one("em").text == "small"
