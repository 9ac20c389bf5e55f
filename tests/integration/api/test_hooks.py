"""Outgoing webhooks: told at least once, signed, patient, and only where everybody could go."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from sqlmodel import select

from api import signing
from api.access import Right
from api.events import EventKind, emit
from api.hooks import jobs as delivering
from api.hooks.sending import Outcome
from api.hooks.words import sentence
from api.schema import moment_text
from api.tables import Audit, Hook, Job, Round
from tests.integration.api.receiver import receiving

PATH = "/v1/organisations/town/hooks"
URL = "https://hooks.example.org/services/T0/B0/secret"
DAY = 86_400


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


@pytest.fixture
def private(service):
    """The service of somebody whose hooks may go to the own network."""
    services = service.services
    services.settings = services.settings.model_copy(update={"allow_private_addresses": True})
    return service


@pytest.fixture
def operator(service):
    service.round()
    return service.member("operator")


def added(client, answered, url=URL, **more):
    return answered(client.post(PATH, json={"url": url, **more}), 201)


def tell(service, kind=EventKind.STATE, data=None, round="spring"):
    with service.services.database.writing() as session:
        emit(session, session.get_one(Round, round), kind, data or {"state": "open"}, service.clock())


def deliveries(client, answered, hook):
    return answered(client.get(f"{PATH}/{hook['id']}/deliveries"))["items"]


# ------------------------------------------------------------------------------------------------------- telling


def test_an_event_is_told_in_words_and_to_programs_signed(private, operator, receiver, answered, clock):
    hook = added(operator, answered, f"http://127.0.0.1:{receiver.port}/in?x=1")
    tell(private)
    tell(private, EventKind.NOTICE, {"notice": "n", "kind": "x", "text": "<!channel> & co"})
    private.work()
    (path, headers, body), (_, _, other) = receiver.got
    assert path == "/in?x=1" and headers["host"] == f"127.0.0.1:{receiver.port}"
    signing.check(hook["secret"], body, headers["qf-signature"], clock())
    told = json.loads(body)
    assert told.pop("at").startswith("2026-03-31T")
    assert told == {
        "text": "Spring: The round is open for donations.",
        "event": "state",
        "round": "spring",
        "number": 1,
        "data": {"state": "open"},
    }
    assert json.loads(other)["text"] == "Spring: &lt;!channel&gt; &amp; co"
    found = deliveries(operator, answered, hook)
    assert {each["id"] for each in found} >= {headers["qf-delivery"]}
    assert [(each["state"], each["status"], each["attempts"]) for each in found] == [("delivered", 200, 1)] * 2


def test_a_hook_is_told_only_what_it_wants_to_know(private, operator, receiver, answered):
    private.round("autumn")
    added(operator, answered, f"http://127.0.0.1:{receiver.port}/quiet")
    added(operator, answered, f"http://127.0.0.1:{receiver.port}/one", round="autumn", kinds=["donations"])
    for round in ("spring", "autumn"):
        tell(private, EventKind.DONATIONS, {"recorded": 1, "entries": 1}, round)
        tell(private, round=round)
    private.round("abroad", organisation="city")
    tell(private, round="abroad")
    private.work()
    told = [(path, json.loads(body)["round"], json.loads(body)["event"]) for path, _, body in receiver.got]
    assert sorted(told) == [
        ("/one", "autumn", "donations"),
        ("/quiet", "autumn", "state"),
        ("/quiet", "spring", "state"),
    ]


def test_every_event_of_every_kind_has_a_sentence(service):
    examples = {
        EventKind.STATE: [{"state": state} for state in ("frozen", "open", "closed", "published", "cancelled")],
        EventKind.DONATIONS: [{"recorded": 2, "entries": 5}],
        EventKind.PROJECT: [{"project": "w", "title": "Well", "state": "in_review"}, {"imported": 3}],
        EventKind.NOTICE: [{"text": "Hear, hear."}],
        EventKind.RECONCILIATION: [{"entries": 3, "unresolved": n} for n in (0, 2)],
    }
    assert set(examples) == set(EventKind)
    told = [sentence("Spring", kind, data) for kind, many in examples.items() for data in many]
    assert len(set(told)) == len(told) and all(text.startswith("Spring: ") and text[-1] == "." for text in told)


def test_what_is_not_taken_is_sent_again_later_and_under_the_same_name(private, operator, receiver, answered, clock):
    hook = added(operator, answered, f"http://127.0.0.1:{receiver.port}/")
    receiver.status = 500
    tell(private)
    private.work()
    private.work()
    assert len(receiver.got) == 1
    (waiting,) = deliveries(operator, answered, hook)
    assert (waiting["state"], waiting["told"], waiting["ended_at"]) == ("waiting", "answered 500", None)
    clock.forward(15)
    receiver.status = 204
    private.work()
    assert len({headers["qf-delivery"] for _, headers, _ in receiver.got}) == 1 and len(receiver.got) == 2
    assert deliveries(operator, answered, hook)[0]["state"] == "delivered"
    signing.check(hook["secret"], receiver.got[1][2], receiver.got[1][1]["qf-signature"], clock())


def test_after_a_day_it_has_failed_and_is_sent_once_more_if_asked(service, operator, answered, clock, monkeypatch):
    sent = []
    outcomes = {"now": Outcome(503, "answered 503")}
    monkeypatch.setattr(delivering, "post", lambda url, *rest, **more: sent.append(clock()) or outcomes["now"])
    hook = added(operator, answered)
    tell(service)
    began = clock()
    while deliveries(operator, answered, hook)[0]["state"] == "waiting":
        service.work()
        clock.forward(600)
    assert DAY <= sent[-1] - began < DAY + 10 * 3_600
    waits = [later - earlier for earlier, later in pairwise(sent)]
    assert 8 < len(sent) < 20 and max(waits) >= 6 * 3_600
    (failed,) = deliveries(operator, answered, hook)
    assert failed["state"] == "failed" and failed["ended_at"]
    outcomes["now"] = Outcome(200, "answered 200")
    again = f"{PATH}/{hook['id']}/deliveries/{failed['id']}/redeliver"
    assert answered(operator.post(again), 202)["state"] == "waiting"
    assert answered(operator.post(again), 409)["code"] == "waiting"
    service.work()
    assert deliveries(operator, answered, hook)[0]["state"] == "delivered"


def test_where_nothing_answers_one_delivery_finds_out_when_that_ends(service, operator, answered, clock, monkeypatch):
    sent, outcomes = [], {"now": Outcome(0, "no answer within 10 seconds")}
    monkeypatch.setattr(delivering, "post", lambda url, body, *r, **m: sent.append(json.loads(body)) or outcomes["now"])
    hook = added(operator, answered)
    for _ in range(20):
        tell(service)
    service.work()
    assert len(sent) == 1
    clock.forward(15)
    service.work()
    assert len(sent) == 2
    outcomes["now"] = Outcome(200, "answered 200")
    clock.forward(45)
    service.work()
    assert {each["state"] for each in deliveries(operator, answered, hook)} == {"delivered"}
    assert sorted({each["number"] for each in sent}) == list(range(1, 21))


def test_a_job_that_is_done_twice_sends_nothing_twice_once_it_was_taken(service, operator, answered, monkeypatch):
    sent = []
    monkeypatch.setattr(delivering, "post", lambda *a, **m: sent.append(1) or Outcome(200, "answered 200"))
    hook = added(operator, answered)
    tell(service)
    service.work()
    delivering.deliver(service.services, {"delivery": deliveries(operator, answered, hook)[0]["id"]})
    assert len(sent) == 1


def test_a_delivery_whose_job_is_given_up_says_so(service, operator, answered):
    hook = added(operator, answered)
    tell(service)
    with service.services.database.writing() as session:
        job = session.exec(select(Job).where(Job.kind == "hook.deliver")).one()
        job.ended_at = 5
        delivering.FAILURES["hook.deliver"](session, job)
    assert deliveries(operator, answered, hook)[0]["state"] == "failed"


def test_a_test_is_told_without_a_round(private, operator, receiver, answered):
    hook = added(operator, answered, f"http://127.0.0.1:{receiver.port}/")
    for _ in range(2):
        assert answered(operator.post(f"{PATH}/{hook['id']}/test"), 202)["round"] is None
    private.work()
    told = [json.loads(body) for _, _, body in receiver.got]
    assert [(each["event"], each["round"], each["number"]) for each in told] == [("test", None, 1), ("test", None, 2)]


# -------------------------------------------------------------------------------------------------------- keeping


def test_a_hook_is_added_changed_and_removed_and_its_secret_shown_once(service, operator, answered):
    hook = added(operator, answered)
    secret = hook.pop("secret")
    assert len(secret) == 64 and hook["host"] == "hooks.example.org"
    assert answered(operator.get(PATH)) == [hook] and answered(operator.get(f"{PATH}/{hook['id']}")) == hook
    changed = answered(operator.patch(f"{PATH}/{hook['id']}", json={"url": "https://b.example/", "kinds": ["state"]}))
    assert (changed["host"], changed["kinds"]) == ("b.example", ["state"])
    assert answered(operator.post(f"{PATH}/{hook['id']}/secret"))["secret"] != secret
    with service.services.database.reading() as session:
        stored = session.exec(select(Hook)).one()
        assert "example" not in stored.url and secret not in stored.secret
        audit = [row.action for row in session.exec(select(Audit))]
        assert all("secret" not in json.dumps(row.details) for row in session.exec(select(Audit)))
    assert audit == ["hook.added", "hook.changed", "hook.rotated"]
    tell(service)
    answered(operator.delete(f"{PATH}/{hook['id']}"), 204)
    service.work()
    answered(operator.get(f"{PATH}/{hook['id']}"), 404)
    assert answered(operator.get(PATH)) == []


def test_for_a_day_after_it_was_replaced_both_secrets_sign(private, operator, receiver, answered, clock):
    hook = added(operator, answered, f"http://127.0.0.1:{receiver.port}/")
    told = answered(operator.post(f"{PATH}/{hook['id']}/secret"))
    assert told["former_until"] == moment_text(clock() + DAY)

    def signs(secret: str) -> bool:
        tell(private)
        private.work()
        _, headers, body = receiver.got[-1]
        try:
            signing.check(secret, body, headers["qf-signature"], clock())
        except signing.SignatureError:
            return False
        return True

    clock.forward(DAY - 1)
    assert signs(told["secret"]) and signs(hook["secret"])
    clock.forward(1)
    assert signs(told["secret"]) and not signs(hook["secret"])


def test_a_secret_that_leaked_signs_no_more_at_once(private, operator, receiver, answered, clock):
    hook = added(operator, answered, f"http://127.0.0.1:{receiver.port}/")
    told = answered(operator.post(f"{PATH}/{hook['id']}/secret", params={"at_once": True}))
    assert told["former_until"] is None
    tell(private)
    private.work()
    [(_, headers, body)] = receiver.got
    signing.check(told["secret"], body, headers["qf-signature"], clock())
    with pytest.raises(signing.SignatureError):
        signing.check(hook["secret"], body, headers["qf-signature"], clock())


def test_only_operators_of_the_organisation_come_near_a_hook(service, operator, answered):
    hook = added(operator, answered)
    paths = [
        ("GET", PATH),
        ("POST", PATH),
        ("GET", f"{PATH}/{hook['id']}"),
        ("PATCH", f"{PATH}/{hook['id']}"),
        ("DELETE", f"{PATH}/{hook['id']}"),
        ("POST", f"{PATH}/{hook['id']}/secret"),
        ("POST", f"{PATH}/{hook['id']}/test"),
        ("GET", f"{PATH}/{hook['id']}/deliveries"),
        ("POST", f"{PATH}/{hook['id']}/deliveries/{'0' * 16}/redeliver"),
    ]
    others = {401: service.client(), 403: service.client("stranger")}
    for method, path in paths:
        for status, client in others.items():
            answered(client.request(method, path, json={"url": URL}), status)
        for role in ("reviewer", "auditor"):
            person = service.client(f"town-{role}") if method + path != "GET" + PATH else service.member(role)
            answered(person.request(method, path, json={"url": URL}), 403)
    foreign = service.member("operator", "city")
    for method, path in paths[2:]:
        answered(foreign.request(method, path.replace("town", "city"), json={}), 404)
    assert Right.OPERATE


def test_a_hook_for_a_round_of_another_organisation_is_refused(service, operator, answered):
    service.round("abroad", organisation="city")
    for round in ("abroad", "nowhere"):
        told = answered(operator.post(PATH, json={"url": URL, "round": round}), 422)
        assert told["problems"][0]["where"] == "round"


def test_there_are_no_more_hooks_than_so_many(operator, answered, monkeypatch):
    monkeypatch.setattr("api.hooks.changes.MOST", 1)
    added(operator, answered)
    assert answered(operator.post(PATH, json={"url": URL}), 409)["code"] == "too_many_hooks"


def test_deliveries_come_in_pages(service, operator, answered):
    hook = added(operator, answered)
    for _ in range(5):
        tell(service)
    path = f"{PATH}/{hook['id']}/deliveries"
    first = answered(operator.get(path, params={"limit": 3}))
    rest = answered(operator.get(path, params={"limit": 3, "after": first["next"]}))
    assert len({each["number"] for each in first["items"] + rest["items"]}) == 5 and rest["next"] is None
