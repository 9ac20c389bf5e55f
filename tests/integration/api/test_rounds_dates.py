"""A round opens, closes and is extended at its dates, and not before."""

from __future__ import annotations

import pytest
from sqlmodel import select

from api.schema import moment_text
from api.tables import Audit, RoundEvent
from tests.integration.api.drafting import CLOSES, OPENS, draft


@pytest.fixture
def operator(service):
    return service.member("operator")


def test_an_extension_is_public_and_opens_a_closed_round_again(service, operator, answered, clock):
    answered(draft(operator), 201)
    before = answered(operator.post("/v1/rounds/spring/freeze"))["rules_digest"]
    clock.forward(20_000)
    service.work()
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "closed"
    body = {"closes_at": moment_text(clock.at + 500), "reason": "the post was late"}
    extended = answered(operator.post("/v1/rounds/spring/extend", json=body))
    assert extended["state"] == "open" and extended["rules_digest"] != before
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["text"] == "the post was late"
    assert notice["details"]["rules_digest_before"] == before
    assert notice["details"]["rules_digest"] == extended["rules_digest"]
    wrong = {**body, "closes_at": moment_text(CLOSES), "applications_close_at": moment_text(CLOSES)}
    told = answered(operator.post("/v1/rounds/spring/extend", json=wrong), 422)
    assert [each["where"] for each in told["problems"]] == ["closes_at", "applications_close_at"]
    answered(operator.post("/v1/rounds/spring/extend", json={"reason": "just so"}), 422)
    clock.forward(500)
    service.work()
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "closed"


def test_a_round_opens_and_closes_by_itself_at_its_dates_and_is_not_early(service, operator, answered, clock):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/freeze"))
    seen = []
    for at in (OPENS - 1, OPENS, CLOSES - 1, CLOSES, CLOSES + 1):
        clock.at = at
        service.work()
        seen.append(answered(operator.get("/v1/rounds/spring"))["state"])
    assert seen == ["frozen", "open", "open", "closed", "closed"]
    with service.services.database.reading() as session:
        told = [row.data["state"] for row in session.exec(select(RoundEvent).order_by(RoundEvent.number))]  # type: ignore[arg-type]
        rows = [(row.action, row.actor) for row in session.exec(select(Audit).order_by(Audit.number))]  # type: ignore[arg-type]
    assert told == ["frozen", "open", "closed"]
    assert rows[2:] == [("round.open", "service"), ("round.closed", "service")]


def test_a_round_whose_worker_was_away_passes_through_all_its_dates(service, operator, answered, clock):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/freeze"))
    clock.at = CLOSES
    service.work()
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "closed"
    for state in ("open", "closed"):
        path = f"/v1/rounds/spring/{'open' if state == 'open' else 'close'}"
        assert operator.post(path).status_code == (409 if state == "open" else 200)


def test_an_extended_round_does_not_close_at_its_old_date(service, operator, answered, clock):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/freeze"))
    body = {"closes_at": moment_text(CLOSES + 50), "reason": "the post was late"}
    assert answered(operator.post("/v1/rounds/spring/extend", json=body))["state"] == "frozen"
    clock.at = CLOSES
    service.work()
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "open"
    clock.at = CLOSES + 50
    service.work()
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "closed"


def test_a_cancelled_round_does_not_open(service, operator, answered, clock):
    answered(draft(operator), 201)
    answered(operator.post("/v1/rounds/spring/freeze"))
    answered(operator.post("/v1/rounds/spring/cancel", json={"reason": "no venue"}))
    clock.at = CLOSES
    service.work()
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "cancelled"
