"""The page of a published result, and the pages of problems."""

from __future__ import annotations

import re

import pytest

import qf
from api.problems import TooMany
from api.states import State
from api.wall.rates import Rates
from api.web import routes as web
from tests.integration.api.paging import read

GIFTS = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100), ("eve", "bus", 10)]
HTML = {"accept": "text/html"}
RULES = {"eligibility": {"min_donation": "100"}, "weights": {"curve": [["0", "0.5"], ["20", "1"]], "default": "1"}}


@pytest.fixture
def published(service):
    service.round(state=State.CLOSED, rules=RULES)
    for gift in GIFTS:
        service.give(*gift)
    operator, second = service.member("operator"), service.member("operator", account="second")
    assert operator.post("/v1/rounds/spring/settlements").status_code == 202
    service.work()
    for client, step in ((second, "approve"), (operator, "publish")):
        assert client.post(f"/v1/rounds/spring/settlements/1/{step}").status_code == 200
    return service


def test_a_result_shows_every_payout_and_that_they_add_up(published, answered):
    client = published.client()
    page = read(client.get("/en/rounds/spring/results", headers=HTML))
    paid = qf.settle(qf.preset("yen", pool=100_000), GIFTS[:4]).payouts
    text = page.text
    for name, payout in paid.items():
        assert f"{name.title()} ¥{payout:,}" in text
    assert f"Paid out ¥{sum(paid.values()):,} Unspent ¥0" in text and sum(paid.values()) == 100_000
    assert "1 × It is below the smallest donation" in text
    assert answered(client.get("/v1/rounds/spring/result"))["result_digest"] in text


def test_a_result_shows_the_curve_and_how_to_verify_in_three_commands(published):
    page = read(published.client().get("/en/rounds/spring/results", headers=HTML))
    assert page.one("pre").text.count("qf.test/v1/rounds/spring/bundle.tar") == 1
    commands = re.sub(r"\s+", " ", page.one("pre").text)
    assert commands.endswith("tar -xf bundle.tar qf verify spring")
    assert "0 50% 20 100%" in page.one("table", class_="small").text


def test_every_file_that_a_result_links_to_is_there(published):
    client = published.client()
    page = read(client.get("/ja/rounds/spring/results", headers=HTML))
    links = [each["href"] for each in page.one("main").all("a")]
    assert sum(link.startswith("/v1/") for link in links) == 8
    assert {client.get(link).status_code for link in links} == {200}


def test_a_published_round_leads_to_its_result_and_takes_no_gifts(published):
    client = published.client()
    page = read(client.get("/en/rounds/spring", headers=HTML))
    assert page.one("a", href="/en/rounds/spring/results").text == "See the result"
    assert "Result published" in page.text and not page.all("a", data_cart="spring")
    project = read(client.get("/ja/rounds/spring/projects/well?amount=5", headers=HTML))
    assert "寄付の受付は終了しました" in project.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/en/rounds/none", 404, "not_found"),
        ("/en/nowhere", 404, "not_found"),
        ("/en/rounds/spring/results", 404, "not_found"),
        ("/en/rounds/spring/projects/none", 404, "not_found"),
        ("/en/me", 401, "unauthenticated"),
        ("/en/rounds/spring?after=x", 422, "invalid"),
        ("/en/organisations/town", 403, "forbidden"),
        ("/v1/rounds/none", 404, "not_found"),
    ],
)
def test_a_problem_is_a_page_for_who_asks_for_one_in_the_words_of_the_api(service, path, status, code):
    service.round()
    client = service.client("ann" if status == 403 else "")
    page = read(client.get(path, headers=HTML), status)
    problem = client.get(path).json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["detail"] in page.text and code in page.text
    japanese = read(client.get(path.replace("/en/", "/ja/"), headers={**HTML, "accept-language": "ja"}), status)
    assert japanese.one("html")["lang"] == "ja" and problem["detail"] in japanese.text


def test_a_form_that_is_sent_without_scripts_keeps_what_is_in_it_out_of_the_address(service):
    client = service.client()
    form = read(client.get("/en/sign-in", headers=HTML)).one("form", data_call="POST /v1/sign-in/code")
    assert form["method"] == "post" and "action" not in form.attributes
    assert "That did not work" in read(client.post("/en/sign-in", data={"code": "x"}, headers=HTML), 405).text


def test_whoever_asks_too_often_is_told_so_on_a_page(service, monkeypatch):
    monkeypatch.setattr(Rates, "charge", _refuse)
    answer = service.client().get("/ja", headers=HTML)
    assert "アクセスが多すぎます" in read(answer, 429).text and answer.headers["retry-after"] == "7"


def _refuse(*_):
    raise TooMany("You ask too often.", headers={"Retry-After": "7"})


def test_a_mistake_of_ours_is_a_page_that_tells_nothing_of_it(service, monkeypatch):
    def broken(*_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(web.rounds, "groups_of", broken)
    answer = service.client(raises=False).get("/en", headers=HTML)
    page = read(answer, 500)
    assert "Something is broken here" in page.text and "secret" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_whose_session_has_ended_is_told_so_where_one_has_to_be_signed_in_and_nowhere_else(service):
    service.round()
    client = service.client()
    for path, status in (("/en/rounds/spring", 200), ("/en/me", 401)):
        client.cookies.set("__Host-qf-access", "no token", domain="qf.test")
        page = read(client.get(path, headers=HTML), status)
        assert ("Your session has ended" in page.text) == (status == 401)


def test_a_page_that_needs_signing_in_says_where_to_come_back_to(service):
    page = read(service.client().get("/ja/me", headers=HTML), 401)
    link = page.one("main").one("a", class_="button")["href"]
    form = read(service.client().get(link, headers=HTML)).one("form", data_call="POST /v1/sign-in/code")
    assert form["data-then"] == "/ja/me"


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/en//evil.example", "/v1/me", "/en/\\x"])
def test_signing_in_leads_to_no_page_but_ours(service, to):
    answer = service.client().get("/en/sign-in", params={"to": to}, headers=HTML)
    assert answer.status_code == 422
