"""Every endpoint in every role: who is let in stands in docs/reference/http.md, and is tried.

An endpoint that is not on the page fails the test, and so does one whose guard lets in others than the page says.
The page is about the door alone; what an endpoint refuses behind it (someone else's application, a settlement that
the same person asked for) is in the tests of its feature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.access import ROLES, Guard, Right, Role
from api.access.guards import InstallationGuard, OrganisationGuard, RoundGuard
from api.app import create_app
from api.clock import new_id
from api.secrecy import hashed
from api.settings import Settings
from api.states import State
from api.tables import ApiKey

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "http.md"


def doors() -> dict[str, str]:
    """Return who is let in where, as the page says: method and path -> door."""
    rows = re.findall(r"^\| `([A-Z]+ /\S*)` \| ([a-z ]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


DOORS = doors()

LANGUAGE = re.compile("^/(ja|en)(?=/|$)")
"""A page has an address in every language, and is one line of the table."""

REFUSED = {401, 403, 404}
"""How a door that stays shut answers: sign in first; not allowed; there is no such thing for you."""


def routes_of(app: FastAPI) -> Iterator[tuple[str, APIRoute]]:
    """Yield every endpoint with its whole path."""
    for included in app.routes:
        router = getattr(included, "original_router", None)
        for route in router.routes if router else ():
            assert isinstance(route, APIRoute)
            yield LANGUAGE.sub("/{language}", included.include_context.prefix + route.path), route


def doors_of(route: APIRoute) -> list[Guard]:
    return [found.call for found in route.dependant.dependencies if isinstance(found.call, Guard)]


def said(guard: Guard) -> str:
    """Return a guard in the words of the table."""
    if isinstance(guard, InstallationGuard):
        return "installation"
    if guard.right is not None:
        return str(guard.right)
    return "signed in" if guard.signed_in else "anyone"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("service")
    return create_app(Settings(_env_file=None, development=True, database_url=f"sqlite:///{folder}/qf.db"))  # type: ignore[call-arg]


def names_of(app: FastAPI) -> dict[str, APIRoute]:
    return {f"{method} {path}": route for path, route in routes_of(app) for method in route.methods - {"HEAD"}}


def test_every_endpoint_is_in_the_table_and_has_the_door_it_says(app):
    found = names_of(app)
    assert {name: [said(door) for door in doors_of(route)] or ["open"] for name, route in found.items()} == {
        name: [door] for name, door in DOORS.items()
    }


def test_the_guard_reads_the_organisation_or_round_that_the_path_names(app):
    for name, route in names_of(app).items():
        for door in doors_of(route):
            assert isinstance(door, OrganisationGuard) == ("{organisation}" in name), name
            assert isinstance(door, RoundGuard) == ("{round}" in name), name


def admitted(door: str, persona: str) -> bool:
    """Return whether a persona comes in, by the table of rights."""
    if door in {"anyone", "open"}:
        return True
    if door == "installation":
        return False
    kind, _, what = persona.partition(" ")
    if door == "signed in":
        return kind in {"member", "stranger", "other"}
    right = Right(door)
    if kind == "member":
        return right in ROLES[Role(what)]
    return kind == "key" and what == right


PERSONAS = (
    "nobody",
    "stranger",
    *(f"member {role}" for role in Role),
    *(f"other {role}" for role in Role),
    *(f"key {right}" for right in Right),
    *(f"otherkey {right}" for right in Right),
)


@pytest.fixture
def clients(service) -> dict[str, Any]:
    made: dict[str, Any] = {"nobody": service.client(), "stranger": service.client("stranger", raises=False)}
    for role in Role:
        made[f"member {role}"] = service.member(role, "town")
        made[f"other {role}"] = service.member(role, "city")
    for right in Right:
        made[f"key {right}"] = keyed(service, "town", right)
        made[f"otherkey {right}"] = keyed(service, "city", right)
    return made


def keyed(service: Any, organisation: str, right: Right) -> Any:
    token = f"qf_{organisation}_{right}_{new_id()}"
    with service.services.database.writing() as session:
        session.add(
            ApiKey(
                id=new_id(), organisation_id=organisation, key=hashed(token), name="a key", rights=[right],
                created_by="somebody", created_at=0,
            )
        )  # fmt: skip
    client = service.client()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def address(path: str, round: str) -> str:
    known = {"language": "ja", "round": round, "organisation": "town"}
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: known.get(found[1], "0" * 16), path)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if door not in {"anyone", "open"}])
def test_a_door_opens_for_whom_the_table_says_and_for_nobody_else(service, clients, name):
    method, _, path = name.partition(" ")
    for persona in PERSONAS:
        round = service.round(f"r-{new_id()}", organisation="town")
        answer = clients[persona].request(method, address(path, round), json={})
        let_in = answer.status_code not in {401, 403}
        assert let_in == admitted(DOORS[name], persona), f"{persona}: {answer.status_code} {answer.text}"
        if persona == "nobody":
            assert answer.status_code == 401


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [name for name in DOORS if "{round}" in name])
def test_a_draft_is_there_for_members_alone(service, clients, name):
    method, _, path = name.partition(" ")
    for persona in PERSONAS:
        if persona.split()[0] in {"member", "key"}:
            continue
        round = service.round(f"r-{new_id()}", organisation="town", state=State.DRAFT)
        answer = clients[persona].request(method, address(path, round), json={})
        assert answer.status_code in REFUSED, f"{persona}: {answer.status_code} {answer.text}"
