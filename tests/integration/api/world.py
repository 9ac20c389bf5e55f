"""A service with something of everything in it, for tests that send it whatever fits its document, or does not."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from api.access import Role
from api.sessions.sessions import SignedInWith, open_session
from api.states import Application as Approval
from api.states import State
from api.tables import Application, Credential, Membership
from tests.integration.api.applying import FORM, GOOD
from tests.integration.api.conftest import START, Clock, Service, settings_of

GIFTS = (("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100))
ROUNDS = ("spring", "draft", "done")
"""One that is open, one that is a draft, one that was closed and is being settled."""


@dataclass(frozen=True)
class World:
    """What is in the service: the token of an admin of it all, and what a path calls things."""

    token: str
    names: dict[str, list[str]]

    @property
    def headers(self) -> dict[str, str]:
        """The headers with which a program shows who it is."""
        return {"Authorization": f"Bearer {self.token}"}


def furnished_file(migrated: Path, folder: Path) -> Path:
    """Return a SQLite file with a furnished service in it, to be copied, as making it takes a second."""
    path = folder / "template.db"
    shutil.copy(migrated, path)
    with pytest.MonkeyPatch.context() as patch:
        service = Service(settings_of(f"sqlite:///{path}", folder), Clock(), patch)
        world = furnished(service)
        with service.services.database.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        service.services.close()
    path.with_suffix(".json").write_text(json.dumps(asdict(world)), "utf-8")
    return path


def world_of(request: pytest.FixtureRequest, service: Any) -> World:
    """Return what is in a service: that of `furnished_file`, or one on PostgreSQL that is furnished now."""
    if service.services.settings.database_url.startswith("sqlite"):
        return World(**json.loads(request.getfixturevalue("sqlite").with_suffix(".json").read_text("utf-8")))
    return furnished(service)


def furnished(service: Any) -> World:
    """Return a world that was made over HTTP, but for what would take a wallet."""
    service.round("spring", projects=())
    service.round("draft", state=State.DRAFT, projects=())
    service.round("done", state=State.CLOSED)
    for gift in GIFTS:
        service.give(*gift, round="done")
    wallet = "0x" + "ab" * 20
    opened = open_session(service.services, SignedInWith("wallet", wallet, wallet, "wallet"), START)
    names = {"organisation": ["town"], "round": list(ROUNDS), "account": [opened.account], "sign_in": [opened.sign_in]}
    world = World(opened.access_token, names)
    with service.services.database.writing() as session:
        session.add(Membership(organisation_id="town", account_id=opened.account, role=Role.ADMIN, created_at=START))
    _add_over_http(service, world)
    _add_past_http(service, world)
    return world


def _add_past_http(service: Any, world: World) -> None:
    names, [account] = world.names, world.names["account"]
    names["credential"] = ["c" * 16]
    with service.services.database.writing() as session:
        session.add(Credential(id="c" * 16, account_id=account, kind="code", subject="x", donor="y", created_at=1))
        for number, state in enumerate(Approval):
            row = Application(
                id=f"{number:016}", round_id="spring", project=f"p{number}", account_id=account, state=state,
                title="P", answers=GOOD, created_at=START, changed_at=START,
            )  # fmt: skip
            session.add(row)
            names.setdefault("application", []).append(row.id)
            names.setdefault("project", []).append(row.project)


def _add_over_http(service: Any, world: World) -> None:
    client, names = service.client(), world.names

    def send(method: str, path: str, body: Any = None) -> Any:
        answer = client.request(method, f"/v1/{path}", json=body, headers=world.headers)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    for round in ("draft", "spring"):
        send("PUT", f"rounds/{round}/form", FORM)
        for kind in ("webhook", "csv", "desk"):
            send("POST", f"rounds/{round}/sources", {"name": f"a-{kind}", "kind": kind})
    names["source"] = ["a-webhook", "a-csv", "a-desk"]
    names["field"] = ["budget"]
    gift = {"label": "1", "project": "p0", "amount_base": "100"}
    batch = {"label": "one", "total_base": "100", "time": "2026-03-31T23:30:00Z", "donations": [gift]}
    send("POST", "rounds/spring/sources/a-desk/batches", batch)
    names["sheet"] = [send("POST", "organisations/town/codes", {"count": 1})["sheet"]]
    names["key"] = [send("POST", "organisations/town/keys", {"name": "one", "rights": ["read"]})["id"]]
    send("POST", "rounds/done/settlements")
    service.work()
    names["number"] = ["1"]
    hook = {"url": "https://1.1.1.1/"}  # made after all work is done: nobody is called
    names["hook"] = [send("POST", "organisations/town/hooks", hook)["id"]]
