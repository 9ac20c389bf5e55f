"""Every page, in both languages, for nobody, a donor and a member: what it shows, and that it needs nothing else."""

from __future__ import annotations

import itertools
import re

import pytest

from api.access import Role
from api.states import State
from api.tables import Application, Credential, Notice, Round, Score, WeightOverride
from api.web import static
from api.web.view import POLICY
from tests.integration.api.conftest import START
from tests.integration.api.giving import tables, with_chain
from tests.integration.api.paging import read

LANGUAGES = ("en", "ja")
HTML = {"accept": "text/html,application/xhtml+xml"}
PUBLIC = (
    "",
    "/rounds/spring",
    "/rounds/spring?search=we",
    "/rounds/spring/projects/well",
    "/rounds/spring/projects/well?amount=1000",
    "/rounds/spring/cart",
    "/rounds/spring/cart?project=well&amount=1000&project=bus&amount=500",
    "/rounds/spring/cart?project=well&amount=1000&token=jpyx",
    "/sign-in",
)
MOST = 60_000
"""Bytes of a page with its style and scripts."""


@pytest.fixture
def town(service):
    with_chain(service, tables())
    service.give("ann", "well", 1_000)
    service.give("bob", "well", 500)
    service.give("cy", "bus", 2_500)
    service.give("dee", "bus", 500)
    return service


def own(service, account="ann", donor="ann"):
    """Return a client of somebody whose donations are in the ledger under a name."""
    client = service.client(account)
    with service.services.database.writing() as session:
        session.add(
            Credential(
                id=f"c-{account}",
                account_id=account,
                kind="code",
                subject=f"s-{account}",
                donor=donor,
                created_at=START,
            )
        )
    client.headers.update(HTML)
    return client


@pytest.mark.parametrize("path", [*PUBLIC, "/rounds/none"])
def test_a_page_is_whole_small_readable_by_all_and_needs_nothing_but_our_files(town, path):
    for language in LANGUAGES:
        answer = town.client().get(f"/{language}{path}", headers=HTML)
        page = read(answer, 404 if "none" in path else 200)
        assert page.one("html")["lang"] == language
        assert answer.headers["content-security-policy"] == POLICY
        assert "set-cookie" not in answer.headers
        files = sum(len(content) for content in static.FILES.values())
        assert len(answer.content) + files < MOST
        assert "{" not in page.one("main").text
        check_structure(page)
        check_sources(page)


def check_structure(page):
    """Whoever does not see the page can read it, and find their way."""
    levels = [int(each.name[1]) for each in every(page) if re.fullmatch("h[1-6]", each.name)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    names = [each["id"] for each in every(page) if "id" in each.attributes]
    assert len(names) == len(set(names))
    labelled = {each["for"] for each in page.all("label") if "for" in each.attributes}
    for field in [each for name in ("input", "select", "textarea") for each in page.all(name)]:
        told = field.attributes
        assert told.get("type") == "hidden" or told.get("id") in labelled or told.get("aria-label"), told
    pointing = ("aria-labelledby", "aria-describedby")
    pointed = {each[key] for each in every(page) for key in pointing if key in each.attributes}
    assert pointed <= set(names)
    assert page.all("a")[0]["href"] == "#main" and page.one("main")["id"] == "main"
    assert all(each.text or each.attributes.get("aria-label") for each in [*page.all("a"), *page.all("button")])


def check_sources(page):
    """The page runs, styles and loads nothing but our files, and sends nothing elsewhere."""
    for each in every(page):
        assert "style" not in each.attributes and each.name != "style"
        assert not any(name.startswith("on") for name in each.attributes)
        assert each.name != "script" or not each.inside
        for name in ("src", "action", "formaction"):
            assert each.attributes.get(name, "/").startswith(("/", "#"))
    assert all(link["href"].startswith("/") for link in page.all("link"))


def every(element):
    for part in element.inside:
        if not isinstance(part, str):
            yield part
            yield from every(part)


def test_the_address_without_a_language_leads_to_that_of_the_reader(town):
    client = town.client()
    for accepted, language in (("ja,en;q=0.5", "ja"), ("de, en;q=0.9, ja;q=0.1", "en"), ("fr", "en")):
        for path in ("/", "/rounds/spring", "/rounds/spring/cart?project=well&amount=1"):
            answer = client.get(path, headers={"accept-language": accepted}, follow_redirects=False)
            assert answer.status_code == 302 and answer.headers["location"] == f"/{language}{path.rstrip('/')}"
            assert "accept-language" in answer.headers["vary"].lower() and "set-cookie" not in answer.headers


def test_an_address_of_somebody_else_is_led_nowhere_else(town):
    for path in ("//evil.example", "/rounds//evil.example", "/\\evil.example"):
        answer = town.client().get(path, follow_redirects=False)
        assert answer.headers.get("location", "/en").startswith(("/en", "/ja"))


def test_each_page_links_to_the_same_page_in_the_other_language(town):
    page = read(town.client().get("/en/rounds/spring/projects/well?amount=5", headers=HTML))
    assert page.one("a", hreflang="ja")["href"] == "/ja/rounds/spring/projects/well?amount=5"


def test_style_and_scripts_are_kept_for_good_under_an_address_that_names_their_content(town):
    client = town.client()
    page = read(client.get("/en", headers=HTML))
    for href in (page.one("script")["src"], page.one("link", rel="stylesheet")["href"]):
        answer = client.get(href)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript"))
        assert client.get(href.replace(static.VERSION, "0" * 12)).status_code == 404
    assert client.get(f"{static.BASE}/../view.py").status_code == 404


def test_the_front_page_lists_rounds_by_where_they_stand_and_drafts_for_members_alone(service):
    for name, state in (("a", State.OPEN), ("b", State.FROZEN), ("c", State.CLOSED), ("d", State.DRAFT)):
        service.round(name, state=state)
    service.round("broken", state=State.DRAFT, rules_digest="")
    text = read(service.client().get("/en", headers=HTML)).one("main").text
    assert (
        text.index("Open now A Town") < text.index("Opening soon B Town") < text.index("Closed, being checked C Town")
    )
    assert "Pool ¥100,000" in text and "Drafts" not in text
    member = read(service.member(Role.REVIEWER).get("/ja", headers=HTML)).one("main").text
    assert "下書き" in member and "マッチング資金 100,000円" in member


def test_members_see_a_draft_even_if_its_rules_cannot_be_read(service):
    service.round(state=State.DRAFT, opens_at=None, closes_at=None)
    member = service.member(Role.REVIEWER)
    assert "Not set yet." in read(member.get("/en/rounds/spring", headers=HTML)).text
    with service.services.database.writing() as session:
        round = session.get_one(Round, "spring")
        round.rules = {"pool": {"amount": "much"}}
        session.add(round)
    for path in ("", "/rounds/spring", "/rounds/spring/projects/well", "/rounds/spring/cart", "/organisations/town"):
        assert "Draft" in read(member.get(f"/en{path}", headers=HTML)).text or "projects" in path or "cart" in path


def test_dates_and_money_are_written_as_readers_of_a_language_do(town):
    japanese = read(town.client().get("/ja/rounds/spring", headers=HTML))
    assert "2026年4月2日（木）12:20" in japanese.text and "日時は日本時間です" in japanese.text
    english = read(town.client().get("/en/rounds/spring", headers=HTML))
    assert "2 April 2026, 12:20" in english.text and "Asia/Tokyo (JST)" in english.text
    assert {each["datetime"] for each in english.all("time")} == {each["datetime"] for each in japanese.all("time")}


def test_a_round_says_its_rules_in_plain_words(service):
    rules = {
        "pool": {"amount": "100000", "match_cap_fraction": "0.25", "min_payout": "1000"},
        "eligibility": {"min_donation": "300"},
        "weights": {"curve": [["0", "0.1"], ["20", "1"]], "default": "0.1"},
    }
    round = service.round(rules=rules)
    text = read(service.client().get(f"/en/rounds/{round}", headers=HTML)).text
    for part in ("¥25,000 (25% of the pool)", "counts from ¥300 in all", "below ¥1,000", "without a score, with 10%"):
        assert part in text
    assert service.client().get(f"/v1/rounds/{round}").json()["rules_digest"] in text
    japanese = read(service.client().get(f"/ja/rounds/{round}", headers=HTML)).text.replace(" ", "")
    for part in ("25,000円（資金の25%）", "合計300円以上", "1,000円に満たない", "スコアがない場合は10%"):
        assert part in japanese


def test_notices_stand_on_the_page_newest_first(town):
    with town.services.database.writing() as session:
        for at, kind in ((1, "notice"), (2, "extended")):
            session.add(Notice(id=f"{at:016}", round_id="spring", at=at, kind=kind, text=f"said {kind}"))
    text = read(town.client().get("/en/rounds/spring", headers=HTML)).one("main").text
    assert text.index("said extended") < text.index("said notice")


def test_the_search_finds_projects_and_says_so_if_there_are_none(town):
    client = town.client()
    assert titles(client.get("/en/rounds/spring?search=WEL", headers=HTML)) == {"Well"}
    assert "No project fits." in read(client.get("/en/rounds/spring?search=nothing", headers=HTML)).text


def titles(answer):
    return {each.text for each in read(answer).all("h3") if each.all("a")}


def test_projects_stand_in_an_order_that_stays_for_a_visitor_and_pages_leave_none_out(service):
    service.round(projects=[f"p{number}" for number in range(60)])
    client = service.client()

    def walk(path):
        found = []
        while path:
            page = read(client.get(path, headers=HTML))
            found += [each.text for each in page.all("h3")]
            more = page.all("a", class_="more")
            path = f"/en/rounds/spring{more[0]['href']}" if more else ""
        return found

    first = walk("/en/rounds/spring")
    assert len(first) == len(set(first)) == 60
    assert walk("/en/rounds/spring") == first != sorted(first)
    assert walk("/en/rounds/spring?seed=another") != first


def test_a_project_shows_what_was_given_and_what_a_gift_would_do(town, answered):
    client = town.client()
    page = read(client.get("/en/rounds/spring/projects/well?amount=1,000", headers=HTML))
    assert "Given ¥1,500 Donors 2" in page.text
    told = answered(client.post("/v1/rounds/spring/estimates", json={"gifts": [{"project": "well", "amount": "1000"}]}))
    gain = int(told["estimates"][0]["gain"].partition(".")[0])
    assert f"+ ¥{gain:,}" in page.text and gain > 0
    japanese = read(client.get("/ja/rounds/spring/projects/well?amount=１，０００円", headers=HTML))
    assert f"+ {gain:,}円" in japanese.text


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("x", "above zero"),
        ("-5", "above zero"),
        ("0", "above zero"),
        ("0.5", "above zero"),
        ("5", "below the smallest"),
    ],
)
def test_an_amount_that_cannot_be_given_is_told_beside_the_field(town, amount, told):
    page = read(town.client().get(f"/en/rounds/spring/projects/well?amount={amount}", headers=HTML))
    assert told in page.one("div", id="gift-answer").text, page.one("div", id="gift-answer").text


def test_a_project_at_its_limit_says_so(service):
    service.round(rules={"pool": {"amount": "100000", "match_cap_fraction": "0.5"}})
    for donor in ("ann", "bob"):
        service.give(donor, "well", 1_000)
        service.give(donor, "bus", 1_000)
    page = read(service.client().get("/en/rounds/spring/projects/well?amount=1000", headers=HTML))
    assert "at its limit of ¥50,000" in page.text


def test_a_cart_estimates_all_gifts_together_and_each_can_be_removed(town, answered):
    client = town.client()
    gifts = [{"project": "well", "amount": "1000"}, {"project": "bus", "amount": "500"}]
    told = answered(client.post("/v1/rounds/spring/estimates", json={"gifts": gifts}))["estimates"]
    path = (
        "/en/rounds/spring/cart?project=well&amount=1000&project=bus&amount=500&project=&amount=7&project=zz&amount=1"
    )
    page = read(client.get(path, headers=HTML))
    assert [each["value"] for each in page.all("input", name="amount") if each.attributes.get("value")] == [
        "1000",
        "500",
    ]
    assert [each["gain"].startswith("-") for each in told] == [False, True]
    shown = [each.text for each in page.all("td", class_="number")]
    for each, text in zip(told, shown, strict=True):
        gain = int(each["gain"].partition(".")[0])
        assert text == (f"+ ¥{gain:,}" if gain > 0 else f"¥−{-gain:,}")
    assert [each["href"] for each in page.all("a", class_="remove")] == [
        "?project=bus&amount=500",
        "?project=well&amount=1000",
    ]


def test_a_cart_names_the_ways_that_the_operator_offers(town):
    client = town.client()
    yen = read(client.get("/en/rounds/spring/cart?project=well&amount=1000", headers=HTML))
    assert "At a desk" in yen.text and not yen.all("div", data_wallet="spring")
    tokens = read(client.get("/en/rounds/spring/cart?project=well&amount=1000&token=jpyx", headers=HTML))
    wallet = tokens.one("div", data_wallet="spring")
    assert (wallet["data-chain"], wallet["data-token"]) == ("7", "jpyx") and "At a desk" not in tokens.text


@pytest.mark.parametrize("state", [State.FROZEN, State.CLOSED, State.CANCELLED])
def test_nothing_is_offered_to_give_when_the_round_is_not_open(service, state):
    service.round(state=state)
    for path in ("/rounds/spring/projects/well", "/rounds/spring/cart?project=well&amount=1000"):
        page = read(service.client().get(f"/en{path}", headers=HTML))
        assert not page.all("form", data_estimate="spring") and "How to give" not in page.text


def test_a_donor_sees_how_each_gift_counted_and_why(town):
    town.give("ann", "bus", 50)
    town.give("ann", "none", 500)
    text = read(own(town).get("/en/me")).one("main").text
    assert "Well 1 April 2026" in text and "¥1,000 Counted in full." in text
    assert "Not counted. It is below the smallest donation" in text
    assert "Not counted. It is not a project of this round." in text
    japanese = read(own(town, "cy-account", "cy").get("/ja/me")).one("main").text
    assert "全額が計算の対象です。" in japanese and "2,500円" in japanese


def test_a_donor_sees_their_weight_what_would_raise_it_and_can_appeal(service, answered):
    service.round(rules={"weights": {"curve": [["0", "0"], ["20", "1"]], "default": "0.1"}})
    service.give("ann", "well", 1_000)
    client = own(service)
    with service.services.database.writing() as session:
        session.add(Score(round_id="spring", donor="ann", score="5", model="m", at=START, actor="x"))
    page = read(client.get("/en/me"))
    assert "You count with 25% in this round." in page.text and "15 points more would raise it to 100%." in page.text
    form = page.one("form", data_call="POST /v1/rounds/spring/weights/appeals")
    body = {"donor": form.one("select").one("option").text, "text": "This is wrong."}
    answered(client.post("/v1/rounds/spring/weights/appeals", json=body), 201)
    again = read(client.get("/en/me"))
    assert "A reviewer is going to answer." in again.text and not again.all("textarea")
    with service.services.database.writing() as session:
        given = {"round_id": "spring", "donor": "ann", "weight_bps": 0, "reason": "a copy", "at": START, "actor": "x"}
        session.add(WeightOverride(**given))
    assert "decided by the organiser (score 5) – a copy" in read(client.get("/en/me")).text


def test_a_member_sees_what_waits_and_the_audit_log_if_they_may(service):
    service.round()
    with service.services.database.writing() as session:
        given = {"round_id": "spring", "project": "new", "title": "New", "created_at": START, "changed_at": START}
        session.add(Application(id="a" * 16, state="submitted", **given))
    admin = service.member(Role.ADMIN)
    admin.post("/v1/rounds/spring/notices", json={"text": "Hello everybody"})
    page = read(admin.get("/en/organisations/town", headers=HTML))
    assert "Spring Open 0 1 Not compared yet." in page.text and "round.notice" in page.text
    reviewer = read(service.member(Role.REVIEWER).get("/ja/organisations/town", headers=HTML))
    assert "round.notice" not in reviewer.text and "審査待ちの応募" in reviewer.text
