"""Signing in with an OpenID provider: there, back, and only in the browser that went."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr
from sqlmodel import select

from api.sessions.cookies import BEFORE_LIFE
from api.tables import Credential, Nonce
from tests.integration.sign_in import provider as providers

BACK = "https://qf.test/v1/sign-in/openid/return"


@pytest.fixture
def provider(monkeypatch):
    monkeypatch.setattr(providers, "BACK", BACK)
    with providers.openid_provider() as running:
        yield running


@pytest.fixture
def settings(settings, provider):
    return settings.model_copy(
        update={
            "oidc_issuer": provider.url,
            "oidc_client_id": providers.CLIENT,
            "oidc_client_secret": SecretStr(providers.SECRET),
            "development": True,
        }
    )


@pytest.fixture
def clock(clock):
    clock.at = int(time.time())  # which is what the provider goes by
    return clock


def gone(client, provider, **wanted) -> dict[str, str]:
    """Return what a browser brings back that went to the provider."""
    code, state = provider.authorize(client.get("/v1/sign-in/openid", params=wanted).json()["url"])
    return {"code": code, "state": state}


def back(client, **brought):
    return client.get("/v1/sign-in/openid/return", params=brought, follow_redirects=False)


def test_a_person_signs_in_and_is_the_same_account_next_time(service, provider, answered):
    client = service.client()
    answer = back(client, **gone(client, provider, return_to="/rounds/spring?tab=mine"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/rounds/spring?tab=mine")
    me = answered(client.get("/v1/me"))
    assert [(each["kind"], each["subject"], each["donor"]) for each in me["credentials"]] == [("oidc", "", "")]
    again = service.client()
    assert back(again, **gone(again, provider)).headers["location"] == "/"
    assert answered(again.get("/v1/me"))["account"] == me["account"]
    provider.body = {"sub": "bob"}
    other = service.client()
    back(other, **gone(other, provider))
    assert answered(other.get("/v1/me"))["account"] != me["account"]


def test_nothing_is_kept_of_the_person_but_a_mark(service, provider):
    provider.body = {"sub": "ann-of-the-town", "email": "ann@town.test"}
    client = service.client()
    brought = gone(client, provider)
    with service.services.database.reading() as session:
        [kept] = session.exec(select(Nonce)).all()
    assert brought["state"] not in kept.model_dump_json() and "/" not in kept.kept
    back(client, **brought)
    with service.services.database.reading() as session:
        [row] = session.exec(select(Credential)).all()
        assert session.exec(select(Nonce)).all() == []
    assert "ann" not in row.model_dump_json() and len(row.subject) == 64


def test_what_was_brought_back_is_good_for_one_use(service, provider, answered):
    client = service.client()
    brought = gone(client, provider)
    assert back(client, **brought).status_code == 303
    assert answered(back(client, **brought), 401)["code"] == "stale"


def test_what_another_browser_brings_back_signs_nobody_in(service, provider, answered):
    """Or else somebody could sign others in to an account of their own."""
    brought, victim = gone(service.client(), provider), service.client()
    assert answered(back(victim, **brought), 401)["code"] == "stale"
    gone(victim, provider)
    assert answered(back(victim, **brought), 401)["code"] == "stale"
    assert not victim.cookies.get("__Host-qf-access")


def test_what_is_brought_back_late_is_refused(service, provider, answered, clock):
    client = service.client()
    brought = gone(client, provider)
    clock.forward(BEFORE_LIFE)
    assert answered(back(client, **brought), 401)["code"] == "stale"


def test_a_message_of_a_wallet_is_no_state_of_a_provider(service, provider, answered):
    client = service.client()
    wanted = {"address": "0x" + "1" * 40}
    message = client.post("/v1/sign-in/challenge", json=wanted).json()["message"]
    nonce = message.partition("Nonce: ")[2].partition("\n")[0]
    answered(back(client, code="x", state=nonce), 401)


@pytest.mark.parametrize("brought", [{"error": "access_denied"}, {"code": ""}, {"code": "never-given"}])
def test_who_does_not_sign_in_there_does_not_here(service, provider, answered, brought):
    client = service.client()
    state = gone(client, provider)["state"]
    assert answered(back(client, state=state, **brought), 401)["code"] == "bad_openid"


def test_a_token_for_another_service_signs_nobody_in(service, provider, answered):
    provider.body = {"aud": "another service"}
    client = service.client()
    assert answered(back(client, **gone(client, provider)), 401)["code"] == "bad_openid"


def test_a_provider_that_does_not_answer_is_not_the_fault_of_who_asks(service, provider, answered):
    provider.answers["/.well-known/openid-configuration"] = lambda handler: handler.answer(500, b"")
    assert answered(service.client().get("/v1/sign-in/openid"), 503)["code"] == "provider_unavailable"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "/\n/evil.test", "",
     "evil.test", "javascript:alert(1)", " //evil.test", "/ok\r\nSet-Cookie: a=b", "/" + "x" * 300],
)  # fmt: skip
def test_a_browser_comes_back_to_this_service_and_nowhere_else(service, provider, answered, elsewhere):
    answered(service.client().get("/v1/sign-in/openid", params={"return_to": elsewhere}), 422)
    assert provider.asked == []


def test_a_proxy_of_the_environment_is_not_told_codes_and_secrets(service, provider, answered, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client = service.client()
    assert back(client, **gone(client, provider)).status_code == 303


def test_a_second_sign_in_reads_no_document_of_the_provider_again(service, provider):
    for _ in range(2):
        client = service.client()
        back(client, **gone(client, provider))
    assert sorted(provider.asked) == sorted(["/.well-known/openid-configuration", "/keys", "/token", "/token"])
