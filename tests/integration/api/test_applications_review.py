"""What members decide about applications, step by step, and what owners cannot do any more."""

from __future__ import annotations

import pytest
from sqlmodel import select

from api.clock import new_id
from api.states import Application as Stage
from api.states import State
from api.tables import Credential, RoundEvent
from tests.integration.api.applying import BASE, FORM, GOOD, begin, decide, prepared, projects, set_state, state_of


@pytest.fixture
def operator(service, answered):
    return prepared(service, answered)


@pytest.fixture
def owner(service, operator):
    return service.client("ann")


@pytest.fixture
def mine(owner, answered):
    return f"{BASE}/{begin(owner, 'well', answered)}"


def test_nobody_reviews_their_own(service, operator, answered):
    member = service.member("reviewer", account="zoe")
    draft = answered(member.post(BASE, json={"project": "zoo", "title": "Zoo", "answers": GOOD}), 201)
    path = f"{BASE}/{draft['id']}"
    answered(member.post(f"{path}/submit"))
    assert answered(decide(member, path, "approved"), 403)["code"] == "own_application"


def test_many_are_decided_about_at_once_or_none_and_all_that_is_wrong_is_named(service, operator, answered):
    reviewer = service.member("reviewer", account="owner-d")
    ids = {name: begin(service.client(f"owner-{name}"), name, answered) for name in "abcd"}
    for name in "abd":
        answered(service.client(f"owner-{name}").post(f"{BASE}/{ids[name]}/submit"))
    answered(decide(operator, f"{BASE}/{ids['a']}", "approved"), 201)
    body = {"applications": [*ids.values(), "0" * 16], "decision": "approved", "reason": "all good"}
    told = answered(reviewer.post(f"{BASE}/reviews", json=body), 409)
    assert [each["where"] for each in told["problems"]] == ["a", ids["c"], "d", "0" * 16]
    assert [row["project"] for row in projects(service, answered)] == ["a"]
    answered(decide(operator, f"{BASE}/{ids['a']}", "rejected"), 201)
    both = {**body, "applications": [ids["a"], ids["b"], ids["a"]]}
    made = answered(operator.post(f"{BASE}/reviews", json=both), 201)
    assert [row["project"] for row in made] == ["a", "b"]
    assert [row["project"] for row in projects(service, answered)] == ["a", "b"]


D, S, R, A, N, P, W = (
    Stage.DRAFT, Stage.SUBMITTED, Stage.IN_REVIEW, Stage.APPROVED, Stage.REJECTED, Stage.APPEALED, Stage.WITHDRAWN,
)  # fmt: skip
STEPS = {
    "change": ({D: D, S: S}, lambda owner, member, path: owner.patch(path, json={"title": "Other"})),
    "submit": ({D: S, W: S}, lambda owner, member, path: owner.post(f"{path}/submit")),
    "withdraw": ({D: W, S: W, R: W, A: W}, lambda owner, member, path: owner.post(f"{path}/withdraw")),
    "appeal": ({N: P}, lambda owner, member, path: owner.post(f"{path}/appeal", json={"text": "look again"})),
    "look": ({S: R, P: R}, lambda owner, member, path: decide(member, path, "in_review")),
    "approve": ({S: A, R: A, P: A, N: A}, lambda owner, member, path: decide(member, path, "approved")),
    "reject": ({S: N, R: N, P: N, A: N}, lambda owner, member, path: decide(member, path, "rejected")),
}
"""Each step: from which states into which it leads; from all others it does not."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", STEPS)
def test_an_application_takes_the_steps_of_its_state_and_no_other(service, operator, owner, answered, step):
    leads, take = STEPS[step]
    for stage in Stage:
        path = state_of(service, f"p-{stage.replace('_', '-')}", stage)
        answer = take(owner, operator, path)
        assert answer.status_code in ({200, 201} if stage in leads else {404, 409}), (stage, answer.text)
        assert answered(owner.get(path))["state"] == leads.get(stage, stage), stage


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", [State.PUBLISHED, State.CANCELLED])
def test_nothing_is_decided_once_the_round_is_over(service, operator, owner, answered, state):
    path, rejected = state_of(service, "well", Stage.SUBMITTED), state_of(service, "bus", Stage.REJECTED)
    draft = state_of(service, "car", Stage.DRAFT)
    set_state(service, state)
    answered(decide(operator, path, "approved"), 409)
    answered(owner.post(f"{rejected}/appeal", json={"text": "look again"}), 409)
    answered(owner.post(f"{draft}/submit"), 409)
    answered(owner.post(BASE, json={"project": "new", "title": "New"}), 409)
    answered(operator.post("/v1/rounds/spring/projects", content="project\nx\n"), 409)
    answered(operator.put("/v1/rounds/spring/form", json=FORM), 409)


def test_an_approved_project_is_withdrawn_only_before_the_round_opens_and_the_round_is_told(
    service, operator, owner, answered
):
    first, second = state_of(service, "well", Stage.APPROVED), state_of(service, "bus", Stage.APPROVED)
    answered(owner.post(f"{first}/withdraw"))
    set_state(service, State.OPEN)
    assert answered(owner.post(f"{second}/withdraw"), 409)["code"] == "round_open"
    with service.services.database.reading() as session:
        [event] = session.exec(select(RoundEvent))
    assert (event.kind, event.data["state"]) == ("project", "withdrawn")


def test_approval_makes_the_accounts_donor_names_owners(service, operator, owner, mine, answered):
    with service.services.database.writing() as session:
        for kind, donor in (("wallet", "0x" + "ab" * 20), ("code", "code-7"), ("oidc", "")):
            session.add(
                Credential(id=new_id(), account_id="ann", kind=kind, subject=f"{kind}", donor=donor, created_at=0)
            )
    answered(owner.post(f"{mine}/submit"))
    assert answered(decide(operator, mine, "approved"), 201)["owners"] == ["0x" + "ab" * 20, "code-7"]


def test_an_application_is_either_changed_or_approved_as_it_was_read(service, operator, answered, at_once):
    owner = service.client("ann")
    for number in range(5):
        path = state_of(service, f"p-{number}", Stage.SUBMITTED)
        approved, changed = at_once(
            [
                lambda path=path: decide(operator, path, "approved"),
                lambda path=path: owner.patch(path, json={"title": "New"}),
            ]
        )
        title = answered(owner.get(path))["title"]
        assert approved.status_code == 201 and approved.json()["title"] == title
        assert changed.status_code == (200 if title == "New" else 409)


def test_members_of_the_organisation_list_and_export_and_nobody_else(service, operator, mine, answered):
    answered(service.client("ann").post(f"{mine}/submit"))
    for role in ("admin", "reviewer", "auditor"):
        client = service.member(role)
        assert [row["project"] for row in answered(client.get(BASE))["items"]] == ["well"]
        assert answered(client.get(BASE, params={"state": "approved"}))["items"] == []
        assert client.get(f"{BASE}.csv").status_code == 200
    for client, status in (
        (service.client("ann"), 403),
        (service.client(), 401),
        (service.member("admin", "city"), 403),
    ):
        answered(client.get(BASE), status)
        answered(client.get(f"{BASE}.csv"), status)
        answered(client.put("/v1/rounds/spring/form", json=FORM), status)
        answered(client.post("/v1/rounds/spring/projects", content="project\nx\n"), status)
