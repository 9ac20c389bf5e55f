"""Jobs: done once however many workers there are, begun again when a worker dies, and given up in the end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from sqlmodel import select

from api import queue
from api.clock import new_id
from api.hooks.changes import SEALED
from api.problems import Conflict
from api.queue import ATTEMPTS, LEASE, LONGEST_WAIT, abandon, give_up, wait_after
from api.states import State
from api.tables import (
    Account,
    Hook,
    HookDelivery,
    Job,
    Nonce,
    Organisation,
    Preview,
    RefreshToken,
    Settlement,
    SignIn,
    Source,
)
from api.worker import processes, working
from api.worker.processes import Lane, Workers
from api.worker.registry import FAILURES, HANDLERS, LONG, SENDING
from api.worker.tidying import DAY
from api.worker.upkeep import upkeep
from api.worker.working import work_once
from qf.errors import ChainError
from tests.integration.api.receiver import receiving

NOBODY_CALLS = 20
"""Seconds after which a test that waits for another process fails."""


@pytest.fixture
def put(service) -> Callable[..., int]:
    """Queue a job of kind "t", and return its number."""

    def queued(key: str = "a", kind: str = "t", **work: object) -> int:
        with service.services.database.writing() as session:
            return queue.enqueue(session, kind, key, work, service.clock())

    return queued


@pytest.fixture
def claim(service):
    """Claim a job of kind "t" for a worker."""

    def claimed(worker: str = "w") -> Job | None:
        with service.services.database.writing() as session:
            job = queue.claim(session, worker, ["t"], service.clock())
            if job is not None:
                session.expunge(job)
            return job

    return claimed


def row(service, number: int) -> Job:
    with service.services.database.reading() as session:
        job = session.get_one(Job, number)
        session.expunge(job)
        return job


def finish(service, job: Job, worker: str, problem: str = "") -> bool:
    with service.services.database.writing() as session:
        return queue.finish(session, job, worker, service.clock(), problem)


def until(what: Callable[[], object]) -> None:
    ends = time.monotonic() + NOBODY_CALLS
    while not what():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------------------------ queue


def test_a_job_of_one_kind_and_key_is_queued_once(service, put):
    assert put("a") == put("a") != put("b")
    assert put("a", kind="other") != put("a")
    assert finish(service, *done(service)) and put("a") == 1


def done(service) -> tuple[Job, str]:
    with service.services.database.writing() as session:
        job = queue.claim(session, "w", ["t"], service.clock())
        assert job is not None
        session.expunge(job)
        return job, "w"


def test_queueing_the_same_job_at_the_same_time_makes_one(service):
    numbers, begin = [], threading.Barrier(8)

    def put() -> None:
        begin.wait()
        with service.services.database.writing() as session:
            numbers.append(queue.enqueue(session, "t", "same", {}, 0))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 8 and len(set(numbers)) == 1


def test_a_job_is_leased_to_one_worker_oldest_first(service, put, claim):
    first, second = put("a"), put("b")
    assert [claim("w1").id, claim("w2").id, claim("w3")] == [first, second, None]


def test_many_workers_do_every_job_once(service):
    count, seen, lock = 60, [], threading.Lock()
    with service.services.database.writing() as session:
        for number in range(count):
            queue.enqueue(session, "t", str(number), {"number": number}, 0)

    def handler(_, work) -> None:
        with lock:
            seen.append(work["number"])

    def drain(name: str) -> None:
        while work_once(service.services, {"t": handler}, name):
            pass

    threads = [threading.Thread(target=drain, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(count))


def test_a_job_waits_until_it_is_due(service, claim):
    with service.services.database.writing() as session:
        queue.enqueue(session, "t", "later", {}, service.clock() + 10)
    assert claim() is None
    service.clock.forward(10)
    assert claim() is not None


def test_a_worker_that_falls_silent_loses_the_job_and_cannot_finish_it(service, put, claim):
    number, first = put(), claim("w1")
    service.clock.forward(LEASE)
    assert claim("w2") is None
    service.clock.forward(1)
    second = claim("w2")
    assert second.id == number and second.attempts == 2
    assert not finish(service, first, "w1")
    assert not finish(service, first, "w1", "late")
    assert row(service, number).lease == "w2" and row(service, number).state == "running"
    assert finish(service, second, "w2") and row(service, number).state == "done"
    assert not finish(service, second, "w2", "again")


def test_a_worker_that_says_it_lives_keeps_the_job(service, put, claim):
    number = put()
    claim("w1")
    for _ in range(3):
        service.clock.forward(LEASE)
        with service.services.database.writing() as session:
            assert queue.keep(session, number, "w1", service.clock())
            assert not queue.keep(session, number, "w2", service.clock())
        assert claim("w2") is None


def test_a_long_job_keeps_its_lease_from_a_thread(service, put, monkeypatch):
    monkeypatch.setattr(working, "LEASE", 0.3)
    number, before = put(), []

    def handler(*_: object) -> None:
        before.append(row(service, number).leased_until)
        service.clock.forward(1_000)
        until(lambda: row(service, number).leased_until > before[0] + 999)

    assert work_once(service.services, {"t": handler}, "w")
    assert row(service, number).state == "done"


def test_a_job_that_fails_is_tried_again_later_and_later(service, put):
    number, told = put(), []

    def handler(*_: object) -> None:
        told.append(service.clock())
        raise ChainError("the node is away")

    for attempt in range(1, ATTEMPTS + 1):
        assert work_once(service.services, {"t": handler}, "w")
        assert not work_once(service.services, {"t": handler}, "w"), "not at once"
        failed = row(service, number)
        assert failed.attempts == attempt and failed.problem == "ChainError: the node is away"
        assert 2**attempt <= failed.due_at - service.clock() <= 2**attempt * 1.5
        service.clock.forward(failed.due_at - service.clock())
    assert not work_once(service.services, {"t": handler}, "w") and len(told) == ATTEMPTS
    upkeep(service.services)
    assert row(service, number).state == "failed" and row(service, number).ended_at == service.clock()
    assert all(wait_after(n) <= LONGEST_WAIT * 1.5 for n in range(60))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Conflict("The round is open."), "Conflict: The round is open."),
        (RuntimeError("postgresql://qf:hunter2@host ann@example.org"), "RuntimeError"),
    ],
)
def test_only_our_own_words_are_kept_of_an_error(service, put, error, told):
    number = put()

    def handler(*_: object) -> None:
        raise error

    work_once(service.services, {"t": handler}, "w")
    assert row(service, number).problem == told


def test_a_job_that_kills_its_worker_each_time_fails_in_the_end(service, put, claim):
    number = put()
    for _ in range(ATTEMPTS):
        assert claim() is not None
        service.clock.forward(LEASE + 1)
    assert claim() is None
    with service.services.database.writing() as session:
        assert [job.id for job in give_up(session, {}, service.clock())] == [number]
        assert give_up(session, {}, service.clock()) == []
    assert (row(service, number).state, row(service, number).problem) == ("failed", "its worker fell silent")


def test_what_a_dead_worker_was_doing_is_put_back_at_once_and_nothing_else(service, put, claim):
    mine, other = put("a"), put("b")
    claim("dead"), claim("alive")
    with service.services.database.writing() as session:
        abandon(session, "dead", service.clock(), "its process died with code -9")
    assert (row(service, mine).state, row(service, mine).problem) == ("queued", "its process died with code -9")
    assert row(service, other).state == "running"


# ---------------------------------------------------------------------------------------------------------- failures


def test_a_settlement_nobody_can_compute_has_failed_and_says_why(service, monkeypatch):
    service.round(state=State.CLOSED)
    operator = service.member("operator")
    assert operator.post("/v1/rounds/spring/settlements").status_code == 202
    preview = operator.post("/v1/rounds/spring/previews", json={"mechanisms": ["yen", "linear"]})
    assert preview.status_code == 202, preview.text
    with service.services.database.writing() as session:
        for job in session.exec(select(Job)):
            job.attempts, job.problem = ATTEMPTS, "its process died with code -9"
            session.add(job)
        give_up(session, FAILURES, service.clock())
    told = f"tried {ATTEMPTS} times: its process died with code -9"
    with service.services.database.reading() as session:
        settlement, shown = session.exec(select(Settlement)).one(), session.exec(select(Preview)).one()
        assert (settlement.state, settlement.problem) == ("failed", told)
        assert (shown.problem, shown.done_at) == (told, service.clock())
    assert operator.post("/v1/rounds/spring/settlements").json()["number"] == 2


# ------------------------------------------------------------------------------------------------------------ upkeep


@pytest.fixture
def chain(service) -> str:
    """A chain source of an open round."""
    service.round()
    with service.services.database.writing() as session:
        given = {"round_id": "spring", "created_at": service.clock(), "created_by": "x"}
        session.add(Source(id="c", name="safe", kind="chain", **given))
        session.add(Source(id="d", name="desk", kind="desk", **given))
    return "c"


def queued(service, kind: str) -> list[Job]:
    with service.services.database.reading() as session:
        found = list(session.exec(select(Job).where(Job.kind == kind).order_by(Job.id)))
        session.expunge_all()
        return found


def test_chains_of_open_rounds_are_read_each_minute_once_however_many_workers(service, chain):
    threads = [threading.Thread(target=upkeep, args=(service.services,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [job] = queued(service, "source.sync")
    assert job.work == {"source": "c"}
    service.clock.forward(60)
    upkeep(service.services)
    assert len(queued(service, "source.sync")) == 1, "the last one is not done"
    with service.services.database.writing() as session:
        session.get_one(Job, job.id).state = "done"
    upkeep(service.services)
    upkeep(service.services)
    assert len(queued(service, "source.sync")) == 2


@pytest.mark.parametrize("state", [State.DRAFT, State.PUBLISHED, State.CANCELLED])
def test_nothing_is_read_for_a_round_that_is_a_draft_or_over(service, chain, state):
    service.round("other", state=state)
    with service.services.database.writing() as session:
        session.get_one(Source, chain).round_id = "other"
    upkeep(service.services)
    assert queued(service, "source.sync") == []


def test_what_nobody_needs_is_removed_and_nothing_else(service, put):
    at = service.clock()
    put("old"), put("new"), put("failed"), put("waits")
    with service.services.database.writing() as session:
        for key, state, ended in (("old", "done", 8), ("new", "done", 6), ("failed", "failed", 8)):
            job = session.exec(select(Job).where(Job.key == key)).one()
            job.state, job.ended_at = state, at - ended * DAY
        session.add(Account(id="ann", created_at=at))
        session.flush()
        for name, ends in (("over", at - 1), ("on", at + 1)):
            session.add(Nonce(key=name, purpose="siwe", bound_to="", expires_at=ends))
            session.add(SignIn(id=name, account_id="ann", credential_id="", how="eoa", created_at=0, expires_at=ends))
            session.flush()
            session.add(RefreshToken(key=name, sign_in_id=name, created_at=0))
    upkeep(service.services)
    assert work_once(service.services, {"jobs.tidy": HANDLERS["jobs.tidy"]}, "w")
    with service.services.database.reading() as session:
        assert set(session.exec(select(Job.key).where(Job.kind == "t"))) == {"new", "failed", "waits"}
        for table in (Nonce, SignIn, RefreshToken):
            [kept] = session.exec(select(table)).all()
            assert "on" in (getattr(kept, "id", ""), getattr(kept, "key", ""))


# --------------------------------------------------------------------------------------------------------- processes


def test_every_kind_of_job_has_one_lane_and_long_ones_are_known(service):
    assert set(HANDLERS) >= LONG | SENDING
    assert sorted(kind for lane in Lane for kind in lane.handlers) == sorted(HANDLERS)
    assert (set(Lane.LONG.handlers), set(Lane.SENDING.handlers)) == (LONG, SENDING)


@pytest.fixture
def workers(service, monkeypatch):
    """The processes of a worker, watched from a thread."""
    monkeypatch.setattr(processes, "PAUSE", 0.1)
    made, stopping = Workers(service.services), threading.Event()
    thread = threading.Thread(target=made.run, args=(stopping,))
    thread.start()
    yield made
    stopping.set()
    thread.join(NOBODY_CALLS)
    assert not thread.is_alive()
    assert [child for child in multiprocessing.active_children() if child.name.startswith("qf ")] == []


def test_a_process_that_is_killed_is_replaced_and_its_job_done(service, workers, put):
    until(lambda: len(workers.children) == 2)
    [short] = [child for child in workers.children if child.lane is Lane.SHORT]
    with service.services.database.writing() as session:  # as if it had begun this job
        number = queue.enqueue(session, "jobs.tidy", new_id(), {}, 0)
        job = session.get_one(Job, number)
        job.state, job.lease, job.leased_until, job.attempts = "running", short.name, int(time.time()) + 1_000, 1
    os.kill(short.process.pid, signal.SIGKILL)
    until(lambda: row(service, number).problem == "its process died with code -9")
    until(lambda: [child.process.is_alive() for child in workers.children] == [True, True])
    with service.services.database.writing() as session:
        session.get_one(Job, number).due_at = 0
    until(lambda: row(service, number).state == "done")
    assert row(service, number).attempts == 2


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"allow_private_addresses": True})


def test_short_jobs_do_not_wait_for_a_receiver_that_takes_its_time(service, workers):
    with receiving() as receiver, service.services.database.writing() as session:
        receiver.waits = NOBODY_CALLS / 2
        session.add(Organisation(id="town", name="Town", created_at=0))
        session.flush()
        seal = service.services.secrecy.seal
        url, secret = seal(SEALED, f"http://127.0.0.1:{receiver.port}/"), seal(SEALED, "s")
        hook = {"id": "h", "organisation_id": "town", "url": url, "secret": secret, "created_by": "x"}
        session.add(Hook(**hook, created_at=0))
        session.flush()
        session.add(HookDelivery(id="d", hook_id="h", round_id="", number=1, created_at=int(time.time())))
        queue.enqueue(session, "hook.deliver", "d", {"delivery": "d"}, 0)
        session.commit()
        until(lambda: receiver.got)
        with service.services.database.writing() as other:
            number = queue.enqueue(other, "jobs.tidy", new_id(), {}, 0)
        began = time.monotonic()
        until(lambda: row(service, number).state == "done")
        assert time.monotonic() - began < receiver.waits / 2
        receiver.waits = 0.0
