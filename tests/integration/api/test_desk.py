"""Donations that operators enter: batches of a desk, files, corrections; each counts once, and adds up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.ledger import ledger_of
from api.schema import moment_text

OPENED = moment_text(1_775_000_000)


@pytest.fixture
def operator(service):
    service.round()
    return service.member("operator")


def standing(service, round="spring"):
    with service.services.database.reading() as session:
        ledger = ledger_of(session, round)
    return dict(zip(ledger.id.tolist(), ledger.amount.tolist(), strict=True))


def test_a_desk_batch_adds_up_or_is_not_recorded(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "hall", "kind": "desk"}), 201)
    sheet = answered(operator.post("/v1/organisations/town/codes", json={"count": 2}), 201)["codes"]
    batch = {
        "label": "Saturday", "total_base": "1500", "time": OPENED,
        "donations": [
            {"code": sheet[0]["code"], "project": "well", "amount": "1000"},
            {"label": "blue envelope", "project": "bus", "amount": "400"},
        ],
    }  # fmt: skip
    told = answered(operator.post("/v1/rounds/spring/sources/hall/batches", json=batch), 409)
    assert "100 less than the total 1500" in told["detail"] and standing(service) == {}
    entered = answered(
        operator.post("/v1/rounds/spring/sources/hall/batches", json={**batch, "total_base": "1400"}), 201
    )
    assert entered["donations"] == 2 and sorted(standing(service).values()) == [400, 1000]
    donors = {row["donor"] for row in answered(operator.get("/v1/rounds/spring/entries"))["items"]}
    assert sheet[0]["donor"] in donors and "blue envelope" not in str(donors)
    wrong = {**batch, "label": "Sunday", "donations": [{"code": "nonsense", "project": "well", "amount": "1"}]}
    told = answered(operator.post("/v1/rounds/spring/sources/hall/batches", json=wrong), 422)
    assert told["problems"][0]["where"] == "donations.0.code"


def test_a_batch_that_is_sent_twice_counts_once_and_another_of_its_label_is_refused(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "hall", "kind": "desk"}), 201)
    path = "/v1/rounds/spring/sources/hall/batches"
    batch = {
        "label": "Saturday", "total_base": "10", "time": OPENED,
        "donations": [{"label": "a", "project": "well", "amount": "10"}],
    }  # fmt: skip
    ready = threading.Barrier(4)

    def send(_: int) -> dict:
        ready.wait()
        return answered(operator.post(path, json=batch), 201)

    with ThreadPoolExecutor(4) as pool:
        assert len({told["id"] for told in pool.map(send, range(4))}) == 1
    assert list(standing(service).values()) == [10]
    other = {**batch, "total_base": "20", "donations": [{"label": "a", "project": "well", "amount": "20"}]}
    assert answered(operator.post(path, json=other), 409)["code"] == "delivery_differs"
    assert len(answered(operator.get(path))["items"]) == 1


def test_batches_come_in_pages_oldest_first(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "hall", "kind": "desk"}), 201)
    path = "/v1/rounds/spring/sources/hall/batches"
    for number in range(5):
        gift = {"label": "a", "project": "well", "amount": "10"}
        batch = {"label": f"box {number}", "total_base": "10", "time": OPENED, "donations": [gift]}
        answered(operator.post(path, json=batch), 201)
        service.clock.forward(1)
    first = answered(operator.get(path, params={"limit": 3}))
    rest = answered(operator.get(path, params={"limit": 3, "after": first["next"]}))
    assert [each["label"] for each in first["items"] + rest["items"]] == [f"box {number}" for number in range(5)]
    assert rest["next"] is None
    answered(operator.get(path, params={"after": "nonsense"}), 422)


def test_codes_of_a_revoked_sheet_or_of_another_organisation_are_refused(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "hall", "kind": "desk"}), 201)
    sheet = answered(operator.post("/v1/organisations/town/codes", json={"count": 1}), 201)
    other = service.member("operator", "city")
    foreign = answered(other.post("/v1/organisations/city/codes", json={"count": 1}), 201)
    answered(operator.delete(f"/v1/organisations/town/codes/{foreign['sheet']}"), 404)
    answered(operator.delete(f"/v1/organisations/town/codes/{sheet['sheet']}"), 204)
    [summary] = answered(operator.get("/v1/organisations/town/codes"))["items"]
    assert (summary["codes"], summary["revoked"]) == (1, 1)
    for code in (sheet["codes"][0]["code"], foreign["codes"][0]["code"]):
        batch = {
            "label": "x", "total_base": "1", "time": OPENED,
            "donations": [{"code": code, "project": "well", "amount": "1"}],
        }  # fmt: skip
        answered(operator.post("/v1/rounds/spring/sources/hall/batches", json=batch), 422)


def test_a_file_is_taken_once_and_every_malformed_line_is_named(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "bank", "kind": "csv"}), 201)
    path = "/v1/rounds/spring/sources/bank/donations.csv"
    file = f"id,donor,project,amount,time\nb1,ann,well,100,{OPENED}\nb2,bob,bus,200,{OPENED}\n"
    assert answered(operator.post(path, content=file))["new"] == 2
    assert answered(operator.post(path, content=file))["known"] == 2
    told = answered(operator.post(path, content=file.replace("100", "-1").replace("bob", " bob")), 422)
    assert [each["where"] for each in told["problems"]] == [
        "donations.csv line 2, column amount", "donations.csv line 3, column donor",
    ]  # fmt: skip
    told = answered(operator.post(path, content="donor,project,amount\nann,well,1\n"), 422)
    assert "has no id" in told["detail"]
    assert standing(service) == {"bank/b1": 100, "bank/b2": 200}


def test_what_a_file_may_hold_and_the_ledger_may_not_is_named(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "bank", "kind": "csv"}), 201)
    rows = [f"{'x' * 201},ann,well,1,{OPENED}", "b2,ann,well,1,", "b3,ann,well,1,1969-12-31T23:59:59Z"]
    file = "\n".join(["id,donor,project,amount,time", *rows])
    told = answered(operator.post("/v1/rounds/spring/sources/bank/donations.csv", content=file), 422)
    assert [(each["where"], each["what"]) for each in told["problems"]] == [
        ("donations.csv donation 1", "has a name of more than 200 characters"),
        ("donations.csv donation 2", "has no time"),
        ("donations.csv donation 3", "was given outside the years 1970 to 9999"),
    ]


def test_a_correction_is_a_revision_with_a_reason(service, operator, answered):
    service.give("ann", "well", 100)
    body = {"amount": "70", "reason": "a note was counted twice"}
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/1"}, json=body), 201)
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/1"}, json=body), 422)
    history = answered(operator.get("/v1/rounds/spring/entries/history", params={"id": "desk/1"}))
    assert [(row["revision"], row["amount_base"], row["reason"]) for row in history] == [
        (0, "100", ""), (1, "70", "a note was counted twice"),
    ]  # fmt: skip
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["text"] == "a note was counted twice" and "ann" not in str(notice)
    back = {"amount_base": "0", "reason": "it was a test"}
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/1"}, json=back), 201)
    assert standing(service) == {}
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/9"}, json=back), 404)


def test_entries_come_in_pages(service, operator, answered):
    for number in range(5):
        service.give("ann", "well", number + 1)
    page = answered(operator.get("/v1/rounds/spring/entries", params={"limit": 3}))
    rest = answered(operator.get("/v1/rounds/spring/entries", params={"limit": 3, "after": page["next"]}))
    assert [row["amount_base"] for row in page["items"] + rest["items"]] == ["1", "2", "3", "4", "5"]
    assert rest["next"] is None


def test_corrections_at_the_same_time_are_one_after_the_other(service, operator, answered):
    service.give("ann", "well", 100)
    ready = threading.Barrier(6)

    def correct(number: int) -> int:
        ready.wait()
        body = {"amount": str(number + 1), "reason": "counted again"}
        path = "/v1/rounds/spring/entries/corrections"
        return operator.post(path, params={"id": "desk/1"}, json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(correct, range(6))) == {201}
    history = answered(operator.get("/v1/rounds/spring/entries/history", params={"id": "desk/1"}))
    assert [row["revision"] for row in history] == list(range(7))
    assert [row["position"] for row in history] == list(range(1, 8))
    assert standing(service) == {"desk/1": int(history[-1]["amount_base"])}
