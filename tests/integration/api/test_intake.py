"""Donations on their way in: signed webhooks, files, desks; each counts once, whatever happens on the way."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import signing
from api.ledger import ledger_of
from api.schema import moment_text

OPENED = moment_text(1_775_000_000)
BIG = str(2**256 - 1)


@pytest.fixture
def operator(service):
    service.round()
    return service.member("operator")


@pytest.fixture
def secret(operator, answered) -> str:
    body = {"name": "card", "kind": "webhook"}
    return answered(operator.post("/v1/rounds/spring/sources", json=body), 201)["secret"]


def donation(number=1, **changes):
    return {"id": f"p{number}", "donor": "d1", "project": "well", "amount": "100", "time": OPENED, **changes}


def deliver(service, secret, body, key="k1", **headers):
    data = json.dumps(body).encode()
    at = headers.pop("at", service.clock.at)
    signed = {"QF-Signature": signing.sign(secret, data, at), "QF-Delivery": key, **headers}
    return service.client().post("/v1/rounds/spring/intake/card", content=data, headers=signed)


def standing(service, round="spring"):
    with service.services.database.reading() as session:
        ledger = ledger_of(session, round)
    return dict(zip(ledger.id.tolist(), ledger.amount.tolist(), strict=True))


def test_a_delivery_is_recorded_and_counts_once(service, secret, answered):
    body = {"donations": [donation(1), donation(2, amount_base=BIG, amount=None)]}
    del body["donations"][1]["amount"]
    first = answered(deliver(service, secret, body))
    assert (first["new"], first["known"]) == (2, 0)
    assert answered(deliver(service, secret, body)) == first
    again = answered(deliver(service, secret, body, key="k2"))
    assert (again["new"], again["known"]) == (0, 2)
    assert standing(service) == {"card/p1": 100, "card/p2": 2**256 - 1}


def test_a_delivery_of_the_same_name_with_another_body_is_refused(service, secret, answered):
    answered(deliver(service, secret, {"donations": [donation(1)]}))
    told = answered(deliver(service, secret, {"donations": [donation(2)]}), 409)
    assert told["code"] == "delivery_differs" and standing(service) == {"card/p1": 100}


def test_a_donation_that_differs_from_what_is_recorded_is_refused_as_a_whole(service, secret, answered):
    answered(deliver(service, secret, {"donations": [donation(1)]}))
    body = {"donations": [donation(2), donation(1, amount="200"), donation(3)]}
    told = answered(deliver(service, secret, body, key="k2"), 409)
    assert told["problems"][0]["where"] == "p1" and standing(service) == {"card/p1": 100}


@pytest.mark.parametrize("kind", ["missing", "other secret", "old", "early", "other body", "no time", "twice"])
def test_a_delivery_that_is_not_signed_just_now_is_refused(service, secret, answered, kind):
    data, at = json.dumps({"donations": [donation()]}).encode(), service.clock.at
    signature = {
        "missing": "",
        "other secret": signing.sign("0" * 64, data, at),
        "old": signing.sign(secret, data, at - 301),
        "early": signing.sign(secret, data, at + 301),
        "other body": signing.sign(secret, data + b" ", at),
        "no time": signing.sign(secret, data, at).partition(",")[2],
        "twice": signing.sign(secret, data, at) + "," + signing.sign(secret, data, at),
    }[kind]
    headers = {"QF-Signature": signature, "QF-Delivery": "k"}
    told = answered(service.client().post("/v1/rounds/spring/intake/card", content=data, headers=headers), 401)
    assert told["code"] == "bad_signature" and standing(service) == {}


def test_everything_malformed_is_named_at_once(service, secret, answered):
    body = {
        "donations": [
            donation(1, donor="a\u200bb"), donation(2, amount="1.5"), donation(3, amount="0"),
            donation(4, token="ETH"), donation(5, amount_base="9" * 78, amount=None), donation(6),
        ]
    }  # fmt: skip
    del body["donations"][4]["amount"]
    told = answered(deliver(service, secret, body), 422)
    assert [each["where"] for each in told["problems"]] == [
        "donations.0.donor", "donations.1.amount", "donations.2.amount", "donations.3.amount", "donations.4.amount",
    ]  # fmt: skip
    assert standing(service) == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"donations": 1}', b'{"gifts": []}', b"\xff", b'{"donations":[{}]}']
)
def test_what_is_no_delivery_is_refused(service, secret, answered, body):
    headers = {"QF-Signature": signing.sign(secret, body, service.clock.at), "QF-Delivery": "k"}
    answered(service.client().post("/v1/rounds/spring/intake/card", content=body, headers=headers), 422)


def test_a_refund_is_a_revision_and_may_come_before_its_donation(service, secret, answered):
    refund = {"refunds": [{"id": "p1", "left_base": "30", "reason": "card was charged twice"}]}
    assert answered(deliver(service, secret, refund, key="r1"), 409)["code"] == "wrong_refund"
    answered(deliver(service, secret, {"donations": [donation(1)]}))
    assert answered(deliver(service, secret, refund, key="r1"))["corrected"] == 1
    assert answered(deliver(service, secret, refund, key="r1"))["corrected"] == 1
    assert answered(deliver(service, secret, refund, key="r2"))["corrected"] == 0
    assert standing(service) == {"card/p1": 30}
    more = {"refunds": [{"id": "p1", "left_base": "31"}]}
    answered(deliver(service, secret, more, key="r3"), 409)
    answered(deliver(service, secret, {"refunds": [{"id": "p1", "left_base": "0"}]}, key="r4"))
    assert standing(service) == {}
    assert answered(deliver(service, secret, {"donations": [donation(1)]}, key="k9"))["known"] == 1


def test_many_deliveries_at_the_same_time_count_each_donation_once(service, secret):
    ready = threading.Barrier(8)

    def send(number: int) -> int:
        ready.wait()
        body = {"donations": [donation(each) for each in range(number % 2, 40, 2)]}
        return deliver(service, secret, body, key=f"k{number % 4}").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {200}
    assert standing(service) == {f"card/p{number}": 100 for number in range(40)}
    with service.services.database.reading() as session:
        from api.tables import Round

        assert session.get_one(Round, "spring").entries == 40


def test_a_donation_to_a_project_that_is_none_is_recorded_and_told(service, secret, answered):
    body = {"donations": [donation(1, project="wall")]}
    assert answered(deliver(service, secret, body))["unknown_projects"] == ["wall"]
    assert standing(service) == {"card/p1": 100}


def test_nothing_is_taken_from_a_stopped_source_or_after_publication(service, secret, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources/card/stop"))
    assert answered(deliver(service, secret, {"donations": [donation()]}), 409)["code"] == "source_stopped"
    answered(operator.post("/v1/rounds/spring/sources/card/start"))
    answered(deliver(service, secret, {"donations": [donation()]}))


def test_a_rotated_secret_makes_the_old_one_useless_and_is_not_shown_again(service, secret, operator, answered):
    new = answered(operator.post("/v1/rounds/spring/sources/card/secret"))["secret"]
    answered(deliver(service, secret, {"donations": [donation()]}), 401)
    answered(deliver(service, new, {"donations": [donation()]}))
    listed = service.client().get("/v1/rounds/spring/sources").text
    assert secret not in listed and new not in listed


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
    wrong = {**batch, "donations": [{"code": "nonsense", "project": "well", "amount": "1"}]}
    told = answered(operator.post("/v1/rounds/spring/sources/hall/batches", json=wrong), 422)
    assert told["problems"][0]["where"] == "donations.0.code"


def test_codes_of_a_revoked_sheet_or_of_another_organisation_are_refused(service, operator, answered):
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "hall", "kind": "desk"}), 201)
    sheet = answered(operator.post("/v1/organisations/town/codes", json={"count": 1}), 201)
    other = service.member("operator", "city")
    foreign = answered(other.post("/v1/organisations/city/codes", json={"count": 1}), 201)
    answered(operator.delete(f"/v1/organisations/town/codes/{foreign['sheet']}"), 404)
    answered(operator.delete(f"/v1/organisations/town/codes/{sheet['sheet']}"), 204)
    [summary] = answered(operator.get("/v1/organisations/town/codes"))
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


def test_a_correction_is_a_revision_with_a_reason(service, operator, answered):
    service.give("ann", "well", 100)
    body = {"amount": "70", "reason": "a note was counted twice"}
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/1"}, json=body), 201)
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/1"}, json=body), 422)
    history = answered(operator.get("/v1/rounds/spring/entries/history", params={"id": "desk/1"}))
    assert [(row["revision"], row["amount_base"], row["reason"]) for row in history] == [
        (0, "100", ""), (1, "70", "a note was counted twice"),
    ]  # fmt: skip
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


def test_a_chain_source_is_checked_and_shown_without_its_nodes(service, operator, answered):
    settings = {
        "chain": [
            {
                "id": 10,
                "endpoints": ["https://node.test/SECRETKEY"],
                "source": [{"kind": "donation_round", "contract": "0x" + "1" * 40, "from_block": 1}],
            }
        ]
    }
    body = {"name": "chain", "kind": "chain", "settings": settings}
    answer = operator.post("/v1/rounds/spring/sources", json=body)
    shown = answered(answer, 201)
    assert "SECRETKEY" not in answer.text and shown["settings"]["chain"][0]["id"] == 10
    assert "SECRETKEY" not in service.client().get("/v1/rounds/spring/sources").text
    settings["chain"][0]["source"][0]["kind"] = "donation_rond"
    settings["chain"][0]["proof"] = "hope"
    told = answered(operator.post("/v1/rounds/spring/sources", json={**body, "name": "other"}), 422)
    assert len(told["problems"]) == 2
