"""Jobs that failed for good: seen by the administrators of the installation, and begun again by them."""

from __future__ import annotations

import pytest
from sqlmodel import select

from api import queue
from api.queue import ATTEMPTS
from api.tables import Audit, Credential, Job, Source
from api.worker.upkeep import upkeep
from api.worker.working import work_once

BOSS = "0x" + "b" * 40


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"administrators": (f"eip155:10:{BOSS}",)})


@pytest.fixture
def boss(service):
    client = service.client("boss")
    with service.services.database.writing() as session:
        session.add(Credential(id="c", account_id="boss", kind="wallet", subject=BOSS, donor=BOSS, created_at=0))
    return client


@pytest.fixture
def fails(service):
    """A function that queues a job which fails for good, and returns its number."""

    def broken(*_: object) -> None:
        raise RuntimeError("the password is hunter2")

    def failed(kind: str = "t", **work: object) -> int:
        with service.services.database.writing() as session:
            number = queue.enqueue(session, kind, str(work), work, service.clock())
            session.get_one(Job, number).attempts = ATTEMPTS - 1
        assert work_once(service.services, {kind: broken}, "w")
        upkeep(service.services)
        return number

    return failed


def test_failed_jobs_are_listed_with_their_reason_and_no_words_of_others(service, boss, fails, answered):
    numbers = [fails(number=number) for number in range(5)]
    first = answered(boss.get("/v1/jobs/failed", params={"limit": 3}))
    rest = answered(boss.get("/v1/jobs/failed", params={"limit": 3, "after": first["next"]}))
    listed = first["items"] + rest["items"]
    assert [each["job"] for each in listed] == numbers[::-1] and rest["next"] is None
    assert {(each["kind"], each["attempts"], each["problem"]) for each in listed} == {("t", ATTEMPTS, "RuntimeError")}
    assert listed[0]["work"] == {"number": 4} and listed[0]["ended_at"]


def test_a_job_that_is_begun_again_is_done_and_who_did_so_stands_in_the_log(service, boss, fails, answered):
    service.round()
    with service.services.database.writing() as session:
        session.add(Source(id="c", round_id="spring", name="safe", kind="chain", created_at=0, created_by="x"))
    for kind, work in (("t", {"round": "spring"}), ("u", {"source": "c"}), ("v", {})):
        number = fails(kind, **work)
        answered(boss.post(f"/v1/jobs/{number}/again"), 202)
        assert answered(boss.post(f"/v1/jobs/{number}/again"), 404)["code"] == "not_found"
        done = []
        assert work_once(service.services, {kind: lambda _, told, into=done: into.append(told)}, "w")
        assert done == [work]
    assert answered(boss.get("/v1/jobs/failed"))["items"] == []
    with service.services.database.reading() as session:
        rows = session.exec(select(Audit).order_by(Audit.number)).all()
    assert [(row.organisation_id, row.actor, row.action, row.details["kind"]) for row in rows] == [
        ("town", "boss", "job.begun_again", "t"),
        ("town", "boss", "job.begun_again", "u"),
    ]


def test_a_job_whose_asker_was_told_is_asked_for_anew_by_them(service, boss, answered):
    with service.services.database.writing() as session:
        number = queue.enqueue(session, "round.settle", "k", {"settlement": "none"}, service.clock())
        job = session.get_one(Job, number)
        job.state, job.attempts, job.ended_at = "failed", ATTEMPTS, service.clock()
    assert answered(boss.post(f"/v1/jobs/{number}/again"), 409)["code"] == "told_already"


def test_a_job_that_has_not_failed_is_not_begun_again(service, boss, answered):
    with service.services.database.writing() as session:
        number = queue.enqueue(session, "t", "k", {}, service.clock())
    answered(boss.post(f"/v1/jobs/{number}/again"), 404)
    answered(boss.post("/v1/jobs/9999/again"), 404)


def test_nobody_but_administrators_of_the_installation_comes_near(service, fails, answered):
    number = fails()
    for client, status in ((service.client(), 401), (service.client("ann"), 403), (service.member("admin"), 403)):
        answered(client.get("/v1/jobs/failed"), status)
        answered(client.post(f"/v1/jobs/{number}/again"), status)
