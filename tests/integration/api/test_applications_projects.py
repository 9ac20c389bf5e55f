"""The projects of a round: listed, searched, imported, exported."""

from __future__ import annotations

import csv
import io

import pytest
from sqlmodel import select

from api.clock import new_id
from api.tables import Application
from tests.integration.api.applying import BASE, FORM, GOOD, begin, decide, prepared, projects


@pytest.fixture
def operator(service, answered):
    return prepared(service, answered)


@pytest.fixture
def owner(service, operator):
    return service.client("ann")


def test_exports_hold_no_formula_and_drafts_are_not_in_them(operator, owner, answered):
    made = answered(owner.post(BASE, json={"project": "well", "title": "=1+1", "answers": GOOD}), 201)
    answered(owner.post(BASE, json={"project": "draft", "title": "Draft"}), 201)
    answered(owner.post(f"{BASE}/{made['id']}/submit"))
    rows = list(csv.DictReader(io.StringIO(operator.get(f"{BASE}.csv").text)))
    assert [(row["project"], row["title"], row["answer.mail"]) for row in rows] == [("well", "'=1+1", "ann@well.test")]
    answered(owner.get(f"{BASE}.csv"), 403)


def test_projects_are_imported_all_or_none(service, operator, answered):
    path = "/v1/rounds/spring/projects"
    assert answered(operator.post(path, content="project,title\na,Apple\nb,Bee\n"), 201)["projects"] == 2
    wrong = "project,title,summary,owners\nb,Bee,x,\nc,Sea,x,\n d ,x,x,\nc,x,x,\ne,\x01,x,\nf,x,x,a|\u200b\n"
    told = answered(operator.post(path, content=wrong.encode()), 422)
    assert [each["where"] for each in told["problems"]] == [
        f"projects.csv line {line}, column {column}"
        for line, column in ((2, "project"), (4, "project"), (5, "project"), (6, "title"), (7, "owners"))
    ]
    assert "/" not in told["problems"][2]["what"]
    for body in (b"project,titel\nd,Dee\n", b"", b"\xff\xfe", b"project\n" + b"x" * 201):
        told = answered(operator.post(path, content=body), 422)
        assert told["problems"][0]["where"].startswith("projects.csv")
    more = 'project,summary,owners,payout_address\nC d,"two\nlines",ann|0x' + "AB" * 20 + ",bank 7\n"
    answered(operator.post(path, content=more), 201)
    assert [row["project"] for row in projects(service, answered)] == ["C d", "a", "b"]
    assert answered(service.client().get(f"{path}/C d"))["summary"] == "two\nlines"
    with service.services.database.reading() as session:
        assert session.exec(select(Application.owners).where(Application.project == "C d")).one() == [
            "ann", "0x" + "ab" * 20,
        ]  # fmt: skip
    found = answered(service.client().get(path, params={"search": "PP"}))["items"]
    assert [each["project"] for each in found] == ["a"]
    for search in ("%", "_", "\\"):
        assert answered(service.client().get(path, params={"search": search}))["items"] == []


def test_projects_come_in_the_order_that_is_asked_for_page_by_page(service, operator, answered):
    for number, (project, title) in enumerate([("a", "Same"), ("b", "Zoo"), ("c", "Same"), ("d", "Arc")]):
        with service.services.database.writing() as session:
            session.add(
                Application(
                    id=new_id(), round_id="spring", project=project, state="approved", title=title,
                    created_at=number // 2, changed_at=0,
                )
            )  # fmt: skip
    client = service.client()

    def names(order):
        seen, after = [], None
        while True:
            params = {"order": order, "limit": 1, **({"after": after} if after else {})}
            page = answered(client.get("/v1/rounds/spring/projects", params=params))
            seen += [row["project"] for row in page["items"]]
            after = page["next"]
            if after is None:
                return "".join(seen)

    assert {order: names(order) for order in ("project", "title", "newest")} == {
        "project": "abcd", "title": "dacb", "newest": "cdab",
    }  # fmt: skip
    for params in ({"order": "payout"}, {"order": "title", "after": "nonsense"}):
        answered(client.get("/v1/rounds/spring/projects", params=params), 422)


def test_projects_come_in_an_order_that_favours_none_and_is_the_same_for_the_same_seed(service, operator, answered):
    path = "/v1/rounds/spring/projects"
    content = "project,title\n" + "".join(f"p{number},P {number}\n" for number in range(30))
    answered(operator.post(path, content=content), 201)

    def names(seed, **more):
        asked = {"order": "mixed", "seed": seed, "limit": 7, **more}
        page = answered(operator.get(path, params=asked))
        found = [each["project"] for each in page["items"]]
        return found + (names(seed, **{**more, "after": page["next"]}) if page["next"] else [])

    orders = {tuple(names(f"seed {number}")) for number in range(5)}
    assert len(orders) == 5 and {tuple(sorted(order)) for order in orders} == {tuple(sorted(names("a")))}
    assert names("a") == names("a") and len(names("a")) == 30
    assert set(names("a", search="P 1")) == {"p1", *(f"p{number}" for number in range(10, 20))}
    answered(operator.get(path, params={"order": "mixed", "after": "x"}), 422)


def test_projects_are_found_by_what_they_chose_in_public(service, operator, answered):
    secret = {"id": "secret", "label": "Secret", "kind": "choice", "options": ["yes"], "hidden": True}
    answered(operator.put("/v1/rounds/spring/form", json={"fields": [*FORM["fields"], secret]}), 204)
    for name, kind in (("well", "code"), ("bus", "care")):
        owner = service.client(f"owner of {name}")
        path = f"{BASE}/{begin(owner, name, answered, answers={**GOOD, 'kind': kind, 'secret': 'yes'})}"
        answered(owner.post(f"{path}/submit"))
        answered(decide(operator, path, "approved"), 201)
    assert [row["project"] for row in projects(service, answered, choice="kind:care")] == ["bus"]
    assert projects(service, answered, choice="kind:art") == projects(service, answered, choice="kind") == []
    for choice in ("secret:yes", "mail:ann@well.test", "site:x", "nothing"):
        answered(service.client().get("/v1/rounds/spring/projects", params={"choice": choice}), 422)
