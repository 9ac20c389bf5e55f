"""A donor in a real browser: reads, estimates, signs in, gives, follows, and leaves."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from api.access import Role
from api.giving import nodes
from api.schema import moment_text
from tests.browser.wallets import InPage
from tests.integration.api.conftest import START
from tests.integration.api.giving import CONTRACT, DONOR, TOKEN, with_nodes
from tests.integration.api.test_giving_followed import Reader


@pytest.fixture
def wallet(page):
    return InPage(page)


@pytest.fixture
def reader(site, monkeypatch):
    """A chain of which the test says what it knows."""
    made = Reader()

    @contextmanager
    def opened(entry):
        yield made

    monkeypatch.setattr(nodes, "node_of", opened)
    with_nodes(site.service, 7, "http://127.0.0.1:1")
    return made


def operator_of(site):
    """Return a client of an operator, who calls the service by its name."""
    client = site.service.member(Role.OPERATOR)
    client.base_url = site.url
    return client


def give_at_desk(operator, **donation):
    """Record a donation as an operator does, at the time of the clock."""
    amount = donation["amount"]
    body = {"label": "Hall", "total_base": amount, "time": moment_text(START), "donations": [donation]}
    told = operator.post("/v1/rounds/spring/sources/desk/batches", json=body)
    assert told.status_code == 201, told.text


def cookies(page):
    return {each["name"] for each in page.send("Network.getCookies")["cookies"]}


def test_a_donor_reads_a_round_estimates_signs_in_gives_and_follows(site, page, wallet, reader):
    page.open(f"{site.url}/ja")
    page.click("a[href='/ja/rounds/spring']")
    page.until("document.querySelector('h2#rules')")
    page.click("a[href='/ja/rounds/spring/projects/bus-feed']")
    page.until("document.querySelector('#amount')")
    page.write("#amount", "３，０００")
    page.until("document.querySelector('.answer strong')?.textContent.includes('+')")
    assert cookies(page) == set()
    page.click("[data-cart-add]")
    page.until("document.querySelector('[data-cart-of]')")
    assert page.evaluate("new URLSearchParams(location.search).get('project')") == "bus-feed"
    page.evaluate("document.querySelector('#token').value = 'jpyx'")
    page.write("[aria-label^=コミュニティ]", "3000")
    page.click("form.cart .actions button")
    page.until("document.querySelector('[data-wallet] .wallets button')")
    page.click("[data-wallet] .wallets button")
    page.until("document.querySelector('[data-state=sent]')")
    assert [each["to"].lower() for each in wallet.sent] == [TOKEN, CONTRACT]
    assert all(each["from"] == DONOR.address and each["value"] == "0x0" for each in wallet.sent)
    assert "qf-csrf" in cookies(page)
    for change, state in ((reader.mined, "seen"), (lambda: setattr(reader, "final", 20), "final")):
        change()
        site.service.clock.forward(60)
        site.service.work()
        page.open(f"{site.url}/ja/rounds/spring/cart")
        page.until(f"document.querySelector('[data-state={state}]')")
    page.open(f"{site.url}/ja/me")
    assert "0x42" not in page.text and DONOR.address.lower()[:10] in page.text
    page.click("form[data-call='POST /v1/sign-out'] button")
    page.until("document.querySelector(\"a[href='/ja/sign-in']\")")
    assert cookies(page) == set() and page.evaluate("localStorage.length") == 0


def test_a_donor_signs_in_with_a_printed_code_sees_gifts_and_deletes_the_links(site, page):
    operator = operator_of(site)
    (sheet,) = operator.post("/v1/organisations/town/codes", json={"count": 1}).json()["codes"]
    give_at_desk(operator, code=sheet["code"], project="wifi", amount="1200")
    page.open(f"{site.url}/en/sign-in")
    page.write("#code", "2222-2222-2222-2222")
    page.click("form[data-call='POST /v1/sign-in/code'] button")
    page.until("!document.querySelector('.problem[role=alert]').hidden")
    assert "This donor code is not known." in page.text
    page.look(0.05)
    assert all("401" in told for told in page.complaints)
    page.complaints.clear()
    page.write("#code", sheet["code"].lower().replace("-", " "))
    page.press("Enter", 13)
    page.arrive("/en/me")
    assert "¥1,200" in page.text and "Counted in full." in page.text and "Donor code" in page.text
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.click("form[data-call='DELETE /v1/me'] input")
    page.click("form[data-call='DELETE /v1/me'] button")
    page.arrive("/en")
    assert cookies(page) == set()


def test_a_wallet_whose_owner_says_no_is_told_in_the_words_of_the_page(site, page, wallet):
    wallet.refuses = True
    page.open(f"{site.url}/ja/sign-in")
    page.click("[data-sign-in] .wallets button")
    page.until("document.body.innerText.includes('ウォレットでの操作が取り消されました。')")
    assert wallet.asked == ["eth_requestAccounts"] and cookies(page) == set()


def test_a_session_goes_on_when_its_short_token_has_run_out(site, page, wallet):
    page.open(f"{site.url}/en/sign-in")
    page.click("[data-sign-in] .wallets button")
    page.arrive("/en/me")
    page.send("Network.deleteCookies", name="qf-access", url=site.url)
    page.open(f"{site.url}/en/rounds/spring")
    page.until("document.body?.dataset.account")
    page.send("Network.deleteCookies", name="qf-refresh", url=site.url)
    page.send("Network.deleteCookies", name="qf-access", url=site.url)
    page.open(f"{site.url}/en")
    page.until("!document.cookie.includes('csrf')")
    assert "Sign in" in page.text
    page.look(0.05)
    assert all("401" in told for told in page.complaints)
    page.complaints.clear()


def test_what_happens_is_shown_while_a_page_is_open(site, page):
    page.open(f"{site.url}/en/rounds/spring")
    assert page.evaluate("document.querySelector('[data-live=entries]').textContent") == "120"
    page.until("performance.getEntriesByType('resource').some((each) => each.name.includes('/live.js'))")
    before = page.evaluate("document.querySelector('[data-match=wifi]').textContent")
    operator = operator_of(site)
    give_at_desk(operator, label="a visitor", project="wifi", amount="5000")
    assert operator.post("/v1/rounds/spring/notices", json={"text": "Good news"}).status_code == 201
    page.until("document.querySelector('[data-live=entries]').textContent === '121'")
    page.until("!document.querySelector('[data-live=note]').hidden")
    page.until(f"document.querySelector('[data-match=wifi]').textContent !== {json.dumps(before)}")
    assert page.evaluate("/^¥[0-9,]+$/.test(document.querySelector('[data-match=wifi]').textContent)")


def test_without_scripts_pages_are_read_searched_and_estimated(site, page):
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    page.open(f"{site.url}/en/rounds/spring/projects/bus-feed")
    page.write("#amount", "3000")
    page.click("form.gift button")
    page.until("document.querySelector('.answer')")
    page.click("form.gift button.button")
    page.until("document.querySelector('[data-cart-of]')")
    page.evaluate("document.querySelector('#more').value = 'wifi'")
    page.write("#more-amount", "500")
    page.click("form.cart .actions button")
    page.until("document.querySelectorAll('form.cart tbody tr').length === 2")
    page.open(f"{site.url}/en/sign-in")
    assert "need JavaScript" in json.dumps(page.text)
