"""What the tests of applications share: a round that takes them, and steps of an application."""

from __future__ import annotations

from api.clock import new_id
from api.states import State
from api.tables import Application, Round

FORM = {
    "fields": [
        {"id": "site", "label": "Site", "kind": "url", "required": True},
        {"id": "mail", "label": "Mail", "kind": "email", "hidden": True},
        {"id": "kind", "label": "Kind", "kind": "choice", "options": ["code", "care"]},
        {"id": "budget", "label": "Budget", "kind": "file"},
        {"id": "agree", "label": "Agreed", "kind": "checkbox", "required": True},
    ]
}
GOOD = {"site": "https://well.test", "mail": "ann@well.test", "kind": "code", "agree": True}
BASE = "/v1/rounds/spring/applications"


def prepared(service, answered):
    """Return an operator of a frozen round "spring" with a form."""
    service.round(state=State.FROZEN, projects=())
    operator = service.member("operator")
    answered(operator.put("/v1/rounds/spring/form", json=FORM), 204)
    return operator


def begin(client, project, answered, **more):
    """Return the id of a new application."""
    body = {"project": project, "title": project.title(), "answers": GOOD, **more}
    return answered(client.post(BASE, json=body), 201)["id"]


def decide(client, path, decision, reason="looked at it"):
    return client.post(f"{path}/reviews", json={"decision": decision, "reason": reason})


def projects(service, answered, **params):
    return answered(service.client().get("/v1/rounds/spring/projects", params=params))["items"]


def set_state(service, state, name="spring"):
    with service.services.database.writing() as session:
        session.get_one(Round, name).state = state


def state_of(service, name, state, account="ann"):
    """Return the path of an application that is in a state, made past the endpoints."""
    with service.services.database.writing() as session:
        row = Application(
            id=new_id(), round_id="spring", project=name, account_id=account, state=state, title=name,
            answers=GOOD, created_at=0, changed_at=0,
        )  # fmt: skip
        session.add(row)
        return f"{BASE}/{row.id}"
