"""Numbers about the service: true, without anybody in them, and not for everybody."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from api import queue
from api.app import create_app
from api.tables import Source

TOKEN = "a token for the numbers"


@pytest.fixture
def numbers(service):
    """A function that returns the numbers as (name, labels) -> value, asked from this machine."""
    client = TestClient(service.app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5))

    def read() -> dict[tuple[str, tuple[str, ...]], float]:
        answer = client.get("/metrics")
        assert answer.status_code == 200, answer.text
        families = text_string_to_metric_families(answer.text)
        samples = [sample for family in families for sample in family.samples]
        return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}

    return read


def test_requests_are_counted_by_template(service, numbers):
    service.round()
    client = service.client("ann")
    for name in ("spring", "spring", "none"):
        client.get(f"/v1/rounds/{name}?donor=ann")
    client.get("/nowhere/ann")
    client.request("ANN", "/v1/rounds/spring")
    found = numbers()
    route = "/v1/rounds/{round}"
    assert found["qf_requests_total", ("GET", route, "200")] == 2
    assert found["qf_requests_total", ("GET", route, "404")] == 1
    assert found["qf_requests_total", ("GET", "", "404")] == 1
    assert found["qf_request_seconds_count", ("GET", route)] == 3
    assert 0 < found["qf_request_seconds_sum", ("GET", route)] < 3
    assert not [label for _, labels in found for label in labels if "ann" in label.lower()]


def test_jobs_donations_chains_and_listeners_are_counted(service, numbers):
    service.round()
    at = service.clock()
    service.give("ann", "well", 5), service.give("bob", "bus", 5)
    with service.services.database.writing() as session:
        queue.enqueue(session, "t", "a", {}, at)
        queue.enqueue(session, "t", "b", {}, at + 50)
        queue.claim(session, "w", ["t"], at)
        given = {"round_id": "spring", "created_at": at - 9, "created_by": "x", "kind": "chain"}
        session.add(Source(id="c", name="safe", read_until=at - 7, **given))
    found = numbers()
    assert [found["qf_jobs", (state,)] for state in ("queued", "running", "done", "failed")] == [1, 1, 0, 0]
    assert found["qf_job_oldest_seconds", ()] == 0
    assert found["qf_entries", ()] == 2
    assert found["qf_chain_lag_seconds", ("spring", "safe")] == 7
    assert found["qf_listeners", ()] == 0 and found["qf_database_up", ()] == 1
    service.clock.forward(60)
    assert numbers()["qf_job_oldest_seconds", ()] == 10


def test_without_a_database_the_requests_are_still_there(service, numbers, monkeypatch):
    def nobody(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception())

    service.client().get("/healthz")
    monkeypatch.setattr(service.services.database.engine, "connect", nobody)
    found = numbers()
    assert found["qf_database_up", ()] == 0 and found["qf_requests_total", ("GET", "/healthz", "200")] == 1
    assert not [name for name, _ in found if name.startswith("qf_jobs")]


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.1", {}, 403),
        ("testclient", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 403),
        ("127.0.0.1", {"origin": "https://elsewhere.example"}, 403),
    ],
)
def test_without_a_token_only_this_machine_reads_them(service, address, headers, status):
    client = TestClient(service.app, base_url="http://127.0.0.1", client=(address, 5))
    assert client.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [("", 403), (TOKEN, 403), (f"Bearer {TOKEN}", 200), (f"Bearer {TOKEN}x", 403), (f"Basic {TOKEN}", 403)],
)
def test_with_a_token_whoever_has_it_reads_them(settings, clock, sent, status):
    app = create_app(settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}), clock)
    for address in ("192.0.2.1", "127.0.0.1"):
        client = TestClient(app, base_url="https://qf.test", client=(address, 5))
        assert client.get("/metrics", headers={"authorization": sent} if sent else {}).status_code == status
    app.state.services.close()
