"""What is recorded compared with what providers and desks say, and the operator's words on it."""

from __future__ import annotations

import json

import pytest

from api import signing
from api.schema import moment_text
from api.tables import Entry

OPENED = moment_text(1_775_000_000)


@pytest.fixture
def operator(service, answered):
    service.round()
    operator = service.member("operator")
    secret = answered(operator.post("/v1/rounds/spring/sources", json={"name": "card", "kind": "webhook"}), 201)
    gifts = [
        {"id": f"p{number}", "donor": "d1", "project": "well", "amount": str(100 * number), "time": OPENED}
        for number in (1, 2, 3)
    ]
    data = json.dumps({"donations": gifts}).encode()
    headers = {"QF-Signature": signing.sign(secret["secret"], data, service.clock.at), "QF-Delivery": "k"}
    answered(operator.post("/v1/rounds/spring/intake/card", content=data, headers=headers))
    return operator


def reconciled(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/reconciliation"), 202)
    service.work()
    service.clock.forward(1)
    return answered(service.client().get("/v1/rounds/spring/reconciliation"))


def lines(found):
    return [(line["finding"], line["place"]) for line in found["lines"]]


def state(operator, answered, text):
    path = "/v1/rounds/spring/sources/card/statement"
    return answered(operator.post(path, content=text), 201)


def test_a_source_without_a_statement_is_not_reconciled(service, operator, answered):
    answered(service.client().get("/v1/rounds/spring/reconciliation"), 404)
    found = reconciled(service, operator, answered)
    assert lines(found) == [("incomplete", "card")] and found["unresolved"] == 1


def test_a_statement_that_agrees_reconciles(service, operator, answered):
    state(operator, answered, "id,amount_base\np1,100\np2,200\np3,300\n")
    found = reconciled(service, operator, answered)
    assert (found["lines"], found["compared"], found["elsewhere"], found["current"]) == ([], 3, 0, True)
    assert found["evidence"][0]["proof"].startswith("statement ")
    service.give("ann", "well", 1)
    again = answered(service.client().get("/v1/rounds/spring/reconciliation"))
    assert again["current"] is False


def test_every_difference_is_a_line(service, operator, answered):
    text = f"id,amount_base,refunded_base,time\np1,150,0,{OPENED}\np2,50,150,\np4,7,,\n"
    state(operator, answered, text)
    found = reconciled(service, operator, answered)
    assert lines(found) == [
        ("missing_in_ledger", "card/p4"), ("missing_in_source", "card/p3"),
        ("different_amount", "card/p1"), ("refunded", "card/p2"),
    ]  # fmt: skip
    state(operator, answered, "id,amount_base,refunded_base\np1,100,\np2,0,200\np3,300,\n")
    assert lines(reconciled(service, operator, answered)) == [("refunded", "card/p2")]


def test_a_malformed_statement_names_every_line(service, operator, answered):
    path = "/v1/rounds/spring/sources/card/statement"
    text = "id,amount_base,time\np1,-1,\n,5,\np2,5,yesterday\np2,5,\np3,5\n"
    told = answered(operator.post(path, content=text), 422)
    assert [each["where"] for each in told["problems"]] == [
        "statement line 2", "statement line 3, column id", "statement line 4",
        "statement line 5, column id", "statement line 6",
    ]  # fmt: skip
    for text in (
        "", "id\np1\n", "id,amount_base,colour\n", b"\xff\xfe", 'id,amount_base\n"p1,1\n',
        "id,id,amount_base\na,b,1\n", "id,amount_base,token\np1,1,a\x00b\n",
    ):  # fmt: skip
        answered(operator.post(path, content=text), 422)


def test_the_word_of_an_operator_is_public_and_can_be_taken_back(service, operator, answered):
    reconciled(service, operator, answered)
    body = {"finding": "incomplete", "place": "card", "reason": "the provider closed; we hold its letter"}
    answered(operator.post("/v1/rounds/spring/overrides", json={**body, "place": "cash"}), 404)
    made = answered(operator.post("/v1/rounds/spring/overrides", json=body), 201)
    answered(operator.post("/v1/rounds/spring/overrides", json=body), 409)
    shown = answered(service.client().get("/v1/rounds/spring/reconciliation"))
    assert shown["unresolved"] == 0 and shown["lines"][0]["override"] == body["reason"], "it is good at once"
    assert reconciled(service, operator, answered)["unresolved"] == 0
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["text"] == body["reason"]
    [shown] = answered(service.client().get("/v1/rounds/spring/overrides"))
    assert shown["id"] == made["id"]
    answered(operator.delete(f"/v1/rounds/spring/overrides/{made['id']}"), 204)
    assert answered(service.client().get("/v1/rounds/spring/reconciliation"))["unresolved"] == 1
    answered(operator.delete(f"/v1/rounds/spring/overrides/{made['id']}"), 404)
    assert reconciled(service, operator, answered)["unresolved"] == 1


def test_a_word_on_what_no_longer_differs_stands_in_nobodys_way(service, operator, answered):
    reconciled(service, operator, answered)
    body = {"finding": "incomplete", "place": "card", "reason": "the provider closed; we hold its letter"}
    answered(operator.post("/v1/rounds/spring/overrides", json=body), 201)
    state(operator, answered, "id,amount_base\np1,100\np2,200\np3,300\n")
    assert reconciled(service, operator, answered)["lines"] == []


def test_the_last_statement_is_compared_also_if_two_came_in_one_second(service, operator, answered):
    for amount in (1, 2, 100):
        state(operator, answered, f"id,amount_base,token\np1,{amount},\np2,200,\np3,300,\n")
    assert reconciled(service, operator, answered)["lines"] == []


def test_a_file_is_its_own_proof_unless_a_statement_is_given_too(service, operator, answered):
    state(operator, answered, "id,amount_base\np1,100\np2,200\np3,300\n")
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "bank", "kind": "csv"}), 201)
    file = f"id,donor,project,amount,time\nb1,ann,well,100,{OPENED}\n"
    answered(operator.post("/v1/rounds/spring/sources/bank/donations.csv", content=file))
    found = reconciled(service, operator, answered)
    assert (found["lines"], found["compared"], found["elsewhere"]) == ([], 4, 0)
    assert {each["source"]: each["proof"] for each in found["evidence"]}["bank"] == "the file it came in"
    path = "/v1/rounds/spring/sources/bank/statement"
    answered(operator.post(path, content="id,amount_base\nb1,90\n"), 201)
    assert lines(reconciled(service, operator, answered)) == [("different_amount", "bank/b1")]


def test_a_donation_to_no_project_is_a_line_until_somebody_decides(service, operator, answered):
    state(operator, answered, "id,amount_base\np1,100\np2,200\np3,300\n")
    path, where = "/v1/rounds/spring/entries/corrections", {"id": "card/p2"}
    answered(operator.post(path, params=where, json={"project": "wall", "reason": "misread"}), 201)
    assert lines(reconciled(service, operator, answered)) == [("unknown_project", "card/p2")]
    answered(operator.post(path, params=where, json={"project": "well", "reason": "read again"}), 201)
    assert reconciled(service, operator, answered)["lines"] == []


def test_a_batch_that_was_tampered_with_shows(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "hall", "kind": "desk"}), 201)
    batch = {
        "label": "Saturday", "total_base": "30", "time": OPENED,
        "donations": [
            {"label": "a", "project": "well", "amount": "10"},
            {"label": "b", "project": "well", "amount": "20"},
        ],
    }  # fmt: skip
    made = answered(operator.post("/v1/rounds/spring/sources/hall/batches", json=batch), 201)
    state(operator, answered, "id,amount_base\np1,100\np2,200\np3,300\n")
    assert reconciled(service, operator, answered)["lines"] == []
    with service.services.database.writing() as session:
        row = session.get_one(Entry, ("spring", 5))
        row.amount = 21
        session.add(row)
    assert lines(reconciled(service, operator, answered)) == [("balance_differs", f"hall/batch {made['id']}")]


def test_who_may_reconcile(service, operator, answered):
    for client, status in (
        (service.client(), 401),
        (service.member("reviewer"), 403),
        (service.member("admin", "city"), 403),
    ):
        answered(client.post("/v1/rounds/spring/reconciliation"), status)
