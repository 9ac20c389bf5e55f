"""Whether the service lives and is ready, and what its logs and traces say of who asks: nothing."""

from __future__ import annotations

import io
import json
import logging
import sys

import httpx2
import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from api import logs
from api.app import create_app
from api.database import downgrade
from api.settings import Settings
from api.states import State
from api.tables import Source
from api.telemetry import telemetry

HOUR = 3_600


@pytest.fixture
def chain(service):
    """Make a chain source of an open round that was read until some seconds ago; None: never, since it is so old."""

    def made(ago: int | None, created: int = 0, **columns: object) -> None:
        service.round()
        at = service.clock()
        given = {"id": "c", "round_id": "spring", "name": "safe", "kind": "chain", "created_by": "x", **columns}
        with service.services.database.writing() as session:
            until = None if ago is None else at - ago
            session.add(Source(created_at=at - created, read_until=until, **given))

    return made


def checks(client) -> tuple[int, dict[str, tuple[bool, str]]]:
    answer = client.get("/readyz")
    found = answer.json()
    told = {check["name"]: (check["good"], check["told"]) for check in found["checks"]}
    assert found["ready"] == (answer.status_code == 200) == all(good for good, _ in told.values())
    return answer.status_code, told


def test_it_lives_even_without_a_database(service, monkeypatch):
    monkeypatch.setattr(service.services.database.engine, "connect", no_database)
    assert service.client().get("/healthz").json() == {"alive": True}


def no_database(*_: object, **__: object) -> None:
    raise OperationalError("select 1", {"password": "hunter2"}, Exception("host db.internal does not answer"))


def test_it_is_ready_when_the_database_is(service):
    status, told = checks(service.client())
    assert status == 200
    assert told == {"database": (True, "answers"), "migrations": (True, "none is missing")}


def test_it_is_not_ready_without_a_database_and_does_not_say_where_that_is(service, monkeypatch):
    monkeypatch.setattr(service.services.database.engine, "connect", no_database)
    client = service.client()
    assert checks(client) == (503, {"database": (False, "does not answer")})
    assert "internal" not in client.get("/readyz").text


def test_it_is_not_ready_before_the_tables_are(service):
    downgrade(service.services.database, "base")
    status, told = checks(service.client())
    assert status == 503
    assert told["migrations"] == (False, "0001 missing: qf migrate up")


def test_it_is_not_ready_with_the_tables_of_a_later_version(service):
    with service.services.database.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    assert checks(service.client())[1]["migrations"][0] is False


@pytest.mark.parametrize(
    ("ago", "created", "good", "told"),
    [
        (HOUR, 0, True, "3600 s behind"),
        (HOUR + 1, 0, False, "3601 s behind"),
        (None, 60, True, "60 s behind"),
        (None, 2 * HOUR, False, "7200 s behind"),
    ],
)
def test_it_is_not_ready_when_a_chain_is_not_read(service, chain, ago, created, good, told):
    chain(ago, created)
    assert checks(service.client())[1]["chain spring/safe"] == (good, told)


def test_a_chain_that_is_not_read_any_more_is_not_waited_for(service, chain):
    chain(2 * HOUR, state="stopped")
    service.round("over", state=State.PUBLISHED)
    with service.services.database.writing() as session:
        session.add(Source(id="d", round_id="over", name="old", kind="chain", created_at=0, created_by="x"))
    assert checks(service.client())[0] == 200


def test_health_is_asked_by_address_and_not_in_the_document(service):
    client = TestClient(service.app, base_url="http://192.0.2.7:8000")
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    paths = service.client().get("/v1/openapi.json").json()["paths"]
    assert not {"/healthz", "/readyz", "/metrics"} & set(paths)


# -------------------------------------------------------------------------------------------------------------- logs


@pytest.fixture
def logged(monkeypatch):
    """A function that returns what was logged, as JSON objects."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root, api = logging.getLogger(), logging.getLogger("api")
    handlers, levels = list(root.handlers), (root.level, api.level)
    before = structlog.get_config()
    logs.configure()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    api.setLevel(levels[1])


def test_a_request_is_logged_by_its_template_without_who_and_what(service, logged):
    service.round()
    client = service.client("ann")
    address = "0x" + "ab" * 20
    answer = client.get(f"/v1/rounds/spring/projects?text={address}", headers={"x-forwarded-for": "203.0.113.9"})
    assert answer.status_code == 200
    client.post("/v1/rounds/spring/gifts", json={"secret": "hunter2"}, headers={"authorization": "Bearer hunter3"})
    first, *_ = [line for line in logged() if line["event"] == "request"]
    assert first.pop("ms") > 0 and first.pop("timestamp")
    assert first == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/v1/rounds/{round}/projects",
        "status": 200,
        "request": answer.headers["x-request-id"],
    }
    text = json.dumps(logged())
    assert not [word for word in (address, "203.0.113.9", "hunter", "ann", "testclient") if word in text]


def test_an_error_is_logged_by_its_kind_and_place_without_its_words(service, logged, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("ann@example.org gave 5 to well") from no_address()

    monkeypatch.setattr("api.rounds.routes.list_rounds", broken, raising=False)
    monkeypatch.setattr(service.services, "clock", broken)
    assert service.client(raises=False).get("/v1/rounds").status_code == 500
    [failed] = [line for line in logged() if line["event"] == "request_failed"]
    assert failed["error"] == ["RuntimeError", "ValueError"]
    assert any("guards.py" in place for place in failed["places"])
    assert "example.org" not in json.dumps(logged())


def no_address() -> ValueError:
    return ValueError("bob@example.org")


def test_libraries_are_logged_the_same_way(logged):
    try:
        raise OSError("10.0.0.5")
    except OSError:
        logging.getLogger("somebody.else").exception("it failed")
    [line] = logged()
    assert (line["event"], line["level"], line["error"]) == ("it failed", "error", ["OSError"])
    assert "10.0.0.5" not in json.dumps(line)


def test_health_is_logged_only_when_it_fails(service, logged, monkeypatch):
    client = service.client()
    client.get("/healthz"), client.get("/readyz")
    assert logged() == []
    monkeypatch.setattr(service.services.database.engine, "connect", no_database)
    client.get("/readyz")
    assert [line["route"] for line in logged()] == ["/readyz"]


# ------------------------------------------------------------------------------------------------------------ traces


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_traces_tell_the_template_and_not_who_asked_for_what(settings, clock, monkeypatch):
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    kept = export.InMemorySpanExporter()
    monkeypatch.setattr("opentelemetry.exporter.otlp.proto.http.trace_exporter.OTLPSpanExporter", lambda _: kept)
    traced = settings.model_copy(update={"otlp_endpoint": "http://127.0.0.1:1"})
    app = create_app(traced, clock)
    with TestClient(app, base_url="https://qf.test") as client:
        client.get("/v1/rounds/spring?donor=ann", headers={"user-agent": "ann's browser"})
    app.state.services.close()
    app._telemetry["tracer_provider"].shutdown()
    [span] = [span for span in kept.get_finished_spans() if span.parent is None]
    assert span.name == "GET /v1/rounds/{round}" and span.attributes["http.response.status_code"] == 404
    text = json.dumps([dict(each.attributes) for each in kept.get_finished_spans()])
    assert "ann" not in text and "spring" not in text and "testclient" not in text


def test_nothing_is_traced_unless_somebody_asks_for_it(settings):
    assert isinstance(settings, Settings)
    assert telemetry(settings) == {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    assert httpx2 is not None
