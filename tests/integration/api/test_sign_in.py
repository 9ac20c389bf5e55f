"""Signing in over HTTP: with a wallet, with a donor code; and what becomes of the session."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from api.sign_in.codes import code_key, donor_of, new_code
from api.tables import Credential, DonorCode
from tests.integration.api.wallets import OTHER, WALLET, bearer, signature_of, signed


@pytest.fixture
def client(service) -> TestClient:
    return service.client()


@pytest.fixture
def opened(client, answered):
    return answered(client.post("/v1/sign-in/wallet", json=signed(client)))


def test_a_wallet_signs_in_and_is_the_same_account_next_time(client, opened, answered):
    again = answered(client.post("/v1/sign-in/wallet", json=signed(client)))
    assert again["account"] == opened["account"]
    other = answered(client.post("/v1/sign-in/wallet", json=signed(client, OTHER)))
    assert other["account"] != opened["account"]
    me = answered(client.get("/v1/me", headers=bearer(opened)))
    assert [each["subject"] for each in me["credentials"]] == [WALLET.address.lower()]


def test_a_message_is_good_for_one_use(client, answered):
    proof = signed(client)
    answered(client.post("/v1/sign-in/wallet", json=proof))
    assert answered(client.post("/v1/sign-in/wallet", json=proof), 401)["code"] == "stale"


def test_of_many_uses_at_the_same_time_one_succeeds(service, client):
    proof, ready = signed(client), threading.Barrier(6)

    def use(_: int) -> int:
        ready.wait()
        return client.post("/v1/sign-in/wallet", json=proof).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [200] + [401] * 5


def test_a_message_is_good_in_the_browser_that_asked_for_it(service, client, answered):
    proof = signed(client)
    assert answered(service.client().post("/v1/sign-in/wallet", json=proof), 401)["code"] == "stale"


def test_a_message_is_good_for_five_minutes(client, answered, clock):
    proof = signed(client)
    clock.forward(301)
    answered(client.post("/v1/sign-in/wallet", json=proof), 401)


def test_a_message_to_link_does_not_sign_in(client, answered):
    answered(client.post("/v1/sign-in/wallet", json=signed(client, purpose="link")), 401)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://qf.test\nVersion", "https://evil.test\nVersion"),
        ("https://qf.test\nVersion", "http://qf.test\nVersion"),
        ("https://qf.test\nVersion", "https://qf.test:8443\nVersion"),
        ("qf.test wants", "http://qf.test wants"),
        ("qf.test wants", "evil.test wants"),
        ("Sign in.", "Pay."),
    ],
)
def test_a_changed_message_is_refused_though_its_signature_is_good(client, answered, old, new):
    message = signed(client)["message"]
    assert old in message
    changed = message.replace(old, new, 1)
    proof = {"message": changed, "signature": signature_of(changed)}
    assert answered(client.post("/v1/sign-in/wallet", json=proof), 401)["code"] == "bad_signature"


def test_a_session_is_refreshed_and_its_old_token_ends_it(client, opened, answered):
    first = opened["refresh_token"]
    second = answered(client.post("/v1/sign-in/refresh", json={"refresh_token": first}))
    answered(client.get("/v1/me", headers=bearer(second)))
    assert answered(client.post("/v1/sign-in/refresh", json={"refresh_token": first}), 401)["code"] == "session_ended"
    answered(client.post("/v1/sign-in/refresh", json={"refresh_token": second["refresh_token"]}), 401)
    answered(client.get("/v1/me", headers=bearer(second)), 401)


def test_of_many_refreshes_at_the_same_time_one_succeeds_and_the_session_ends(client, opened):
    ready = threading.Barrier(6)

    def use(_: int) -> int:
        ready.wait()
        return client.post("/v1/sign-in/refresh", json={"refresh_token": opened["refresh_token"]}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [200] + [401] * 5
    assert client.get("/v1/me", headers=bearer(opened)).status_code == 401


def test_a_session_ends_after_a_week_however_often_it_is_refreshed(client, opened, answered, clock):
    for _ in range(6):
        clock.forward(86_400)
        opened = answered(client.post("/v1/sign-in/refresh", json={"refresh_token": opened["refresh_token"]}))
    clock.forward(86_400)
    answered(client.post("/v1/sign-in/refresh", json={"refresh_token": opened["refresh_token"]}), 401)


def test_an_access_token_is_over_after_ten_minutes(client, opened, answered, clock):
    clock.forward(629)
    answered(client.get("/v1/me", headers=bearer(opened)))
    clock.forward(1)
    assert answered(client.get("/v1/me", headers=bearer(opened)), 401)["code"] == "bad_token"


def test_signing_out_ends_the_session_at_once(client, opened, answered):
    answered(client.post("/v1/sign-out", headers=bearer(opened)), 204)
    answered(client.get("/v1/me", headers=bearer(opened)), 401)
    answered(client.post("/v1/sign-in/refresh", json={"refresh_token": opened["refresh_token"]}), 401)


def test_a_page_keeps_the_session_in_cookies_and_shows_that_it_is_ours(service, client, answered):
    opened = answered(client.post("/v1/sign-in/wallet", json={**signed(client), "session": "cookie"}))
    assert "access_token" not in opened or opened["access_token"] is None
    answered(client.get("/v1/me"))
    ours = {"origin": "https://qf.test", "x-csrf-token": opened["csrf_token"]}
    refused = [
        {},
        {"origin": "https://qf.test"},
        {"x-csrf-token": opened["csrf_token"]},
        {**ours, "origin": "https://evil.test"},
        {**ours, "x-csrf-token": "0" * 64},
        {**ours, "x-csrf-token": b"\xc3\xa9"},
    ]
    for headers in refused:
        answered(client.post("/v1/sign-out", headers=headers), 403)
    other = service.client()
    foreign = answered(other.post("/v1/sign-in/wallet", json={**signed(other, OTHER), "session": "cookie"}))
    answered(client.post("/v1/sign-out", headers={**ours, "x-csrf-token": foreign["csrf_token"]}), 403)
    answered(client.post("/v1/sign-in/refresh", json={}, headers={"origin": "https://evil.test"}), 403)
    refreshed = answered(client.post("/v1/sign-in/refresh", json={}, headers={"origin": "https://qf.test"}))
    answered(client.post("/v1/sign-out", headers={**ours, "x-csrf-token": refreshed["csrf_token"]}), 204)
    answered(client.get("/v1/me"), 401)


def test_cookies_cannot_be_read_by_scripts_nor_set_by_other_hosts(client):
    answer = client.post("/v1/sign-in/wallet", json={**signed(client), "session": "cookie"})
    cookies = {line.split("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}
    assert set(cookies) == {"__Host-qf-access", "__Host-qf-refresh", "__Host-qf-csrf"}
    for name, line in cookies.items():
        assert "secure" in line and "path=/" in line and "domain" not in line
        assert ("httponly" in line) == (name != "__Host-qf-csrf")
        assert f"samesite={'strict' if name == '__Host-qf-refresh' else 'lax'}" in line


def test_a_donor_code_signs_in_until_it_is_revoked(service, client, answered):
    code, secrecy = new_code(), service.services.secrecy
    service.organisation()
    key = code_key(secrecy, code)
    with service.services.database.writing() as session:
        donor = donor_of(secrecy, code)
        row = DonorCode(
            key=key, organisation_id="town", donor=donor, sheet="1", label="", created_at=0, created_by="op"
        )  # fmt: skip
        session.add(row)
    opened = answered(client.post("/v1/sign-in/code", json={"code": code.lower()}))
    me = answered(client.get("/v1/me", headers=bearer(opened)))
    assert [(each["kind"], each["donor"]) for each in me["credentials"]] == [("code", donor)]
    assert code.replace("-", "") not in str(me) and key not in str(me)
    with service.services.database.writing() as session:
        found = session.get_one(DonorCode, key)
        found.revoked_at = 1
        session.add(found)
    answered(client.post("/v1/sign-in/code", json={"code": code}), 401)
    answered(client.post("/v1/sign-in/code", json={"code": new_code()}), 401)
    answered(client.post("/v1/sign-in/code", json={"code": "HELLO"}), 401)


def test_keys_are_published_and_shared_by_all_processes(service, settings, clock, client, opened, answered):
    keys = answered(client.get("/.well-known/jwks.json"))["keys"]
    assert [set(key) >= {"kid", "x", "y"} and "d" not in key for key in keys] == [True]
    other = TestClient(create_app(settings, clock), base_url="https://qf.test")
    answered(other.get("/v1/me", headers=bearer(opened)))
    assert answered(other.get("/.well-known/jwks.json"))["keys"] == keys
    other.app.state.services.close()


def test_a_linked_wallet_signs_in_to_the_same_account_until_it_is_unlinked(client, opened, answered):
    proof = signed(client, OTHER, purpose="link")
    linked = answered(client.post("/v1/me/wallets", json=proof, headers=bearer(opened)), 201)
    again = answered(client.post("/v1/sign-in/wallet", json=signed(client, OTHER)))
    assert again["account"] == opened["account"]
    assert len(answered(client.get("/v1/me/sign-ins", headers=bearer(opened)))) == 2
    answered(client.delete(f"/v1/me/credentials/{linked['id']}", headers=bearer(opened)), 204)
    answered(client.get("/v1/me", headers=bearer(again)), 401)
    [left] = answered(client.get("/v1/me", headers=bearer(opened)))["credentials"]
    answered(client.delete(f"/v1/me/credentials/{left['id']}", headers=bearer(opened)), 409)


def test_a_wallet_of_another_account_is_not_taken_from_it(client, opened, answered):
    answered(client.post("/v1/sign-in/wallet", json=signed(client, OTHER)))
    proof = signed(client, OTHER, purpose="link")
    told = answered(client.post("/v1/me/wallets", json=proof, headers=bearer(opened)), 409)
    assert told["code"] == "belongs_to_another"


def test_a_forgotten_person_leaves_no_personal_row(service, client, opened, answered):
    answered(client.delete("/v1/me", headers=bearer(opened)), 204)
    answered(client.get("/v1/me", headers=bearer(opened)), 401)
    with service.services.database.reading() as session:
        assert session.exec(select(Credential)).all() == []
    again = answered(client.post("/v1/sign-in/wallet", json=signed(client)))
    assert again["account"] != opened["account"]


def test_sessions_of_others_are_not_ended(client, opened, answered):
    other = answered(client.post("/v1/sign-in/wallet", json=signed(client, OTHER)))
    [mine] = answered(client.get("/v1/me/sign-ins", headers=bearer(opened)))
    answered(client.delete(f"/v1/me/sign-ins/{mine['id']}", headers=bearer(other)), 404)
    answered(client.delete(f"/v1/me/sign-ins/{mine['id']}", headers=bearer(opened)), 204)
    answered(client.get("/v1/me", headers=bearer(opened)), 401)
