"""The commands of the service: they start from nothing, refuse what is unsafe, and end when they are told to."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import httpx2
import pytest
from sqlmodel import select

from api import audit
from api.bootstrap import found_organisation
from api.database import Database, downgrade, missing_revisions, upgrade
from api.tables import Audit, Credential, Job, Membership, Organisation
from tests.integration.api.running import Running, ran
from tests.unit.cli.command import qf

WALLET = "0x" + "ab" * 20

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def until(what, seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------------------------- serve


@SQLITE
def test_serve_starts_from_nothing_answers_does_jobs_and_ends_when_told(settings):
    Path(settings.database_url.removeprefix("sqlite:///")).unlink()
    with Running(settings, "serve", "--port", "0") as serving, httpx2.Client() as client:
        assert serving.url.startswith("http://127.0.0.1:"), "nobody else reaches it"
        assert client.get(f"{serving.url}/healthz").json() == {"alive": True}
        assert client.get(f"{serving.url}/readyz").json()["ready"]
        assert client.get(f"{serving.url}/v1/rounds").json()["items"] == []
        assert client.get(f"{serving.url}/metrics").status_code == 200
        database = Database(settings.database_url)

        def tidied() -> bool:
            with database.reading() as session:
                return session.exec(select(Job.state)).all() == ["done"]

        until(tidied)
        database.close()
        assert len(serving.group()) >= 3
        assert serving.stop() == 0
        until(lambda: serving.group() == [])
    lines = [json.loads(line) for line in serving.said.splitlines() if line.startswith("{")]
    assert {"migrated", "request", "job"} <= {line["event"] for line in lines}


def test_a_stream_ends_when_the_service_does(service, settings):
    service.round()
    with Running(settings, "serve", "--port", "0", "--no-worker") as serving:
        url, heard = serving.url, []

        def listen() -> None:
            with httpx2.stream("GET", f"{url}/v1/rounds/spring/events", timeout=60) as stream:
                heard.extend(stream.iter_lines())

        thread = threading.Thread(target=listen)
        until(lambda: httpx2.get(f"{url}/healthz").status_code == 200)
        thread.start()
        until(lambda: "qf_listeners 1.0" in httpx2.get(f"{url}/metrics").text)
        began = time.monotonic()
        assert serving.stop() == 0 and time.monotonic() - began < 10
        thread.join(5)
        assert not thread.is_alive() and heard


@POSTGRESQL
@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",)])
def test_tables_of_postgresql_are_not_changed_by_starting(settings, command):
    database = Database(settings.database_url)
    downgrade(database, "base")
    done = ran(settings, *command)
    assert done.returncode == 2 and "qf migrate up" in done.stderr and missing_revisions(database)
    database.close()


def test_a_port_that_is_taken_is_named(settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = ran(settings, "serve", "--port", str(other.getsockname()[1]))
    assert done.returncode == 2 and "in use" in done.stderr


@SQLITE
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"QF_SECRET": ""}, "QF_SECRET is missing or weak"),
        ({"QF_SECRET": "change-me" * 8}, "QF_SECRET is missing or weak"),
        ({"QF_TIME_ZONE": "Asia/Nowhere"}, "is no time zone"),
        ({"QF_PUBLIC_URL": "http://example.org"}, "QF_PUBLIC_URL is not https"),
        ({"QF_PUBLIC_URL": "nowhere", "QF_PROXIES": '["x"]'}, "QF_PROXIES"),
        ({"QF_DATABASE_URL": "mysql://host/name"}, "QF_DATABASE_URL: is no address of a database"),
        ({"QF_DATABASE_URL": "postgresql://127.0.0.1:1/x?connect_timeout=2"}, "QF_DATABASE_URL: the database does not"),
    ],
)
def test_settings_that_are_wrong_or_unsafe_are_refused(settings, more, told):
    done = ran(settings, "serve", "--port", "0", **more)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["migrate", "status"], ["backup", "x"]])
def test_without_the_service_the_commands_say_where_it_runs(monkeypatch, command):
    monkeypatch.setattr("qf.cli.service.find_spec", lambda _: None)
    done = qf(*command)
    assert done.exit_code == 2 and "checkout" in done.stderr and "container" in done.stderr


# ------------------------------------------------------------------------------------------------------------ worker


def test_a_worker_stops_when_told_and_leaves_nothing_behind(settings):
    with Running(settings, "worker") as working:
        until(lambda: len(working.group()) >= 3)
        until(lambda: '"kind": "jobs.tidy"' in working.said)
        assert working.stop() == 0
        until(lambda: working.group() == [])


# ----------------------------------------------------------------------------------------------------------- migrate


@pytest.fixture
def here(settings, monkeypatch):
    """The settings in the environment of this process, for commands that are run in it."""
    monkeypatch.chdir(settings.data_dir.parent)
    monkeypatch.setenv("QF_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("QF_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("QF_SECRET", settings.secret.get_secret_value())
    return settings


def test_tables_go_up_and_down_and_the_status_says_so(here):
    assert qf("migrate", "status").exit_code == 0
    assert qf("migrate", "down", "base").exit_code == 0
    status = qf("migrate", "status")
    assert status.exit_code == 1 and "0001" in status.stdout
    assert "0001" in qf("migrate", "up").stdout
    assert qf("migrate", "status").exit_code == 0
    assert "nothing" in qf("migrate", "up").stdout


def test_the_tables_of_a_later_version_are_left_alone(here):
    database = Database(here.database_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    for command in (["migrate", "status"], ["migrate", "up"], ["organisation", "found", "x", "--admin", "y"]):
        done = qf(*command)
        assert done.exit_code == 2 and "later version" in done.stderr
    with database.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0001'")
    assert missing_revisions(database) == ()
    upgrade(database)
    database.close()


# ------------------------------------------------------------------------------------------------------ organisation


def test_the_first_organisation_is_founded_from_the_command_line(here, service):
    done = qf("organisation", "found", "town", "--admin", f"eip155:10:{WALLET}", "--title", "Our Town")
    assert done.exit_code == 0, done.stderr
    with service.services.database.reading() as session:
        organisation = session.get_one(Organisation, "town")
        assert organisation.name == "Our Town"
        member = session.exec(select(Membership)).one()
        wallets = session.exec(select(Credential).order_by(Credential.subject)).all()
        assert {(member.role, member.account_id)} == {("admin", wallet.account_id) for wallet in wallets}
        assert [(wallet.kind, wallet.subject, wallet.donor) for wallet in wallets] == [
            ("wallet", WALLET, WALLET),  # if it is a key
            ("wallet", f"eip155:10:{WALLET}", ""),  # if it is a contract
        ]
        rows = session.exec(select(Audit).order_by(Audit.number)).all()
        assert [row.action for row in rows] == ["organisation.founded", "member.role"]
        assert {row.actor for row in rows} == {"service"} and audit.broken(rows, organisation) == []
    again = found_organisation(service.services, "village", "Village", f"eip155:10:{WALLET}")
    with service.services.database.reading() as session:
        assert len(session.exec(select(Credential)).all()) == 2, again.id
        assert len({row.account_id for row in session.exec(select(Membership))}) == 1


@pytest.mark.parametrize(
    ("name", "admin", "told"),
    [
        ("town", f"eip155:10:{WALLET}", "already"),
        ("Not A Slug", f"eip155:10:{WALLET}", "organisation, id"),
        ("new", WALLET, "eip155:10:0x..."),
        ("new", "eip155:10:0x12", "is not an address"),
        ("new", f"solana:1:{WALLET}", "eip155:10:0x..."),
    ],
)
def test_an_organisation_that_cannot_be_founded_leaves_nothing(here, service, name, admin, told):
    service.organisation("town")
    done = qf("organisation", "found", name, "--admin", admin)
    assert done.exit_code == 2 and told in done.stderr
    with service.services.database.reading() as session:
        assert session.exec(select(Organisation.id)).all() == ["town"]
        assert session.exec(select(Credential)).all() == []
