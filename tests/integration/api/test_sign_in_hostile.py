"""What is tried against signing in: contracts, forged and stale tokens, other pages, and many at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from api.bootstrap import found_organisation
from api.keys.ring import SigningKey
from api.keys.store import KeyStore
from api.sign_in import challenges
from api.tables import RefreshToken, SignIn
from api.tables import SigningKey as SigningKeyRow
from qf.errors import ChainError
from tests.integration.api.wallets import OTHER, WALLET, bearer, signature_of, signed


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"chains": {10: ("https://node.test",)}})


@pytest.fixture
def client(service) -> TestClient:
    return service.client()


@pytest.fixture
def opened(client, answered):
    return answered(client.post("/v1/sign-in/wallet", json=signed(client)))


def test_a_contract_of_a_chain_that_is_not_read_does_not_sign_in(client, answered):
    proof = signed(client)
    proof["signature"] = signature_of(proof["message"], OTHER)
    told = answered(client.post("/v1/sign-in/wallet", json=proof), 401)
    assert told["code"] == "unknown_chain" and "does not read" in told["detail"]


class Chain:
    """A chain on which a contract wallet is asked: it says yes or no, or does not answer."""

    def __init__(self, says: bytes | Exception) -> None:
        self.says = says

    def run(self, code: bytes) -> bytes:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture
def chain_10(monkeypatch):
    """A function that makes chain 10 say something, and another chain nothing good."""

    def say(says: bytes | Exception) -> None:
        known = {10: Chain(says)}
        opened = lambda _, chain_id: nullcontext(known.get(chain_id, Chain(b"\0")))  # noqa: E731
        monkeypatch.setattr(challenges, "wallets_of", opened)

    return say


def by_contract(client, chain_id=10) -> dict[str, str]:
    return {**signed(client, chain_id=chain_id), "signature": "0x" + "ab" * 100}


def test_a_contract_wallet_signs_in_for_a_day(client, chain_10, answered, clock):
    chain_10(b"\1")
    opened = answered(client.post("/v1/sign-in/wallet", json=by_contract(client)))
    [sign_in] = answered(client.get("/v1/me/sign-ins", headers=bearer(opened)))
    assert sign_in["how"] == "contract"
    clock.forward(86_400)
    answered(client.post("/v1/sign-in/refresh", json={"refresh_token": opened["refresh_token"]}), 401)


def test_a_contract_is_asked_on_the_chain_of_the_message(client, chain_10, answered):
    chain_10(b"\1")
    told = answered(client.post("/v1/sign-in/wallet", json=by_contract(client, 1)), 401)
    assert told["code"] == "bad_signature"


def test_another_contract_at_the_same_address_on_another_chain_is_somebody_else(service, client, answered, monkeypatch):
    monkeypatch.setattr(challenges, "wallets_of", lambda *_: nullcontext(Chain(b"\1")))
    ann = answered(client.post("/v1/sign-in/wallet", json=by_contract(client, 10)))
    eve = answered(client.post("/v1/sign-in/wallet", json=by_contract(client, 1)))
    assert answered(client.post("/v1/sign-in/wallet", json=by_contract(client, 10)))["account"] == ann["account"]
    assert eve["account"] != ann["account"]
    shown = [answered(client.get("/v1/me", headers=bearer(each)))["credentials"] for each in (ann, eve)]
    address = WALLET.address.lower()
    assert [(each["subject"], each["donor"]) for [each] in shown] == [
        (f"eip155:10:{address}", address),
        (f"eip155:1:{address}", ""),
    ]


def test_a_contract_that_is_named_as_administrator_is_one_on_its_chain_alone(service, client, answered, monkeypatch):
    monkeypatch.setattr(challenges, "wallets_of", lambda *_: nullcontext(Chain(b"\1")))
    services = service.services
    administrators = (f"eip155:10:{WALLET.address}",)
    services.settings = services.settings.model_copy(update={"administrators": administrators})
    found_organisation(services, "town", "Town", administrators[0])
    opened = {chain: answered(client.post("/v1/sign-in/wallet", json=by_contract(client, chain))) for chain in (10, 1)}
    by_key = answered(client.post("/v1/sign-in/wallet", json=signed(client, chain_id=1)))
    for session, status in ((opened[10], 200), (opened[1], 403), (by_key, 200)):
        answered(client.get("/v1/jobs/failed", headers=bearer(session)), status)
        answered(client.get("/v1/organisations/town/members", headers=bearer(session)), status)


def test_no_connection_of_the_database_waits_for_a_chain(service, client, opened, answered, monkeypatch):
    proof = signed(client, OTHER, purpose="link")
    held = []
    chain = Chain(b"\0")
    chain.run = lambda _: held.append(service.services.database.engine.pool.checkedout()) or b"\0"
    monkeypatch.setattr(challenges, "wallets_of", lambda *_: nullcontext(chain))
    proof["signature"] = "0x" + "ab" * 100
    answered(client.post("/v1/me/wallets", json=proof, headers=bearer(opened)), 401)
    answered(client.post("/v1/sign-in/wallet", json=by_contract(client)), 401)
    assert held == [0, 0]


@pytest.mark.parametrize("says", [b"\0", b""])
def test_a_contract_that_does_not_say_so_does_not_sign_in(client, chain_10, answered, says):
    chain_10(says)
    assert answered(client.post("/v1/sign-in/wallet", json=by_contract(client)), 401)["code"] == "bad_signature"


def test_a_chain_that_does_not_answer_is_no_wrong_signature(client, chain_10, answered):
    chain_10(ChainError("no node answers"))
    assert answered(client.post("/v1/sign-in/wallet", json=by_contract(client)), 503)["code"] == "chain_unavailable"


def test_who_signs_in_for_the_first_time_often_at_once_is_one_account(service, clock):
    clients = [service.client() for _ in range(6)]
    proofs, ready = [signed(client) for client in clients], threading.Barrier(6)

    def use(number: int) -> str:
        ready.wait()
        return clients[number].post("/v1/sign-in/wallet", json=proofs[number]).json()["account"]

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(use, range(6)))) == 1


def test_two_processes_that_begin_at_once_make_one_key_and_accept_each_others_tokens(settings, clock, answered):
    apps = [create_app(settings, clock) for _ in range(2)]
    ready, clients = threading.Barrier(2), [TestClient(app, base_url="https://qf.test") for app in apps]
    proofs = [signed(client) for client in clients]

    def use(number: int) -> dict[str, str]:
        ready.wait()
        return bearer(clients[number].post("/v1/sign-in/wallet", json=proofs[number]).json())

    with ThreadPoolExecutor(2) as pool:
        for token in pool.map(use, range(2)):
            for client in clients:
                answered(client.get("/v1/me", headers=token))
    assert len(answered(clients[0].get("/.well-known/jwks.json"))["keys"]) == 1
    for app in apps:
        app.state.services.close()


def test_many_processes_that_need_a_key_at_once_make_one(service, settings, clock, monkeypatch):
    stores = [KeyStore(service.services.database, settings.secrecy) for _ in range(6)]
    new, ready = SigningKey.new, threading.Barrier(6)

    def slowly(starts_at: int) -> SigningKey:
        time.sleep(0.05)
        return new(starts_at)

    def use(store: KeyStore) -> str:
        ready.wait()
        return store.signing(clock.at).kid

    monkeypatch.setattr(SigningKey, "new", slowly)
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(use, stores))) == 1
    assert len(stores[0].reread(clock.at + 1).keys) == 1


def test_a_token_of_another_service_with_the_same_keys_is_refused(settings, clock, opened, answered):
    app = create_app(settings.model_copy(update={"public_url": "https://other.test"}), clock)
    with TestClient(app, base_url="https://other.test") as other:
        assert answered(other.get("/v1/me", headers=bearer(opened)), 401)["code"] == "bad_token"


def test_a_page_of_another_site_signs_nobody_in(client, answered):
    """A form of another page can send JSON, but not say that it is JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.post("/v1/sign-in/code", content=b'{"code": "HELLO"}', headers={"content-type": kind})
        assert answered(answer, 422)["code"] == "invalid"


def test_a_bad_token_is_not_made_good_by_a_cookie(client, answered):
    answered(client.post("/v1/sign-in/wallet", json={**signed(client), "session": "cookie"}))
    answered(client.get("/v1/me"))
    answered(client.get("/v1/me", headers={"authorization": "Bearer x.y.z"}), 401)


def test_whose_session_has_ended_reads_what_everybody_reads_and_its_cookie_is_cleared(service, client, answered):
    answered(client.post("/v1/sign-in/wallet", json={**signed(client), "session": "cookie"}))
    service.round()
    with service.services.database.writing() as session:
        sign_in = session.exec(select(SignIn)).one()
        sign_in.revoked_at = 1
        session.add(sign_in)
    browser, token = service.client(), client.cookies["__Host-qf-access"]
    cookie = {"cookie": f"__Host-qf-access={token}"}
    for path in ("/v1/organisations", "/v1/rounds/spring", "/v1/rounds/spring/projects"):
        answer = browser.get(path, headers=cookie)
        answered(answer)
        [cleared] = answer.headers.get_list("set-cookie")
        assert cleared.startswith('__Host-qf-access="";') and "Max-Age=0" in cleared and "Secure" in cleared
        assert answer.headers["cache-control"] == "no-store"
    gift = {"gifts": [{"project": "well", "amount": "1"}]}
    answered(browser.post("/v1/rounds/spring/estimates", json=gift, headers=cookie))
    for path in ("/v1/me", "/v1/rounds/spring/entries", "/v1/organisations/town/members"):
        assert answered(browser.get(path, headers=cookie), 401)["code"] == "session_ended"
    answered(browser.get("/v1/organisations", headers=bearer({"access_token": token})), 401)


def test_a_cookie_that_is_none_is_that_of_nobody_and_a_token_that_is_none_is_refused(service, answered):
    client = service.client()
    client.cookies.set("__Host-qf-access", "x.y.z")
    answered(client.get("/v1/organisations"))
    client.cookies.set("__Host-qf-access", "x.y.z")
    answered(client.get("/v1/me"), 401)
    answered(client.get("/v1/organisations", headers={"authorization": "Bearer x.y.z"}), 401)
    answered(client.get("/v1/organisations", headers={"authorization": "Bearer qf_none"}), 401)


def test_a_refresh_token_is_no_access_token_nor_the_reverse(client, opened, answered):
    answered(client.get("/v1/me", headers={"authorization": f"Bearer {opened['refresh_token']}"}), 401)
    answered(client.post("/v1/sign-in/refresh", json={"refresh_token": opened["access_token"]}), 422)
    answered(client.get("/v1/me", headers=bearer(opened)))


def test_nothing_that_signs_in_is_stored_as_it_is(service, client, opened):
    with service.services.database.reading() as session:
        rows = [
            row.model_dump_json()
            for table in (RefreshToken, SigningKeyRow, SignIn)
            for row in session.exec(select(table))
        ]
    assert len(rows) == 3
    for secret in (opened["refresh_token"], opened["access_token"], "PRIVATE KEY"):
        assert secret not in str(rows)


def test_there_is_no_provider_where_none_is_set(client, answered):
    assert answered(client.get("/v1/sign-in/openid"), 404)["code"] == "no_provider"
    assert answered(client.get("/v1/sign-in/openid/return?code=a&state=b"), 404)["code"] == "no_provider"
