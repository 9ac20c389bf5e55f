"""Projects apply, are reviewed, and take part; what is hidden stays hidden."""

from __future__ import annotations

import csv
import io

import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct

from api.schema import moment_text
from api.states import State

FORM = {
    "fields": [
        {"id": "site", "label": "Site", "kind": "url", "required": True},
        {"id": "mail", "label": "Mail", "kind": "email", "hidden": True},
        {"id": "kind", "label": "Kind", "kind": "choice", "options": ["code", "care"]},
        {"id": "budget", "label": "Budget", "kind": "file"},
        {"id": "agree", "label": "Agreed", "kind": "checkbox", "required": True},
    ]
}
GOOD = {"site": "https://well.test", "mail": "ann@well.test", "kind": "code", "agree": True}
BASE = "/v1/rounds/spring/applications"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture
def operator(service, answered):
    service.round(state=State.FROZEN, projects=())
    operator = service.member("operator")
    answered(operator.put("/v1/rounds/spring/form", json=FORM), 204)
    return operator


@pytest.fixture
def owner(service, operator):
    return service.client("ann")


@pytest.fixture
def mine(owner, answered):
    body = {"project": "well", "title": "A well", "answers": GOOD}
    return f"{BASE}/{answered(owner.post(BASE, json=body), 201)['id']}"


def decide(client, path, decision, reason="looked at it"):
    return client.post(f"{path}/reviews", json={"decision": decision, "reason": reason})


def test_an_application_becomes_a_project(service, operator, owner, mine, answered):
    assert answered(service.client().get("/v1/rounds/spring/projects"))["items"] == []
    answered(owner.post(f"{mine}/submit"))
    answered(decide(operator, mine, "in_review"), 201)
    approved = answered(decide(service.member("reviewer"), mine, "approved"), 201)
    assert [word["decision"] for word in approved["reviews"]] == ["in_review", "approved"]
    [project] = answered(service.client().get("/v1/rounds/spring/projects"))["items"]
    assert project["project"] == "well" and project["answers"] == {k: v for k, v in GOOD.items() if k != "mail"}
    assert "ann@well.test" not in service.client().get("/v1/rounds/spring/projects/well").text
    [own] = answered(owner.get("/v1/me/applications"))
    assert own["state"] == "approved"


def test_what_does_not_fit_the_form_is_named_at_once(owner, answered):
    wrong = {"site": "well.test", "mail": "nobody", "kind": "art", "budget": "1", "agree": "yes", "colour": "red"}
    told = answered(owner.post(BASE, json={"project": "well", "title": "A well", "answers": wrong}), 422)
    assert {each["where"] for each in told["problems"]} == {f"answers.{name}" for name in wrong}
    draft = answered(owner.post(BASE, json={"project": "well", "title": "A well"}), 201)
    told = answered(owner.post(f"{BASE}/{draft['id']}/submit"), 422)
    assert {each["where"] for each in told["problems"]} == {"answers.site", "answers.agree"}


def test_an_application_is_changed_until_it_is_reviewed(operator, owner, mine, answered):
    answered(owner.patch(mine, json={"title": "The well"}))
    answered(owner.post(f"{mine}/submit"))
    assert answered(owner.patch(mine, json={"title": "Our well"}))["state"] == "submitted"
    answered(owner.patch(mine, json={"answers": {}}), 422)
    answered(decide(operator, mine, "in_review"), 201)
    answered(owner.patch(mine, json={"title": "My well"}), 409)


def test_others_neither_see_nor_touch_it(service, operator, mine, answered):
    for client in (service.client("bob"), service.member("admin", "city")):
        answered(client.get(mine), 404)
        answered(client.patch(mine, json={"title": "x"}), 404)
        answered(client.post(f"{mine}/submit"), 404)
    answered(service.client().get(mine), 401)
    answered(decide(service.member("auditor"), mine, "approved"), 403)
    assert answered(service.member("reviewer").get(mine))["answers"]["mail"] == "ann@well.test"


def test_a_rejection_has_a_reason_and_can_be_appealed(operator, owner, mine, answered):
    answered(owner.post(f"{mine}/appeal", json={"text": "but why"}), 409)
    answered(owner.post(f"{mine}/submit"))
    answered(decide(operator, mine, "rejected", "no site"), 201)
    assert answered(owner.get(mine))["reviews"][0]["reason"] == "no site"
    assert answered(owner.post(f"{mine}/appeal", json={"text": "it is up again"}))["state"] == "appealed"
    answered(decide(operator, mine, "approved"), 201)


def test_nobody_reviews_their_own(service, operator, answered):
    member = service.member("reviewer", account="zoe")
    draft = answered(member.post(BASE, json={"project": "zoo", "title": "Zoo", "answers": GOOD}), 201)
    path = f"{BASE}/{draft['id']}"
    answered(member.post(f"{path}/submit"))
    assert answered(decide(member, path, "approved"), 403)["code"] == "own_application"


def test_many_are_decided_about_at_once_or_none(service, operator, answered):
    ids = []
    for name in ("a", "b", "c"):
        client = service.client(f"owner-{name}")
        made = answered(client.post(BASE, json={"project": name, "title": name, "answers": GOOD}), 201)
        ids.append(made["id"])
        if name != "c":
            answered(client.post(f"{BASE}/{made['id']}/submit"))
    body = {"applications": ids, "decision": "approved", "reason": "all good"}
    told = answered(operator.post(f"{BASE}/reviews", json=body), 409)
    assert [each["where"] for each in told["problems"]] == ["c"]
    assert answered(service.client().get("/v1/rounds/spring/projects"))["items"] == []
    answered(operator.post(f"{BASE}/reviews", json={**body, "applications": ids[:2]}), 201)
    assert len(answered(service.client().get("/v1/rounds/spring/projects"))["items"]) == 2


def test_applications_have_their_time(service, operator, owner, answered, clock):
    path = "/v1/rounds/spring/extend"
    dates = {"applications_open_at": clock.at + 10, "applications_close_at": clock.at + 20}
    service.round("later", state=State.FROZEN, projects=(), **dates)
    base, body = "/v1/rounds/later/applications", {"project": "well", "title": "A well"}
    assert answered(owner.post(base, json=body), 409)["code"] == "too_early"
    clock.forward(10)
    answered(owner.post(base, json=body), 201)
    clock.forward(10)
    assert answered(owner.post(base, json={**body, "project": "other"}), 409)["code"] == "too_late"
    more = {"applications_close_at": moment_text(clock.at + 5), "reason": "the form was down"}
    answered(operator.post(path.replace("spring", "later"), json=more))
    answered(owner.post(base, json={**body, "project": "other"}), 201)


def test_a_payout_address_signs_for_itself(owner, mine, answered):
    wallet, other = Wallet.from_key("0x" + "11" * 32), Wallet.from_key("0x" + "22" * 32)
    message = answered(owner.get(f"{mine}/payout-message", params={"address": wallet.address}))["message"]
    assert "well" in message and wallet.address in message

    def signed(by, text=message):
        return "0x" + by.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")

    body = {"address": wallet.address, "signature": signed(wallet)}
    answered(owner.put(f"{mine}/payout", json={**body, "signature": signed(other)}), 503)
    answered(owner.put(f"{mine}/payout", json={**body, "signature": signed(wallet, message + " ")}), 503)
    confirmed = answered(owner.put(f"{mine}/payout", json=body))
    assert confirmed["payout_confirmed"] and confirmed["payout_address"] == wallet.address.lower()


def test_files_are_what_their_content_says(service, owner, mine, answered):
    path = f"{mine}/files/budget"
    kept = answered(owner.put(path, content=PNG, headers={"content-type": "text/html"}))
    assert kept["media_type"] == "image/png"
    got = owner.get(path)
    assert got.content == PNG and got.headers["content-disposition"].startswith("attachment")
    for data in (b"", b"\x00\x01\x02", b"x" * (5 * 1024 * 1024 + 1)):
        answered(owner.put(path, content=data), 422)
    answered(owner.put(f"{mine}/files/site", content=PNG), 404)
    answered(service.client("bob").get(path), 404)
    assert service.member("auditor").get(path).content == PNG


def test_exports_hold_no_formula_and_drafts_are_not_in_them(operator, owner, answered):
    made = answered(owner.post(BASE, json={"project": "well", "title": "=1+1", "answers": GOOD}), 201)
    answered(owner.post(BASE, json={"project": "draft", "title": "Draft"}), 201)
    answered(owner.post(f"{BASE}/{made['id']}/submit"))
    rows = list(csv.DictReader(io.StringIO(operator.get(f"{BASE}.csv").text)))
    assert [(row["project"], row["title"], row["answer.mail"]) for row in rows] == [("well", "'=1+1", "ann@well.test")]
    answered(owner.get(f"{BASE}.csv"), 403)


def test_projects_are_imported_all_or_none(service, operator, answered):
    path = "/v1/rounds/spring/projects"
    assert answered(operator.post(path, content="project,title\na,Apple\nb,Bee\n"), 201)["projects"] == 2
    told = answered(operator.post(path, content="project,title\nb,Bee\nc,Sea\n"), 409)
    assert [each["where"] for each in told["problems"]] == ["b"]
    told = answered(operator.post(path, content="project,titel\nd,Dee\n"), 422)
    assert told["problems"][0]["where"].startswith("projects.csv")
    found = answered(service.client().get(path, params={"search": "PP"}))["items"]
    assert [each["project"] for each in found] == ["a"]
    for search in ("%", "_", "\\"):
        assert answered(service.client().get(path, params={"search": search}))["items"] == []


def test_the_form_stands_once_somebody_has_applied(operator, mine, answered):
    answered(operator.put("/v1/rounds/spring/form", json=FORM), 409)


def test_a_form_with_faults_names_them_all(service, operator, answered):
    service.round("autumn", projects=())
    wrong = {
        "fields": [{"id": "a", "label": "A"}, {"id": "a", "label": "A"}, {"id": "b", "label": "B", "kind": "choice"}]
    }
    told = answered(operator.put("/v1/rounds/autumn/form", json=wrong), 422)
    assert [each["where"] for each in told["problems"]] == ["fields.1.id", "fields.2.options"]
