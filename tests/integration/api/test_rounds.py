"""Rounds over HTTP: from draft to closed, with what may not happen on the way."""

from __future__ import annotations

import pytest
from sqlmodel import select

from api import audit
from api.schema import moment_text
from api.states import NEXT, State
from api.tables import Audit, Organisation
from qf.canonical import digest
from qf.codec import read_round

START = 1_775_000_000
OPENS, CLOSES = START + 100, START + 10_000
RULES = {"pool": {"amount": "100000"}, "round": {"opens": moment_text(OPENS), "closes": moment_text(CLOSES)}}


@pytest.fixture
def operator(service):
    return service.member("operator")


def draft(client, name="spring", **more):
    body = {"id": name, "title": "Spring", "preset": "yen", "rules": RULES, **more}
    return client.post("/v1/organisations/town/rounds", json=body)


def test_a_round_goes_from_draft_to_closed(service, operator, answered, clock, tmp_path):
    assert answered(draft(operator), 201)["state"] == "draft"
    frozen = answered(operator.post("/v1/rounds/spring/freeze"))
    assert frozen["state"] == "frozen" and frozen["rules"]["pool"]["cap"] == "redistribute"
    file = service.client().get("/v1/rounds/spring/round.json")
    assert digest(file.content) == frozen["rules_digest"]
    (tmp_path / "round.json").write_bytes(file.content)
    assert read_round(tmp_path / "round.json").pool.amount == 100_000
    assert answered(operator.post("/v1/rounds/spring/open"))["state"] == "open"
    assert answered(operator.post("/v1/rounds/spring/close"), 409)["code"] == "too_early"
    clock.forward(20_000)
    assert answered(operator.post("/v1/rounds/spring/close"))["state"] == "closed"
    found = answered(service.client().get("/v1/rounds/spring"))
    assert found["rules_digest"] == frozen["rules_digest"] and found["closes_at"] == moment_text(CLOSES)


def test_a_draft_is_seen_by_members_alone(service, operator, answered):
    answered(draft(operator), 201)
    assert answered(service.client().get("/v1/rounds"))["items"] == []
    answered(service.client().get("/v1/rounds/spring"), 404)
    answered(service.member("admin", "city").get("/v1/rounds/spring"), 404)
    assert [round["id"] for round in answered(operator.get("/v1/rounds"))["items"]] == ["spring"]
    answered(service.member("reviewer").get("/v1/rounds/spring"))


def test_malformed_rules_are_named_all_at_once_and_nothing_is_frozen(operator, answered):
    rules = {"pool": {"amount": "-1", "cap": "none"}, "round": {"opens": "tomorrow"}, "mechanism": {"id": "quadratik"}}
    answered(draft(operator, rules=rules, preset=""), 201)
    told = answered(operator.post("/v1/rounds/spring/freeze"), 422)
    assert {each["where"] for each in told["problems"]} >= {"[pool] amount", "[pool] cap", "[round] opens"}
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "draft"


def test_a_round_without_dates_is_not_frozen(operator, answered):
    answered(draft(operator, rules={"pool": {"amount": "1"}}), 201)
    told = answered(operator.post("/v1/rounds/spring/freeze"), 422)
    assert "no opens and no closes" in told["detail"]


def test_frozen_rules_stay_as_they_are(operator, answered):
    answered(draft(operator), 201)
    answered(operator.patch("/v1/rounds/spring", json={"rules": {"pool": {"amount": "7"}}}))
    digest = answered(operator.post("/v1/rounds/spring/freeze"))["rules_digest"]
    told = answered(operator.patch("/v1/rounds/spring", json={"rules": {"pool": {"amount": "8"}}}), 409)
    assert told["code"] == "frozen"
    changed = answered(operator.patch("/v1/rounds/spring", json={"title": "Spring, at last"}))
    assert (changed["title"], changed["rules_digest"], changed["rules"]["pool"]["amount"]) == (
        "Spring, at last", digest, "7",
    )  # fmt: skip


def test_an_extension_is_public_and_opens_a_closed_round_again(service, operator, answered, clock):
    answered(draft(operator), 201)
    before = answered(operator.post("/v1/rounds/spring/freeze"))["rules_digest"]
    answered(operator.post("/v1/rounds/spring/open"))
    clock.forward(20_000)
    answered(operator.post("/v1/rounds/spring/close"))
    body = {"closes_at": moment_text(clock.at + 500), "reason": "the post was late"}
    extended = answered(operator.post("/v1/rounds/spring/extend", json=body))
    assert extended["state"] == "open" and extended["rules_digest"] != before
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["text"] == "the post was late"
    assert notice["details"]["rules_digest_before"] == before
    assert notice["details"]["rules_digest"] == extended["rules_digest"]
    told = answered(operator.post("/v1/rounds/spring/extend", json={**body, "closes_at": moment_text(CLOSES)}), 422)
    assert "is not after" in told["detail"]


def test_a_copy_takes_rules_and_form_but_no_dates(operator, answered):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/freeze"))
    copy = answered(
        operator.post("/v1/organisations/town/rounds", json={"id": "autumn", "title": "Autumn", "copy_from": "spring"}),
        201,
    )
    assert copy["rules"]["pool"]["amount"] == "100000" and "opens" not in copy["rules"]["round"]


def test_a_draft_of_others_is_not_copied(service, operator, answered):
    answered(draft(operator), 201)
    other = service.member("operator", "city")
    body = {"id": "autumn", "title": "Autumn", "copy_from": "spring"}
    answered(other.post("/v1/organisations/city/rounds", json=body), 404)


def test_a_name_is_taken_once(service, operator, answered):
    answered(draft(operator), 201)
    other = service.member("operator", "city")
    body = {"id": "spring", "title": "Autumn"}
    assert answered(other.post("/v1/organisations/city/rounds", json=body), 409)["code"] == "name_taken"


def test_prices_are_public_with_their_reason(service, operator, answered):
    service.round()
    body = {"prices": {"ETH": {"price": "300000", "decimals": 18}}, "reason": "average of April"}
    answered(operator.put("/v1/rounds/spring/prices", json=body))
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["details"] == {"prices": {"ETH": ["300000", 18]}}
    answered(
        operator.put("/v1/rounds/spring/prices", json={**body, "prices": {"ETH": {"price": "0", "decimals": 18}}}), 422
    )


@pytest.mark.parametrize("state", list(State))
def test_a_round_passes_only_into_its_next_states(service, operator, answered, clock, state):
    clock.forward(10**6)
    for wanted, path in {State.FROZEN: "freeze", State.OPEN: "open", State.CLOSED: "close"}.items():
        service.round(f"r-{wanted}", state=state)
        status = operator.post(f"/v1/rounds/r-{wanted}/{path}").status_code
        assert status == (200 if wanted in NEXT[state] else 409), (wanted, status)
    service.round("r-cancel", state=state)
    status = operator.post("/v1/rounds/r-cancel/cancel", json={"reason": "no venue"}).status_code
    assert status == (200 if State.CANCELLED in NEXT[state] else 409)


def test_a_draft_can_be_removed_and_nothing_else(service, operator, answered):
    answered(draft(operator), 201)
    answered(operator.delete("/v1/rounds/spring"), 204)
    answered(operator.get("/v1/rounds/spring"), 404)
    service.round("autumn")
    answered(operator.delete("/v1/rounds/autumn"), 409)


def test_long_lists_come_in_pages(service, answered):
    for number in range(5):
        service.round(f"r{number}", created_at=number)
    client, seen, after = service.client(), [], None
    while after is not None or not seen:
        page = answered(client.get("/v1/rounds", params={"limit": 2, **({"after": after} if after else {})}))
        seen += [round["id"] for round in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    answered(client.get("/v1/rounds", params={"after": "nonsense"}), 422)


def test_every_deed_is_in_the_audit_log(service, operator, answered):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/freeze"))
    answered(operator.post("/v1/rounds/spring/cancel", json={"reason": "no venue"}))
    with service.services.database.reading() as session:
        rows = list(session.exec(select(Audit).order_by(Audit.number)))  # type: ignore[arg-type]
        town = session.get_one(Organisation, "town")
        assert [row.action for row in rows] == ["round.drafted", "round.frozen", "round.cancelled"]
        assert audit.broken(rows, town) == []
        assert audit.broken(rows[:2], town) == ["the log ends with row 2, but 3 were written"]
        assert audit.broken([rows[0], rows[2]], town) == [
            "rows 2 to 2 are missing",
            "row 3 does not follow the one before it",
        ]
        rows[1].actor = "somebody else"
        assert audit.broken(rows, town) == ["row 2 was changed"]
        session.expunge_all()
