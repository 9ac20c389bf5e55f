"""Rounds over HTTP: from draft to closed, with what may not happen on the way."""

from __future__ import annotations

import pytest
from sqlmodel import select

from api import audit
from api.schema import moment_text
from api.states import State
from api.tables import Audit, Organisation
from qf.canonical import digest
from qf.codec import read_round
from tests.integration.api.drafting import CLOSES, OPENS, START, draft


@pytest.fixture
def operator(service):
    return service.member("operator")


def test_a_round_goes_from_draft_to_closed(service, operator, answered, clock, tmp_path):
    assert answered(draft(operator), 201)["state"] == "draft"
    frozen = answered(operator.post("/v1/rounds/spring/freeze"))
    assert frozen["state"] == "frozen" and frozen["rules"]["pool"]["cap"] == "redistribute"
    file = service.client().get("/v1/rounds/spring/round.json")
    assert digest(file.content) == frozen["rules_digest"]
    (tmp_path / "round.json").write_bytes(file.content)
    assert read_round(tmp_path / "round.json").pool.amount == 100_000
    assert answered(operator.post("/v1/rounds/spring/open"), 409)["code"] == "too_early"
    clock.forward(100)
    assert answered(operator.post("/v1/rounds/spring/open"))["state"] == "open"
    clock.forward(CLOSES - OPENS - 1)
    assert answered(operator.post("/v1/rounds/spring/close"), 409)["code"] == "too_early"
    clock.forward(1)
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


def test_a_name_is_taken_once_however_many_ask_at_the_same_moment(service, operator, at_once):
    statuses = at_once([lambda: draft(operator).status_code] * 6)
    assert sorted(statuses) == [201] + [409] * 5


def test_presets_and_mechanisms_say_what_they_are(service, answered):
    found = {each["name"]: each for each in answered(service.client().get("/v1/presets"))}
    assert found["yen"]["title"] == "The default for a civic round in Japan" and "yen" in found["yen"]["meaning"]
    assert all(each["title"] and each["meaning"] for each in found.values())
    assert found["octant"]["rules"]["pool"]["match_cap_fraction"] == "0.2"
    formulas = {each["id"]: each for each in answered(service.client().get("/v1/mechanisms"))}
    assert formulas["quadratic"]["parameters"]["root_bits"]["default"].isdigit()
    assert all(value["meaning"] for each in formulas.values() for value in each["parameters"].values())


LATER = {"closes_at": moment_text(START + 10**7), "reason": "the post was late"}
PRICES = {"prices": {"ETH": {"price": "3", "decimals": 18}}, "reason": "of today"}
DEEDS = {
    "freeze": ("POST", "/freeze", None, {State.DRAFT}),
    "open": ("POST", "/open", None, {State.FROZEN, State.OPEN}),
    "close": ("POST", "/close", None, {State.OPEN, State.CLOSED}),
    "extend": ("POST", "/extend", LATER, {State.FROZEN, State.OPEN, State.CLOSED}),
    "cancel": ("POST", "/cancel", {"reason": "no venue"}, {State.DRAFT, State.FROZEN, State.OPEN, State.CLOSED}),
    "price": ("PUT", "/prices", PRICES, {State.DRAFT, State.FROZEN, State.OPEN, State.CLOSED}),
    "describe": ("PATCH", "", {"description": "more"}, set(State)),
    "rule": ("PATCH", "", {"rules": {"pool": {"amount": "5"}}}, {State.DRAFT}),
    "say": ("POST", "/notices", {"text": "we are well"}, set(State) - {State.DRAFT}),
    "remove": ("DELETE", "", None, {State.DRAFT}),
}
"""What operators do, and in which states of the round they may."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_done_in_its_states_and_in_no_other(service, operator, clock, deed):
    method, path, body, allowed = DEEDS[deed]
    clock.at = START + 10**6 if deed == "close" else START
    for state in State:
        name = service.round(f"r-{state}", state=state, projects=())
        status = operator.request(method, f"/v1/rounds/{name}{path}", json=body).status_code
        assert (status < 300) == (state in allowed) and status in {200, 201, 204, 409}, (state, status)


def test_a_draft_can_be_removed_and_nothing_else(service, operator, answered):
    answered(draft(operator), 201)
    answered(operator.delete("/v1/rounds/spring"), 204)
    answered(operator.get("/v1/rounds/spring"), 404)


def test_what_was_set_up_for_a_draft_goes_with_it(service, operator, answered):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/sources", json={"name": "desk", "kind": "desk"}), 201)
    answered(operator.post("/v1/rounds/spring/projects", content="project\nwell\n"), 201)
    answered(operator.delete("/v1/rounds/spring"), 204)
    answered(draft(operator), 201)


def test_a_draft_into_which_money_came_is_kept(service, operator, answered):
    service.round("autumn", state=State.DRAFT)
    service.give("ann", "well", 100, round="autumn")
    assert answered(operator.delete("/v1/rounds/autumn"), 409)["code"] == "not_empty"
    answered(operator.get("/v1/rounds/autumn"))


ROLES_THAT_OPERATE = {"admin", "operator"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", ["admin", "operator", "reviewer", "auditor"])
@pytest.mark.parametrize("organisation", ["town", "city"])
def test_a_round_is_run_by_operators_of_its_organisation(service, answered, role, organisation):
    service.round(state=State.DRAFT)
    client = service.member(role, organisation)
    expected = 404 if organisation == "city" else 200 if role in ROLES_THAT_OPERATE else 403
    answered(client.post("/v1/rounds/spring/freeze"), expected)
    drafted = draft(client, "autumn")
    assert (drafted.status_code == 201) == (organisation == "town" and role in ROLES_THAT_OPERATE)


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
