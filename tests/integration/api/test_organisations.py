"""Organisations over HTTP: founded by administrators, run by members, and all of it logged."""

from __future__ import annotations

import pytest

from api.clock import new_id
from api.tables import Account, Audit, Credential

BOSS, LEAVER = "0x" + "b" * 40, "l" * 16


def account(service, name: str | None = None, wallet: str = "") -> str:
    name = name or new_id()
    with service.services.database.writing() as session:
        session.add(Account(id=name, created_at=0))
        session.flush()
        if wallet:
            row = Credential(id=new_id(), account_id=name, kind="wallet", subject=wallet, donor=wallet, created_at=0)
            session.add(row)
    return name


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"administrators": (f"eip155:10:{BOSS}",)})


def test_an_administrator_founds_and_the_admin_runs_it(service, answered):
    boss, admin = account(service, wallet=BOSS), account(service)
    body = {"id": "town", "name": "Town", "admin": admin}
    answered(service.client(admin).post("/v1/organisations", json=body), 403)
    answered(service.client(boss).post("/v1/organisations", json=body), 201)
    answered(service.client(boss).post("/v1/organisations", json=body), 409)
    assert answered(service.client().get("/v1/organisations"))["items"][0]["name"] == "Town"
    answered(service.client(boss).get("/v1/organisations/town/members"), 403)
    [member] = answered(service.client(admin).get("/v1/organisations/town/members"))
    assert (member["account"], member["role"]) == (admin, "admin")


def test_the_last_admin_stays(service, answered):
    name = account(service)
    admin = service.member("admin", account=name)
    answered(admin.delete(f"/v1/organisations/town/members/{name}"), 409)
    told = answered(admin.put(f"/v1/organisations/town/members/{name}", json={"role": "auditor"}), 409)
    assert told["code"] == "last_admin"
    other = account(service)
    answered(admin.put(f"/v1/organisations/town/members/{other}", json={"role": "admin"}))
    answered(admin.delete(f"/v1/organisations/town/members/{name}"), 204)
    answered(admin.get("/v1/organisations/town/members"), 403)


def test_a_key_works_until_it_expires_or_is_revoked(service, answered, clock):
    admin = service.member("admin")
    body = {"name": "till", "rights": ["operate", "read"], "expires_at": "2030-01-01T00:00:00Z"}
    made = answered(admin.post("/v1/organisations/town/keys", json=body), 201)
    program = service.client()
    program.headers["authorization"] = f"Bearer {made['key']}"
    answered(program.get("/v1/organisations/town/members"))
    answered(program.get("/v1/organisations/town/keys"), 403)
    answered(program.get("/v1/organisations/town/audit"), 403)
    listed = answered(admin.get("/v1/organisations/town/keys"))
    assert "key" not in listed[0] and made["key"] not in str(listed)
    answered(admin.delete(f"/v1/organisations/town/keys/{made['id']}"), 204)
    answered(program.get("/v1/organisations/town/members"), 401)
    second = answered(admin.post("/v1/organisations/town/keys", json=body), 201)
    program.headers["authorization"] = f"Bearer {second['key']}"
    clock.forward(10**9)
    answered(program.get("/v1/organisations/town/members"), 401)


def keyed(service, answered, maker, *rights):
    """Return a client with a new key, and the name of that."""
    body = {"name": "a key", "rights": list(rights)}
    made = answered(maker.post("/v1/organisations/town/keys", json=body), 201)
    program = service.client()
    program.headers["authorization"] = f"Bearer {made['key']}"
    return program, made["id"]


def test_the_keys_of_a_removed_member_are_revoked_and_those_that_were_made_with_them(service, answered):
    name = account(service)
    admin, leaver = service.member("admin"), service.member("admin", account=name)
    kept, kept_name = keyed(service, answered, admin, "read")
    maker, first = keyed(service, answered, leaver, "administer", "read")
    made, second = keyed(service, answered, maker, "read")
    path = "/v1/organisations/town/members"
    for program in (kept, maker, made):
        answered(program.get(path))
    answered(admin.delete(f"{path}/{name}"), 204)
    answered(kept.get(path))
    for program in (maker, made):
        answered(program.get(path), 401)
    listed = {each["id"]: each for each in answered(admin.get("/v1/organisations/town/keys"))}
    assert {each for each in listed if listed[each]["revoked_at"]} == {first, second}
    assert listed[kept_name]["created_by"] == "town-admin" and listed[first]["created_by"] == name
    rows = answered(admin.get("/v1/organisations/town/audit"))["items"]
    told = {row["subject"]: row["reason"] for row in rows if row["action"] == "key.revoked"}
    assert told == {f"key/{each}": f"its maker, {name}, may do less" for each in (first, second)}


def test_a_key_that_can_do_more_than_the_new_role_of_its_maker_is_revoked(service, answered):
    name = account(service)
    admin, other = service.member("admin"), service.member("admin", account=name)
    operates, _ = keyed(service, answered, other, "operate", "read")
    reads, _ = keyed(service, answered, other, "read")
    answered(admin.put(f"/v1/organisations/town/members/{name}", json={"role": "reviewer"}))
    answered(reads.get("/v1/organisations/town/members"))
    answered(operates.get("/v1/organisations/town/members"), 401)


@pytest.mark.parametrize("turn", range(5))
def test_who_is_removed_while_making_a_key_is_left_with_none(service, answered, at_once, turn):
    admin, leaver = service.member("admin"), service.member("admin", account=LEAVER)
    path, body = "/v1/organisations/town", {"name": "a key", "rights": ["read"]}
    at_once([lambda: leaver.post(f"{path}/keys", json=body), lambda: admin.delete(f"{path}/members/{LEAVER}")])
    assert [each for each in answered(admin.get(f"{path}/keys")) if not each["revoked_at"]] == [], turn


@pytest.mark.parametrize("header", ["Bearer qf_none", "Basic YTpi", "Bearer", "bearer x y", "qf_none"])
def test_a_credential_that_is_none_is_refused_and_not_overlooked(service, answered, header):
    answered(service.client().get("/v1/rounds", headers={"authorization": header}), 401)


def test_the_log_shows_what_was_taken_out_of_it(service, answered):
    admin = service.member("admin")
    for name in ("One", "Two", "Three"):
        answered(admin.patch("/v1/organisations/town", json={"name": name}))
    check = answered(admin.get("/v1/organisations/town/audit/check"))
    assert (check["rows"], check["problems"]) == (3, [])
    assert answered(service.client().get("/v1/organisations/town"))["audit_hash"] == check["hash"]
    pages = answered(admin.get("/v1/organisations/town/audit", params={"limit": 2}))
    rest = answered(admin.get("/v1/organisations/town/audit", params={"limit": 2, "after": pages["next"]}))
    assert [row["number"] for row in pages["items"] + rest["items"]] == [1, 2, 3]
    with service.services.database.writing() as session:
        session.delete(session.get_one(Audit, ("town", 2)))
    problems = answered(admin.get("/v1/organisations/town/audit/check"))["problems"]
    assert problems[0] == "rows 2 to 2 are missing"


def test_bad_bodies_are_named_by_field(service, answered):
    admin = service.member("admin")
    told = answered(admin.patch("/v1/organisations/town", json={"name": "a\u0000b", "colour": "red"}), 422)
    assert {each["where"] for each in told["problems"]} == {"body.name", "body.colour"}
    assert told["code"] == "invalid" and told["status"] == 422
