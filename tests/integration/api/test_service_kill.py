"""`kill -9` at random moments of intake, settlement and publication: nothing is lost, and nothing counts twice.

It stands here and not among the stateful tests, which open no connections; its state is a real database, and its steps
are real processes. What is killed dies with all its children, as in a power cut.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from api import audit, signing
from api.schema import moment_text
from api.secrecy import hashed
from api.settlement.bundles import bundle_path
from api.states import State
from api.tables import ApiKey, Audit, Entry, Job, Notice, Organisation, Round, RoundEvent, Settlement
from qf import preset, settle
from qf.verify import verify
from tests.integration.api.running import Running

OPENED = 1_775_000_000
KEY = "qf_a-key-of-the-town"
TOWN = {"authorization": f"Bearer {KEY}"}
BASE = "/v1/rounds/spring/settlements"

DELIVERIES, EACH, SENDERS = 60, 5, 4
"""Deliveries of a payment provider, donations in each, and how many are under way at once."""

PATIENCE = 240
"""Seconds for everything that comes in at once, to be done in spite of the kills."""


class Mayhem:
    """A process that is killed now and then, and begun again."""

    def __init__(self, settings: Any, *command: str) -> None:
        self._settings, self._command = settings, command
        self.kills = 0
        self.running = Running(settings, *command)

    def kill(self) -> None:
        """Kill it, and begin it again."""
        self.running.kill()
        self.kills += 1
        self.running = Running(self._settings, *self._command)


@contextmanager
def mayhem(settings: Any, *command: str) -> Iterator[Mayhem]:
    made = Mayhem(settings, *command)
    try:
        yield made
    finally:
        made.running.kill()


@pytest.fixture
def town(service) -> str:
    """A round with a webhook, and a key that may operate it; returns the secret of the webhook."""
    service.round()
    operator = service.member("operator")
    with service.services.database.writing() as session:
        given = {"name": "test", "rights": ["read", "operate"], "created_by": "x", "created_at": OPENED}
        session.add(ApiKey(id="k", organisation_id="town", key=hashed(KEY), **given))
    made = operator.post("/v1/rounds/spring/sources", json={"name": "card", "kind": "webhook"})
    return str(made.json()["secret"])


def donations(number: int) -> list[dict[str, str]]:
    """The donations of one delivery; every name differs, and so does every amount."""
    ids = range(number * EACH, (number + 1) * EACH)
    return [
        {
            "id": f"p{n}",
            "donor": f"d{n % 7}",
            "project": ("well", "bus")[n % 2],
            "amount_base": str(1_000 + n),
            "time": moment_text(OPENED),
        }
        for n in ids
    ]


def send(url: Callable[[], str], secret: str, number: int, ends: float) -> dict[str, Any]:
    """Deliver until the service says that it has it, as a payment provider does."""
    body = json.dumps({"donations": donations(number)}).encode()
    while True:
        assert time.monotonic() < ends, f"delivery {number} was never taken"
        signed = {"QF-Signature": signing.sign(secret, body, int(time.time())), "QF-Delivery": f"k{number}"}
        try:
            answer = httpx2.post(f"{url()}/v1/rounds/spring/intake/card", content=body, headers=signed, timeout=20)
        except (httpx2.TransportError, AssertionError):  # it is dead, or not there yet
            time.sleep(0.05)
            continue
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def take_in(settings: Any, secret: str, kills: int, dice: random.Random) -> int:
    """Deliver everything while the service is killed, some of it twice; return how often it was."""
    ends, taken = time.monotonic() + PATIENCE, threading.Semaphore(0)
    with mayhem(settings, "serve", "--port", "0", "--no-worker") as serving:

        def deliver(number: int) -> None:
            told = send(lambda: serving.running.url, secret, number, ends)
            assert told["new"] == EACH and told["known"] == 0
            taken.release()
            if dice.random() < 0.2:
                assert send(lambda: serving.running.url, secret, number, ends) == told

        def kill() -> None:
            for _ in range(kills):
                for _ in range(dice.randint(1, DELIVERIES // (kills + 1))):
                    taken.acquire()
                time.sleep(dice.random() * 0.05)
                serving.kill()

        with ThreadPoolExecutor(SENDERS + 1) as pool:
            killing = pool.submit(kill)
            list(pool.map(deliver, range(DELIVERIES)))
            killing.result()
        return serving.kills


def lease_ends(service: Any) -> None:
    """Let the time pass after which a job of a dead worker is another's."""
    with service.services.database.writing() as session:
        session.execute(update(Job).where(col(Job.state) == "running").values(leased_until=0))
        session.execute(update(Job).where(col(Job.state) == "queued").values(due_at=0))


def compute(service: Any, settings: Any, kills: int, dice: random.Random) -> int:
    """Let a worker compute a settlement while it is killed in the middle of it; return how often it was."""
    ends, begun = time.monotonic() + PATIENCE, 0
    with mayhem(settings, "worker") as working:
        while (job := only(service, Job, Job.kind == "round.settle")).state not in {"done", "failed"}:
            assert time.monotonic() < ends, working.running.said
            if job.state == "running" and job.attempts > begun and working.kills < kills:
                begun = job.attempts
                time.sleep(dice.random() * 0.4)
                working.kill()
                lease_ends(service)
            time.sleep(0.02)
        assert job.state == "done", job.problem
        return working.kills


def publish(settings: Any, kills: int, dice: random.Random) -> int:
    """Publish while the service is killed in the middle of it; return how often it was."""
    ends = time.monotonic() + PATIENCE
    with mayhem(settings, "serve", "--port", "0", "--no-worker") as serving:
        while True:
            assert time.monotonic() < ends, serving.running.said
            url = serving.running.url
            while serving.kills < kills:
                with contextlib.suppress(httpx2.TransportError):
                    httpx2.get(f"{url}/healthz", timeout=20)  # it is up: what follows is the publication itself
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(httpx2.post, f"{url}{BASE}/1/publish", headers=TOWN, timeout=20)
                    time.sleep(dice.random() * 0.06)
                    serving.kill()
                url = serving.running.url
            answer = httpx2.post(f"{url}{BASE}/1/publish", headers=TOWN, timeout=20)
            assert answer.status_code in {200, 409}, answer.text
            assert httpx2.get(f"{url}/v1/rounds/spring/result").status_code == 200
            return serving.kills


def only(service: Any, table: Any, *where: Any) -> Any:
    with service.services.database.reading() as session:
        row = session.exec(select(table).where(*where)).one()
        session.expunge(row)
        return row


def check_intake(service: Any) -> None:
    """Every donation that was accepted stands once, with its amount, in one unbroken list."""
    with service.services.database.reading() as session:
        rows = session.exec(select(Entry).order_by(col(Entry.position))).all()
        round = session.get_one(Round, "spring")
        told = session.exec(select(RoundEvent).where(RoundEvent.kind == "donations")).all()
        assert [row.position for row in rows] == list(range(1, DELIVERIES * EACH + 1))
        assert round.entries == len(rows) and len(told) == DELIVERIES
        assert sorted(event.data["entries"] for event in told) == list(range(EACH, len(rows) + 1, EACH))
    sent = [gift for number in range(DELIVERIES) for gift in donations(number)]
    assert Counter((row.external_id, row.donor, row.project, row.amount) for row in rows) == Counter(
        (gift["id"], gift["donor"], gift["project"], int(gift["amount_base"])) for gift in sent
    )


def check_result(service: Any) -> None:
    """One result is public: the one that these donations have, with every payout once, and told once."""
    sent = [gift for number in range(DELIVERIES) for gift in donations(number)]
    gifts = [(gift["donor"], gift["project"], int(gift["amount_base"])) for gift in sent]
    right = settle(preset("yen", pool=100_000), gifts)
    settlement = only(service, Settlement)
    assert settlement.state == "published"
    result = verify(bundle_path(service.services, settlement.id))
    assert dict(result.payouts) == dict(right.payouts) and result.unspent == right.unspent
    listed = [(each["project"], int(each["payout"])) for each in settlement.summary["projects"]]
    assert sorted(listed) == sorted(right.payouts.items())
    assert only(service, Round).state == State.PUBLISHED
    assert only(service, Notice, Notice.kind == "published")
    with service.services.database.reading() as session:
        rows = session.exec(select(Audit).order_by(col(Audit.number))).all()
        assert [row.action for row in rows].count("settlement.published") == 1
        assert audit.broken(rows, session.get_one(Organisation, "town")) == []
        assert set(session.exec(select(Job.state).where(Job.kind == "round.settle"))) == {"done"}


def survive(service: Any, settings: Any, secret: str, seed: int, kills: int) -> None:
    """Go through a whole round, killing everything that runs so many times."""
    dice = random.Random(seed)
    assert take_in(settings, secret, kills, dice) == kills
    check_intake(service)
    with service.services.database.writing() as session:
        session.get_one(Round, "spring").state = State.CLOSED
    second = service.member("operator", account="second")
    assert service.client("town-operator").post(BASE).status_code == 202
    assert compute(service, settings, kills, dice) >= 1
    assert second.post(f"{BASE}/1/approve").status_code == 200
    assert publish(settings, kills, dice) == kills
    check_intake(service)
    check_result(service)


def test_a_round_survives_kills_at_random_moments(service, settings, town):
    survive(service, settings, town, seed=0, kills=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_round_survives_many_kills_at_random_moments(service, settings, town, seed):
    survive(service, settings, town, seed, kills=6)
