"""Projects apply, are reviewed, and take part; what is hidden stays hidden."""

from __future__ import annotations

import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct
from sqlmodel import select

from api.applications import payees
from api.schema import moment_text
from api.sign_in.signatures import SignatureError
from api.states import State
from api.tables import Audit, Round, RoundEvent
from tests.integration.api.applying import BASE, GOOD, begin, decide, prepared, projects, set_state

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture
def operator(service, answered):
    return prepared(service, answered)


@pytest.fixture
def owner(service, operator):
    return service.client("ann")


@pytest.fixture
def mine(owner, answered):
    return f"{BASE}/{begin(owner, 'well', answered)}"


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
    answered(decide(service.member("reviewer", account="rae"), mine, "approved"), 404)
    reviewer = service.member("reviewer")
    answered(reviewer.get(mine), 404)
    answered(service.client("ann").post(f"{mine}/submit"))
    assert answered(reviewer.get(mine))["answers"]["mail"] == "ann@well.test"


def test_a_rejection_has_a_reason_and_can_be_appealed(operator, owner, mine, answered):
    answered(owner.post(f"{mine}/appeal", json={"text": "but why"}), 409)
    answered(owner.post(f"{mine}/submit"))
    answered(decide(operator, mine, "rejected", "no site"), 201)
    assert answered(owner.get(mine))["reviews"][0]["reason"] == "no site"
    assert answered(owner.post(f"{mine}/appeal", json={"text": "it is up again"}))["state"] == "appealed"
    answered(decide(operator, mine, "approved"), 201)


@pytest.fixture
def dated(service, operator, clock):
    """A round that takes applications from 10 to 20 seconds from now."""
    return service.round(
        "later",
        state=State.FROZEN,
        projects=(),
        applications_open_at=clock.at + 10,
        applications_close_at=clock.at + 20,
    )


def test_applications_have_their_time(operator, owner, dated, answered, clock):
    base = "/v1/rounds/later/applications"
    assert answered(owner.post(base, json={"project": "well", "title": "A well"}), 409)["code"] == "too_early"
    clock.forward(10)
    early = answered(owner.post(base, json={"project": "well", "title": "A well"}), 201)["id"]
    late = answered(owner.post(base, json={"project": "bus", "title": "A bus"}), 201)["id"]
    clock.forward(9)
    answered(owner.post(f"{base}/{early}/submit"))
    clock.forward(1)
    assert answered(owner.post(f"{base}/{late}/submit"), 409)["code"] == "too_late"
    more = {"applications_close_at": moment_text(clock.at + 5), "reason": "the form was down"}
    answered(operator.post("/v1/rounds/later/extend", json=more))
    answered(owner.post(f"{base}/{late}/submit"))


def test_a_late_application_is_admitted_by_an_operator_with_a_reason(service, owner, dated, answered, clock):
    clock.forward(20)
    base = "/v1/rounds/later/applications"
    late = answered(owner.post(base, json={"project": "well", "title": "A well"}), 201)["id"]
    path, reason = f"{base}/{late}/admit", {"reason": "they were in hospital"}
    assert late in answered(owner.post(f"{base}/{late}/submit"), 409)["detail"]
    for client in (service.member("reviewer"), service.member("auditor"), owner, service.member("admin", "city")):
        answered(client.post(path, json=reason), 403)
    answered(service.member("admin").post(path.replace(late, "0" * 16), json=reason), 404)
    answered(service.member("operator", account="olga").post(path, json=reason), 204)
    submitted = answered(owner.post(f"{base}/{late}/submit"))
    assert [(word["kind"], word["reason"]) for word in submitted["reviews"]] == [("admission", reason["reason"])]
    answered(service.member("operator", account="oleg").post(path, json=reason), 409)
    with service.services.database.reading() as session:
        assert "application.admitted" in set(session.exec(select(Audit.action)))


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


def test_a_payout_address_after_approval_takes_its_signature_and_is_told(service, operator, owner, mine, answered):
    answered(owner.post(f"{mine}/submit"))
    answered(decide(operator, mine, "approved"), 201)
    wallet = Wallet.from_key("0x" + "11" * 32)
    message = answered(owner.get(f"{mine}/payout-message", params={"address": wallet.address}))["message"]
    signature = "0x" + wallet.sign_message(encode_defunct(text=message)).signature.hex().removeprefix("0x")
    body = {"address": wallet.address, "signature": signature}
    other = "0x" + "12" * 20
    answered(owner.put(f"{mine}/payout", json={**body, "address": other}), 503)
    answered(operator.put(f"{mine}/payout", json=body), 404)
    answered(service.client("bob").put(f"{mine}/payout", json=body), 404)
    answered(service.client().put(f"{mine}/payout", json=body), 401)
    answered(owner.put(f"{mine}/payout", json=body))
    [project] = projects(service, answered)
    assert project["payout_confirmed"] and project["payout_address"] == wallet.address.lower()
    with service.services.database.reading() as session:
        told = [row.data for row in session.exec(select(RoundEvent).where(RoundEvent.kind == "project"))]
        [deed] = session.exec(select(Audit).where(Audit.action == "project.payee"))
    assert told[-1]["payout_address"] == wallet.address.lower() and deed.details["before"] == ""
    set_state(service, State.PUBLISHED)
    assert answered(owner.put(f"{mine}/payout", json=body), 409)["code"] == "round_over"


def test_no_transaction_that_writes_is_open_while_a_chain_is_asked(service, owner, mine, answered, monkeypatch):
    def asked(text, address, signature, wallets):
        with service.services.database.writing() as session:
            session.exec(select(Round).with_for_update()).all()
        raise SignatureError("somebody else signed")

    monkeypatch.setattr(payees, "verify_text", asked)
    monkeypatch.setattr("api.database.engine.BUSY_SECONDS", 0)
    told = answered(owner.put(f"{mine}/payout", json={"address": "0x" + "12" * 20, "signature": "0x"}), 422)
    assert told["problems"][0]["where"] == "signature"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
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
    auditor = service.member("auditor")
    answered(auditor.get(path), 404)
    answered(owner.post(f"{mine}/submit"))
    assert auditor.get(path).content == PNG and auditor.get(path).headers["x-content-type-options"] == "nosniff"
    answered(decide(service.member("reviewer"), mine, "in_review"), 201)
    answered(owner.put(path, content=PNG), 409)


def test_a_name_is_taken_once_however_many_ask_at_the_same_moment(service, operator, at_once):
    clients = [service.client(f"owner-{number}") for number in range(6)]
    body = {"project": "well", "title": "A well"}
    statuses = at_once([lambda client=client: client.post(BASE, json=body).status_code for client in clients])
    assert sorted(statuses) == [201] + [409] * 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_account_has_a_bounded_number_of_applications(service, operator, owner, answered, monkeypatch):
    monkeypatch.setattr("api.applications.changes.MOST", 2)
    for name in ("a", "b"):
        begin(service.client("ann"), name, answered)
    assert answered(owner.post(BASE, json={"project": "c", "title": "C"}), 409)["code"] == "too_many"
    begin(service.client("bob"), "c", answered)
    assert answered(service.client("bob").post(BASE, json={"project": "a", "title": "A"}), 409)["code"] == "name_taken"
