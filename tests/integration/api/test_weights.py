"""How much donors count: scores, the operator's word, and what donors say to that."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from api.clock import new_id
from api.inputs import standing_of
from api.tables import Credential, Round, Score

ANN, BOB = "0x" + "a1" * 20, "0x" + "b2" * 20
CURVE = {"weights": {"curve": [["15", "0.5"], ["25", "1"]], "default": "0.1"}}


@pytest.fixture
def operator(service):
    service.round(rules=CURVE)
    return service.member("operator")


def own(service, account, *donors):
    client = service.client(account)
    with service.services.database.writing() as session:
        for donor in donors:
            session.add(
                Credential(id=new_id(), account_id=account, kind="wallet", subject=donor, donor=donor, created_at=0)
            )
    return client


def counted(service) -> dict[str, int]:
    """Return donor -> weight in bps, as a settlement has it."""
    with service.services.database.reading() as session:
        standing = standing_of(session, service.services.secrecy, session.get_one(Round, "spring"))
    found = standing.inputs.weights.identify(standing.inputs.ledger.donor, standing.rules.weights)
    weights = dict(zip(found.names, found.weight.tolist(), strict=True))
    identity = standing.inputs.weights.identity
    return {donor: weights[identity.get(donor, donor)] for donor in standing.inputs.ledger.donor.names}


def score(operator, answered, donor, value, model="passport", status=200):
    body = {"scores": [{"donor": donor, "score": value, "model": model}]}
    return answered(operator.post("/v1/rounds/spring/scores", json=body), status)


def test_scores_become_weights_and_the_newest_counts(service, operator, answered):
    service.give(ANN, "well", 100)
    assert counted(service) == {ANN: 1000}
    assert score(operator, answered, ANN.upper().replace("0X", "0x"), "20") == {"new": 1, "known": 0}
    assert counted(service) == {ANN: 7500}
    assert score(operator, answered, ANN, "20") == {"new": 0, "known": 1}
    assert score(operator, answered, ANN, "25.5") == {"new": 1, "known": 0}
    assert counted(service) == {ANN: 10000}
    with service.services.database.reading() as session:
        assert len(session.exec(select(Score)).all()) == 2


def test_scores_of_a_file_are_all_taken_or_none_and_every_fault_is_named(service, operator, answered):
    path = "/v1/rounds/spring/scores.csv"
    text = f"donor,score,model\n{ANN},20,passport\nbob,0.5,\n"
    assert answered(operator.post(path, content=text)) == {"new": 2, "known": 0}
    assert answered(operator.post(path, content=text)) == {"new": 0, "known": 2}
    wrong = f"donor,score,model\n{ANN},-1,x\n cy,2,x\n{'d' * 201},3,x\neve,,x\n"
    told = answered(operator.post(path, content=wrong), 422)
    assert [each["where"] for each in told["problems"]] == [
        "scores.csv line 2, column score", "scores.csv line 3, column donor", "scores.csv line 4, column donor",
        "scores.csv line 5, column score",
    ]  # fmt: skip
    twice = answered(operator.post(path, content="donor,score\nann,1\nann,2\n"), 422)
    assert [each["where"] for each in twice["problems"]] == [
        "scores.csv line 2, column donor", "scores.csv line 3, column donor",
    ]  # fmt: skip
    for text in ("", "donor\nann\n", "donor,score,colour\n", b"\xff\xfe", "donor,score\nann\x00,1\n"):
        answered(operator.post(path, content=text), 422)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["-1", "1e3", "nan", "", " 1", "١"])
def test_a_score_is_a_plain_decimal(operator, answered, value):
    score(operator, answered, ANN, value, status=422)


def test_scores_are_refused_where_the_round_has_no_curve_or_is_over(service, answered):
    service.round()
    operator = service.member("operator")
    assert score(operator, answered, ANN, "20", status=409)["code"] == "no_curve"
    service.round("autumn", rules=CURVE, state="published")
    body = {"scores": [{"donor": ANN, "score": "20"}]}
    assert answered(operator.post("/v1/rounds/autumn/scores", json=body), 409)["code"] == "not_under_way"
    body = {"donor": ANN, "weight": "0", "reason": "a robot"}
    assert answered(operator.post("/v1/rounds/autumn/weights", json=body), 409)["code"] == "not_under_way"


def test_the_word_of_an_operator_stands_above_a_score_is_public_and_can_be_taken_back(service, operator, answered):
    service.give(ANN, "well", 100)
    score(operator, answered, ANN, "25")
    path = "/v1/rounds/spring/weights"
    made = answered(operator.post(path, json={"donor": ANN, "weight": "0.25", "reason": "a robot, see #7"}), 201)
    assert counted(service) == {ANN: 2500}
    shown = service.client().get(path)
    assert answered(shown)["items"] == [made] and made["weight"] == "0.25" and ANN not in shown.text
    notices = service.client().get("/v1/rounds/spring/notices")
    assert "a robot, see #7" in notices.text and ANN not in notices.text
    export = service.client().get("/v1/rounds/spring/donations", params={"format": "csv"})
    assert made["donor"] in export.text
    answered(operator.post(path, json={"donor": ANN, "weight": None, "reason": "it was not"}), 201)
    assert counted(service) == {ANN: 10000}
    history = answered(service.client().get(path))["items"]
    assert [each["weight"] for each in history] == [None, "0.25"]
    again = {"donor": ANN, "weight": None, "reason": "it was not"}
    assert answered(operator.post(path, json=again), 409)["code"] == "no_override"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("weight", ["1.1", "0.00001", "-1", "a half", 1, ""])
def test_a_weight_is_in_the_bounds_of_the_round_and_in_steps_it_knows(operator, answered, weight):
    body = {"donor": ANN, "weight": weight, "reason": "because"}
    answered(operator.post("/v1/rounds/spring/weights", json=body), 422)


def test_words_on_weights_come_in_pages(service, operator, answered):
    path = "/v1/rounds/spring/weights"
    for number in range(5):
        answered(operator.post(path, json={"donor": f"d{number}", "weight": f"0.{number}", "reason": "because"}), 201)
    page = answered(service.client().get(path, params={"limit": 3}))
    rest = answered(service.client().get(path, params={"limit": 3, "after": page["next"]}))
    assert [each["weight"] for each in page["items"] + rest["items"]] == ["0.4", "0.3", "0.2", "0.1", "0"]
    assert rest["next"] is None
    answered(service.client().get(path, params={"after": "x"}), 422)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_curve_is_public(service, operator, answered):
    assert answered(service.client().get("/v1/rounds/spring/weights/curve")) == {
        "points": [{"score": "15", "weight": "0.5"}, {"score": "25", "weight": "1"}],
        "default": "0.1",
        "largest": "1",
    }


def test_ones_own_weight_is_the_one_that_a_settlement_has_and_says_what_would_raise_it(service, operator, answered):
    ann = own(service, "ann", ANN, BOB)
    path = "/v1/rounds/spring/weights/mine"
    found = answered(ann.get(path))
    assert (found["weight"], [name["basis"] for name in found["names"]]) == ("0.1", ["default", "default"])
    assert [(step["weight"], step["missing"]) for step in found["next"]] == [("0.5", "15"), ("1", "25")]
    service.give(ANN, "well", 100)
    score(operator, answered, BOB, "25")
    found = answered(ann.get(path))
    assert found["weight"] == "0.1" and counted(service)[ANN] == 1000, "only names that gave are one person here"
    assert [(name["gave"], name["weight"]) for name in found["names"]] == [(True, "0.1"), (False, "1")]
    service.give(BOB, "well", 100)
    assert answered(ann.get(path))["weight"] == "1" and set(counted(service).values()) == {10000}
    answered(operator.post("/v1/rounds/spring/weights", json={"donor": BOB, "weight": "0.2", "reason": "shared"}), 201)
    found = answered(ann.get(path))
    assert found["weight"] == "0.2" and set(counted(service).values()) == {2000}
    assert found["names"][1]["basis"] == "override" and found["names"][1]["reason"] == "shared"
    assert [(step["score"], step["missing"]) for step in found["next"]] == [("15", "15"), ("25", "25")]
    score(operator, answered, ANN, "17.5")
    assert answered(ann.get(path))["weight"] == "0.625" and set(counted(service).values()) == {6250}
    answered(operator.post("/v1/rounds/spring/weights", json={"donor": ANN, "weight": "0.3", "reason": "shared"}), 201)
    assert answered(ann.get(path))["next"] == [], "no score helps where an operator decided"


def test_one_without_a_name_that_gives_has_no_weight(service, operator, answered):
    answered(service.client().get("/v1/rounds/spring/weights/mine"), 401)
    assert answered(service.client("cy").get("/v1/rounds/spring/weights/mine"), 404)["code"] == "no_names"


def test_a_donor_appeals_and_is_answered(service, operator, answered):
    ann, path = own(service, "ann", ANN), "/v1/rounds/spring/weights/appeals"
    service.give(ANN, "well", 100)
    made = answered(ann.post(path, json={"donor": ANN, "text": "I am a person"}), 201)
    assert made["decision"] is None
    assert answered(ann.post(path, json={"donor": ANN, "text": "again"}), 409)["code"] == "appeal_waits"
    answered(ann.post(path, json={"donor": BOB, "text": "not mine"}), 422)
    answered(service.client().post(path, json={"donor": ANN, "text": "nobody"}), 401)
    [waiting] = answered(service.member("reviewer").get(path))["items"]
    assert waiting["id"] == made["id"] and waiting["evidence"]["weight"] == "0.1"
    reviewer, where = service.client("town-reviewer"), f"{path}/{made['id']}/answer"
    body = {"decision": "upheld", "answer": "we met at the desk", "weight": "1"}
    answered(reviewer.post(where, json=body), 403)
    answered(operator.post(where, json={**body, "decision": "rejected"}), 422)
    answered(operator.post(where, json={**body, "weight": "2"}), 422)
    assert answered(operator.post(where, json=body))["decision"] == "upheld"
    assert counted(service) == {ANN: 10000}
    assert answered(operator.post(where, json=body), 409)["code"] == "answered"
    [told] = answered(ann.get(f"{path}/mine"))
    assert told["answer"] == "we met at the desk"
    [word] = answered(service.client().get("/v1/rounds/spring/weights"))["items"]
    assert word["reason"] == "we met at the desk"


def test_a_reviewer_rejects_without_a_weight_and_never_the_own_appeal(service, operator, answered):
    ann, path = own(service, "ann", ANN), "/v1/rounds/spring/weights/appeals"
    made = answered(ann.post(path, json={"donor": ANN, "text": "I am a person"}), 201)
    where, body = f"{path}/{made['id']}/answer", {"decision": "rejected", "answer": "no evidence"}
    answered(service.member("reviewer", account="ann").post(where, json=body), 403)
    answered(service.member("reviewer", "city").post(where, json=body), 403)
    service.round("autumn", rules=CURVE)
    answered(operator.post(where.replace("spring", "autumn"), json=body), 404)
    assert answered(service.member("reviewer").post(where, json=body))["decision"] == "rejected"
    answered(ann.post(path, json={"donor": ANN, "text": "I am, really"}), 201)


def test_appeals_come_in_pages(service, operator, answered):
    donors = [f"0x{number:040x}" for number in range(3)]
    ann, path = own(service, "ann", *donors), "/v1/rounds/spring/weights/appeals"
    made = {answered(ann.post(path, json={"donor": donor, "text": "look"}), 201)["id"] for donor in donors}
    page = answered(operator.get(path, params={"limit": 2}))
    rest = answered(operator.get(path, params={"limit": 2, "after": page["next"]}))
    assert {each["id"] for each in page["items"] + rest["items"]} == made and rest["next"] is None


def test_one_appeal_waits_however_many_are_sent_at_once(service, operator, answered):
    ann, ready = own(service, "ann", ANN), threading.Barrier(6)

    def send(_: int) -> int:
        ready.wait()
        return ann.post("/v1/rounds/spring/weights/appeals", json={"donor": ANN, "text": "look"}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [201, 409, 409, 409, 409, 409]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_do_what(service, operator, answered):
    words = {"donor": ANN, "weight": "0", "reason": "a robot"}
    scores = {"scores": [{"donor": ANN, "score": "1"}]}
    for client, status in (
        (service.client(), 401),
        (service.client("somebody"), 403),
        (service.member("reviewer"), 403),
        (service.member("auditor"), 403),
        (service.member("admin", "city"), 403),
    ):
        answered(client.post("/v1/rounds/spring/weights", json=words), status)
        answered(client.post("/v1/rounds/spring/scores", json=scores), status)
        answered(client.post("/v1/rounds/spring/scores.csv", content="donor,score\nann,1\n"), status)
    answered(service.client("somebody").get("/v1/rounds/spring/weights/appeals"), 403)
    answered(service.client("town-auditor").get("/v1/rounds/spring/weights/appeals"), 403)
