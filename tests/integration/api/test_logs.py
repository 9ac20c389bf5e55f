"""What a crash leaves in the log: its kind and its place, and nothing of who asked, whatever was or was not set up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import logs, queue
from api.sign_in import routes
from api.worker.working import work_once
from tests.integration.api.wallets import WALLET

API = Path(logs.__file__).parent


@pytest.fixture
def unprepared():
    """A process in which nobody has set up logging: structlog shows exceptions with the values of local variables."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


def test_a_crash_logs_no_address_and_no_code_though_nothing_was_set_up(service, unprepared, capfd, monkeypatch):
    code = "7HKM-2QXR-9DPW-4TZA"

    def broken(*given: object) -> None:
        raise RuntimeError(f"cannot read {given}")

    monkeypatch.setattr(routes, "read_code", broken)
    monkeypatch.setattr(routes.challenges, "challenge", broken)
    client = service.client(raises=False)
    assert client.post("/v1/sign-in/code", json={"code": code}).status_code == 500
    assert client.post("/v1/sign-in/challenge", json={"address": WALLET.address}).status_code == 500
    told = "".join(capfd.readouterr())
    assert "request_failed" in told and "/v1/sign-in/code" in told and "RuntimeError" in told
    assert code not in told and WALLET.address.lower() not in told.lower()


def test_a_job_that_crashes_logs_nothing_of_its_work(service, unprepared, capfd, monkeypatch):
    def broken(_: object, work: object) -> None:
        raise RuntimeError(f"cannot do {work}")

    with service.services.database.writing() as session:
        queue.enqueue(session, "hook.deliver", "k", {"delivery": WALLET.address}, 0)
    assert work_once(service.services, {"hook.deliver": broken}, "w")
    told = "".join(capfd.readouterr())
    assert "job_failed" in told and "RuntimeError" in told and WALLET.address not in told


def test_an_error_of_the_database_does_not_tell_the_values_of_a_row(service):
    query = text("select :a from nowhere")
    with pytest.raises(SQLAlchemyError) as caught, service.services.database.reading() as session:
        session.execute(query, {"a": WALLET.address})
    assert WALLET.address not in str(caught.value)


def test_no_exception_is_handed_to_a_logger():
    """What a logger makes of an exception depends on its settings; `logs.told` does not."""
    found = [
        f"{path.relative_to(API)}: {line.strip()}"
        for path in sorted(API.rglob("*.py"))
        if path.name != "logs.py"
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"exc_info|\.exception\(", line)
    ]
    assert found == []
