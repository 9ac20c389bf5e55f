"""One's own account: what it signs in with, where it is signed in, and that it can be forgotten."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from api.clock import new_id
from api.sign_in.codes import code_key, donor_of, new_code
from api.tables import Account, Credential, DonorCode, Membership, RefreshToken, SignIn
from tests.integration.api.wallets import OTHER, THIRD, WALLET, signed


@pytest.fixture
def sign_in(service, answered):
    """A function that returns a client signed in with a wallet, a token of its session in its headers."""

    def signed_in(wallet=WALLET):
        client = service.client()
        opened = answered(client.post("/v1/sign-in/wallet", json=signed(client, wallet)))
        client.headers["authorization"] = f"Bearer {opened['access_token']}"
        return client

    return signed_in


@pytest.fixture
def code(service) -> str:
    """A donor code of the town."""
    service.organisation()
    printed, secrecy = new_code(), service.services.secrecy
    key, donor = code_key(secrecy, printed), donor_of(secrecy, printed)
    with service.services.database.writing() as session:
        row = DonorCode(
            key=key, organisation_id="town", donor=donor, sheet="1", label="", created_at=0, created_by="op"
        )  # fmt: skip
        session.add(row)
    return printed


def test_nobody_has_an_account(service, answered):
    for method, path in [("GET", "/me"), ("DELETE", "/me"), ("GET", "/me/sign-ins"), ("POST", "/me/codes")]:
        answered(service.client().request(method, f"/v1{path}"), 401)


def test_a_key_is_no_account(service, answered):
    admin = service.member("admin")
    made = admin.post("/v1/organisations/town/keys", json={"name": "till", "rights": ["administer"]}).json()
    answered(service.client().get("/v1/me", headers={"authorization": f"Bearer {made['key']}"}), 401)


def test_an_account_shows_what_it_signs_in_with_and_is_a_member_of(service, sign_in, answered):
    client = sign_in()
    account = answered(client.get("/v1/me"))["account"]
    service.member("reviewer", account=account)
    me = answered(client.get("/v1/me"))
    [credential] = me["credentials"]
    assert (credential["kind"], credential["donor"]) == ("wallet", WALLET.address.lower())
    assert me["memberships"] == [{"organisation": "town", "role": "reviewer"}]


def test_whoever_signs_a_link_is_told_that_it_becomes_public(service):
    assert "published rounds show" in signed(service.client(), OTHER, purpose="link")["message"]


def test_a_message_to_sign_in_links_nothing(sign_in, answered):
    client = sign_in()
    answered(client.post("/v1/me/wallets", json=signed(client, OTHER)), 401)
    assert len(answered(client.get("/v1/me"))["credentials"]) == 1


def test_a_link_that_another_browser_asked_for_links_nothing(service, sign_in, answered):
    proof = signed(service.client(), OTHER, purpose="link")
    answered(sign_in().post("/v1/me/wallets", json=proof), 401)


def test_linking_again_changes_nothing(sign_in, answered):
    client = sign_in()
    made = [answered(client.post("/v1/me/wallets", json=signed(client, OTHER, purpose="link")), 201) for _ in range(2)]
    assert made[0] == made[1]
    assert len(answered(client.get("/v1/me"))["credentials"]) == 2


def test_of_two_accounts_that_link_a_wallet_at_the_same_time_one_has_it(sign_in):
    clients = [sign_in(WALLET), sign_in(THIRD)]
    proofs = [signed(client, OTHER, purpose="link") for client in clients]
    ready = threading.Barrier(2)

    def link(number: int) -> int:
        ready.wait()
        return clients[number].post("/v1/me/wallets", json=proofs[number]).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(link, range(2))) == [201, 409]


def test_a_code_is_linked_and_its_gifts_are_ones_own(service, sign_in, code, answered):
    client = sign_in()
    linked = answered(client.post("/v1/me/codes", json={"code": code.lower().replace("-", " ")}), 201)
    assert (linked["kind"], linked["donor"]) == ("code", donor_of(service.services.secrecy, code))
    opened = answered(service.client().post("/v1/sign-in/code", json={"code": code}))
    assert opened["account"] == answered(client.get("/v1/me"))["account"]


def test_a_code_of_another_account_is_not_taken_from_it(service, sign_in, code, answered):
    answered(service.client().post("/v1/sign-in/code", json={"code": code}))
    assert answered(sign_in().post("/v1/me/codes", json={"code": code}), 409)["code"] == "belongs_to_another"


@pytest.mark.parametrize(("typed", "status"), [("HELLO", 422), ("", 404)])
def test_a_code_that_is_none_is_not_linked(sign_in, answered, typed, status):
    answered(sign_in().post("/v1/me/codes", json={"code": typed or new_code()}), status)


def test_a_revoked_code_is_not_linked(service, sign_in, code, answered):
    with service.services.database.writing() as session:
        row = session.exec(select(DonorCode)).one()
        row.revoked_at = 1
        session.add(row)
    answered(sign_in().post("/v1/me/codes", json={"code": code}), 404)


def test_credentials_of_others_are_not_unlinked(sign_in, answered):
    client, other = sign_in(), sign_in(OTHER)
    answered(client.post("/v1/me/wallets", json=signed(client, THIRD, purpose="link")), 201)
    for credential in answered(client.get("/v1/me"))["credentials"]:
        answered(other.delete(f"/v1/me/credentials/{credential['id']}"), 404)
    assert len(answered(client.get("/v1/me"))["credentials"]) == 2


def test_two_who_unlink_at_the_same_time_leave_one(sign_in, answered):
    client = sign_in()
    answered(client.post("/v1/me/wallets", json=signed(client, OTHER, purpose="link")), 201)
    second = sign_in(OTHER)
    first, linked = (each["id"] for each in answered(client.get("/v1/me"))["credentials"])
    ready = threading.Barrier(2)

    def unlink(asked: tuple[object, str]) -> int:
        ready.wait()
        return asked[0].delete(f"/v1/me/credentials/{asked[1]}").status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(unlink, [(client, linked), (second, first)]))
    assert statuses[0] == 204 and statuses[1] in {401, 409}


def test_sessions_are_listed_until_they_end(sign_in, answered, clock):
    first = sign_in()
    clock.forward(5)
    second = sign_in()
    listed = answered(second.get("/v1/me/sign-ins"))
    assert [(each["how"], each["current"]) for each in listed] == [("eoa", True), ("eoa", False)]
    answered(second.delete(f"/v1/me/sign-ins/{listed[1]['id']}"), 204)
    answered(first.get("/v1/me"), 401)
    assert len(answered(second.get("/v1/me/sign-ins"))) == 1


def test_a_session_that_was_a_week_long_ends_though_its_last_token_is_fresh(service, clock, answered):
    client = service.client()
    opened = answered(client.post("/v1/sign-in/wallet", json=signed(client)))
    clock.forward(7 * 86_400 - 1)
    last = answered(client.post("/v1/sign-in/refresh", json={"refresh_token": opened["refresh_token"]}))
    headers = {"authorization": f"Bearer {last['access_token']}"}
    answered(client.get("/v1/me", headers=headers))
    clock.forward(1)
    assert answered(client.get("/v1/me", headers=headers), 401)["code"] == "session_ended"


def test_a_raised_version_ends_all_sessions(service, sign_in, answered):
    client, other = sign_in(), sign_in(OTHER)
    account = answered(client.get("/v1/me"))["account"]
    with service.services.database.writing() as session:
        row = session.get_one(Account, account)
        row.version += 1
        session.add(row)
    answered(client.get("/v1/me"), 401)
    answered(other.get("/v1/me"))


def test_a_forgotten_person_leaves_no_row_that_tells_of_them(service, sign_in, answered):
    client, other = sign_in(), sign_in(OTHER)
    account = answered(client.get("/v1/me"))["account"]
    service.member("auditor", account=account)
    answer = client.delete("/v1/me")
    answered(answer, 204)
    assert {line.partition("=")[2].partition(";")[0] for line in answer.headers.get_list("set-cookie")} == {'""'}
    answered(client.get("/v1/me"), 401)
    with service.services.database.reading() as session:
        for table in (Credential, SignIn, Membership):
            assert {row.account_id for row in session.exec(select(table))} <= {answered(other.get("/v1/me"))["account"]}
        assert len(session.exec(select(RefreshToken)).all()) == 1


def test_the_keys_of_a_forgotten_person_are_revoked(service, sign_in, answered):
    client, other = sign_in(), service.member("admin")
    service.member("admin", account=answered(client.get("/v1/me"))["account"])
    body = {"name": "a key", "rights": ["read"]}
    with service.services.database.reading() as session:
        [sign_in_id] = [row.id for row in session.exec(select(SignIn))]
    ours = {"origin": "https://qf.test", "x-csrf-token": service.services.secrecy.mark("csrf", sign_in_id)}
    made = answered(client.post("/v1/organisations/town/keys", json=body, headers=ours), 201)
    program = {"authorization": f"Bearer {made['key']}"}
    answered(service.client().get("/v1/organisations/town/members", headers=program))
    answered(client.delete("/v1/me", headers=ours), 204)
    answered(service.client().get("/v1/organisations/town/members", headers=program), 401)
    assert answered(other.get("/v1/organisations/town/keys"))[0]["revoked_at"]


def test_the_only_admin_is_not_forgotten_before_there_is_another(service, sign_in, answered):
    client = sign_in()
    service.member("admin", account=answered(client.get("/v1/me"))["account"])
    told = answered(client.delete("/v1/me"), 409)
    assert told["code"] == "last_admin" and "town" in told["detail"]
    answered(client.get("/v1/me"))
    service.member("admin", account=new_id())
    answered(client.delete("/v1/me"), 204)


def test_two_admins_who_leave_at_the_same_time_leave_one(service, sign_in, answered):
    clients = [sign_in(), sign_in(OTHER)]
    for client in clients:
        service.member("admin", account=answered(client.get("/v1/me"))["account"])
    ready = threading.Barrier(2)

    def leave(client) -> int:
        ready.wait()
        return client.delete("/v1/me").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, clients)) == [204, 409]
