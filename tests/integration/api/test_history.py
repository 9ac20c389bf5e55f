"""The own donations: how each counts, what they move, and a receipt that says what it is not."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from sqlmodel import select

import qf
from api.states import State
from api.tables import Credential, Round, Score, Settlement, WeightOverride

WALLETS = "0x" + "a" * 40, "0x" + "b" * 40
OTHERS = [("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]
RULES = {"weights": {"curve": [["0", "0"], ["10", "1"]], "default": "1"}}


def owns(service, account, *names):
    """Make an account that gives under some names."""
    client = service.client(account)
    with service.services.database.writing() as session:
        for name in names:
            credential = {"id": f"{account}-{name}", "account_id": account, "kind": "wallet"}
            session.add(Credential(**credential, subject=name, donor=name, created_at=0))
    return client


@pytest.fixture
def ann(service):
    """Somebody with two wallets who gave with both."""
    service.round(rules=RULES, state=State.CLOSED)
    for gift in [(WALLETS[0], "well", 400), (WALLETS[1], "well", 600), (WALLETS[0], "bus", 900), *OTHERS]:
        service.give(*gift)
    return owns(service, "ann", *WALLETS)


def publish(service):
    """Settle and publish the round as it stands."""
    operator, second = service.member("operator"), service.member("operator", account="second")
    base = "/v1/rounds/spring/settlements"
    assert operator.post(base).status_code == 202
    service.work()
    for client, step in ((second, "approve"), (operator, "publish")):
        answer = client.post(f"{base}/1/{step}")
        assert answer.status_code == 200, answer.text


def override(service, donor, weight):
    with service.services.database.writing() as session:
        session.add(WeightOverride(round_id="spring", donor=donor, weight_bps=weight, reason="seen", at=0, actor="op"))


def test_every_own_donation_is_told_with_its_weight_before_and_after_publication(service, ann, answered):
    override(service, WALLETS[0], 5_000)
    override(service, WALLETS[1], 5_000)
    path = "/v1/rounds/spring/donations/mine"
    before = answered(ann.get(path))
    assert before["final"] is False and before["state"] == "closed"
    assert sorted((each["donor"], each["project"], each["amount"]) for each in before["donations"]) == [
        (WALLETS[0], "bus", "900"),
        (WALLETS[0], "well", "400"),
        (WALLETS[1], "well", "600"),
    ]
    assert {(each["counted"], each["weight_bps"], each["sentence"]) for each in before["donations"]} == {
        (True, 5_000, "Counted with a weight of 0.5.")
    }
    publish(service)
    after = answered(ann.get(path))
    assert after["final"] is True and after["donations"] == before["donations"]
    with service.services.database.writing() as session:
        session.add(Score(round_id="spring", donor=WALLETS[0], score="1", at=1, actor="op"))
    override(service, WALLETS[0], 1)
    service.give(WALLETS[0], "well", 5)
    assert answered(ann.get(path)) == after, "what happens after publication does not change what was settled"


def test_a_donation_that_does_not_count_says_why(service, ann, answered):
    service.give(WALLETS[0], "nowhere", 7)
    service.give(WALLETS[0], "well", 8, time=1)
    told = {each["amount"]: each for each in answered(ann.get("/v1/rounds/spring/donations/mine"))["donations"]}
    assert told["7"]["counted"] is False and told["7"]["reason"] == "unknown_project"
    assert told["8"]["counted"] is False and told["8"]["sentence"]
    assert told["400"]["counted"] is True and told["400"]["reason"] == ""


def test_what_the_gifts_move_is_what_two_settlements_differ_by(service, ann, answered):
    rules = qf.preset("yen", pool=100_000)
    mine = [("ann", "well", 1_000), ("ann", "bus", 900)]
    with_me, without = qf.settle(rules, [*mine, *OTHERS]), qf.settle(rules, OTHERS)
    path = "/v1/rounds/spring/donations/mine/effects"
    live = {each["project"]: each for each in answered(ann.get(path))}
    for project in ("well", "bus"):
        assert abs(float(live[project]["match_base"]) - with_me.payouts[project]) < 1
        assert abs(float(live[project]["without_base"]) - without.payouts[project]) < 1
    publish(service)
    final = {each["project"]: each for each in answered(ann.get(path))}
    assert {name: int(each["match_base"]) for name, each in final.items()} == with_me.payouts
    assert {name: int(each["without_base"]) for name, each in final.items()} == without.payouts


def test_a_round_too_large_to_settle_again_says_so(service, ann, answered):
    publish(service)
    with service.services.database.writing() as session:
        row = session.exec(select(Settlement)).one()
        row.summary = {**row.summary, "donations": 200_001}
        session.add(row)
    assert answered(ann.get("/v1/rounds/spring/donations/mine/effects"), 409)["code"] == "too_large"


def test_all_rounds_in_which_somebody_gave_are_listed_newest_first_in_pages(service, ann, answered):
    for number, name in enumerate(("autumn", "winter", "empty")):
        service.round(name, created_at=10**9 + number)
        if name != "empty":
            service.give(WALLETS[1], "bus", 5, name)
    first = answered(ann.get("/v1/me/donations", params={"limit": 2}))
    rest = answered(ann.get("/v1/me/donations", params={"limit": 2, "after": first["next"]}))
    assert [each["round"] for each in first["items"] + rest["items"]] == ["spring", "winter", "autumn"]
    assert rest["next"] is None
    answered(ann.get("/v1/me/donations", params={"after": "x"}), 422)


def test_nobody_sees_the_donations_of_others(service, ann, answered):
    stranger = service.client("stranger")
    for path in ("/v1/me/donations", "/v1/rounds/spring/donations/mine", "/v1/rounds/spring/donations/mine/receipt"):
        answered(service.client().get(path), 401)
        assert WALLETS[0] not in stranger.get(path).text
    assert answered(stranger.get("/v1/me/donations"))["items"] == []
    assert answered(stranger.get("/v1/rounds/spring/donations/mine"))["donations"] == []
    assert answered(stranger.get("/v1/rounds/spring/donations/mine/effects")) == []


def test_a_missing_price_is_told_and_not_a_failure(service, ann, answered):
    service.give(WALLETS[0], "well", 5, token="ETH")
    told = answered(ann.get("/v1/rounds/spring/donations/mine"))
    assert told["donations"] == [] and "no price for ETH" in told["problem"]
    lines = answered(ann.get("/v1/rounds/spring/donations/mine/receipt", params={"format": "json"}))["lines"]
    assert [(each["amount"], each["unit"]) for each in lines if "ETH" in each["unit"]] == [("5", "base units of ETH")]


def test_a_receipt_lists_what_stands_and_says_that_it_is_no_tax_receipt(service, ann, answered):
    service.give(WALLETS[0], "bus", 0, external_id="3", ledger_id="desk/3", revision=1)
    path = "/v1/rounds/spring/donations/mine/receipt"
    found = answered(ann.get(path, params={"format": "json"}))
    assert [(each["id"], each["amount"]) for each in found["lines"]] == [("desk/1", "400"), ("desk/2", "600")]
    assert found["totals"] == {"JPY": "1000"} and found["organisation"] == "Town"
    english = ann.get(path)
    assert english.headers["content-type"].startswith("text/html") and "not a tax receipt" in english.text
    japanese = ann.get(path, params={"lang": "ja"}).text
    assert "これは税務上の領収書" in japanese and '<html lang="ja">' in japanese
    answered(ann.get(path, params={"lang": "xx"}), 422)


def test_a_receipt_escapes_what_others_wrote_and_loads_nothing(service, ann):
    with service.services.database.writing() as session:
        round = session.get_one(Round, "spring")
        round.title = "<script>alert(1)</script>"
        session.add(round)
    answer = ann.get("/v1/rounds/spring/donations/mine/receipt")
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)[1]
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
