"""Donations that payment providers send: signed, and each counts once, whatever happens on the way."""

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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
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
            donation(2, amount="1.5"), donation(3, amount="0"), donation(4, token="ETH"),
            donation(5, amount_base="9" * 78, amount=None), donation(6),
        ]
    }  # fmt: skip
    del body["donations"][3]["amount"]
    told = answered(deliver(service, secret, body), 422)
    assert [each["where"] for each in told["problems"]] == [f"donations.{place}.amount" for place in range(4)]
    unseen = answered(deliver(service, secret, {"donations": [donation(1, donor="a\u200bb")]}), 422)
    assert [each["where"] for each in unseen["problems"]] == ["donations.0.donor"]
    assert standing(service) == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
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
    answered(deliver(service, secret, {"refunds": [{"id": "p1", "left_base": "0"}]}, key="r4"))
    assert standing(service) == {}
    assert answered(deliver(service, secret, {"donations": [donation(1)]}, key="k9"))["known"] == 1


def test_refunds_of_one_donation_may_come_in_any_order(service, secret, answered):
    answered(deliver(service, secret, {"donations": [donation(1), donation(2)]}))
    later, earlier = {"id": "p1", "left_base": "20"}, {"id": "p1", "left_base": "70"}
    assert answered(deliver(service, secret, {"refunds": [later]}, key="r2"))["corrected"] == 1
    assert answered(deliver(service, secret, {"refunds": [earlier]}, key="r1"))["corrected"] == 0
    both = {"refunds": [{**later, "id": "p2"}, {**earlier, "id": "p2"}]}
    assert answered(deliver(service, secret, both, key="r3"))["corrected"] == 1
    assert standing(service) == {"card/p1": 20, "card/p2": 20}
    too_much = {"refunds": [{"id": "p1", "left_base": "101"}]}
    assert answered(deliver(service, secret, too_much, key="r4"), 409)["code"] == "wrong_refund"


def test_a_donation_told_anew_after_a_correction_is_compared_with_all_that_was_recorded_of_it(
    service, secret, operator, answered
):
    answered(deliver(service, secret, {"donations": [donation(1)]}))
    body = {"amount": "70", "reason": "a fee was part of it"}
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "card/p1"}, json=body), 201)
    for number, amount in enumerate(("100", "70")):
        told = {"donations": [donation(1, amount=amount)]}
        assert answered(deliver(service, secret, told, key=f"again{number}"))["known"] == 1
    other = {"donations": [donation(1, amount="80")]}
    assert answered(deliver(service, secret, other, key="other"), 409)["code"] == "different_donation"
    assert standing(service) == {"card/p1": 70}


def test_a_delivery_signed_under_the_old_and_the_new_secret_is_good_under_either(service, secret, operator, answered):
    data = json.dumps({"donations": [donation()]}).encode()
    old = signing.sign(secret, data, service.clock.at)
    new = answered(operator.post("/v1/rounds/spring/sources/card/secret", params={"at_once": True}))["secret"]
    both = old + "," + signing.sign(new, data, service.clock.at).partition(",")[2]
    headers = {"QF-Signature": both, "QF-Delivery": "k"}
    answered(service.client().post("/v1/rounds/spring/intake/card", content=data, headers=headers))


def test_a_donor_is_not_named_by_an_e_mail_address(service, secret, operator, answered):
    told = answered(deliver(service, secret, {"donations": [donation(donor="ann@example.org")]}), 422)
    assert told["problems"][0]["where"] == "donations.0.donor"
    file = f"id,donor,project,amount,time\nb1,ann@example.org,well,100,{OPENED}\n"
    told = answered(operator.post("/v1/rounds/spring/sources/card/donations.csv", content=file), 422)
    assert "e-mail" in told["detail"]
    service.give("ann", "well", 100)
    body = {"donor": "ann@example.org", "reason": "it was she"}
    answered(operator.post("/v1/rounds/spring/entries/corrections", params={"id": "desk/1"}, json=body), 422)


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


def test_for_a_day_after_it_was_replaced_both_secrets_are_good_and_neither_is_shown(
    service, secret, operator, answered
):
    told = answered(operator.post("/v1/rounds/spring/sources/card/secret"))
    new, day = told["secret"], 86_400
    assert told["former_until"] == moment_text(service.clock() + day)
    service.clock.forward(day - 1)
    answered(deliver(service, secret, {"donations": [donation(1)]}, key="k1"))
    answered(deliver(service, new, {"donations": [donation(2)]}, key="k2"))
    service.clock.forward(1)
    answered(deliver(service, secret, {"donations": [donation(3)]}, key="k3"), 401)
    answered(deliver(service, new, {"donations": [donation(3)]}, key="k3"))
    listed = service.client().get("/v1/rounds/spring/sources").text
    assert secret not in listed and new not in listed


def test_a_secret_that_leaked_is_good_no_more_at_once(service, secret, operator, answered):
    told = answered(operator.post("/v1/rounds/spring/sources/card/secret", params={"at_once": True}))
    assert told["former_until"] is None
    answered(deliver(service, secret, {"donations": [donation()]}), 401)
    answered(deliver(service, told["secret"], {"donations": [donation()]}))


def test_a_delivery_that_waits_for_the_end_of_a_round_is_not_recorded_after_it(service, secret, answered):
    """The round ends between the request and its turn: what counts is how the round stands when it is written."""
    from api import recording
    from api.tables import Round

    services, waiting, done = service.services, threading.Event(), []
    with services.database.writing() as session:
        recording.lock(session, session.get_one(Round, "spring"))

        def send() -> None:
            waiting.set()
            done.append(deliver(service, secret, {"donations": [donation()]}))

        thread = threading.Thread(target=send)
        thread.start()
        waiting.wait()
        thread.join(0.1)
        session.get_one(Round, "spring").state = "published"
    thread.join()
    assert answered(done[0], 409)["code"] == "round_over" and standing(service) == {}
