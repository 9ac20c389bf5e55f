"""The outer wall: hosts, sizes, rates, and the headers of every answer."""

from __future__ import annotations

import gzip
import ipaddress
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

from api.access import Anyone, Right
from api.app import create_app
from api.clock import new_id
from api.etags import fresh, tag_of
from api.secrecy import hashed
from api.tables import ApiKey, Organisation
from api.wall import rates
from api.wall.wall import CAREFUL

PROXY, ELSEWHERE = "10.0.0.7", "203.0.113.9"

LIMIT = 40
"""Requests of a minute."""

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "max_body_bytes": 2_000,
            "requests_per_minute": LIMIT,
            "proxies": (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")),
        }
    )


@pytest.fixture
def come(service):
    """A function that returns a client at an address."""

    def client(address=ELSEWHERE, **headers) -> TestClient:
        return TestClient(service.app, base_url="https://qf.test", client=(address, 50_000), headers=headers)

    return client


@pytest.fixture
def still(monkeypatch):
    """A clock of the rates that a test moves; it begins with a minute."""
    at = [1_775_000_040.0]
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: at[0])
    return at


def spent(client, most=2 * LIMIT) -> int:
    """Return how many times a client reads until it is refused."""
    for number in range(most):
        if client.get("/v1/organisations").status_code == 429:
            return number
    return most


def test_every_answer_is_careful_whatever_it_is(service):
    client = service.client()

    @service.app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a mistake")

    answers = {
        200: client.get("/v1/organisations"),
        404: client.get("/v1/nothing"),
        405: client.put("/v1/organisations"),
        401: client.get("/v1/me"),
        422: client.get("/v1/organisations", params={"limit": 0}),
        413: client.post("/v1/sign-in/code", content=b"x" * 2_001),
        500: service.client(raises=False).get("/broken"),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {each: each for each in answers}
    for status, answer in answers.items():
        assert {name: answer.headers.get(name) for name in CAREFUL} == CAREFUL, status
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        name = answer.headers["x-request-id"]
        assert re.fullmatch("[0-9a-z]{16}", name)
        assert status == 200 or answer.json()["request"] == name
        assert status == 200 or answer.headers["content-type"] == "application/problem+json"
    assert len({answer.headers["x-request-id"] for answer in answers.values()}) == len(answers)


def test_a_name_that_is_sent_along_is_not_taken(service):
    answer = service.client().get("/v1/organisations", headers={"x-request-id": "mine"})
    assert answer.headers["x-request-id"] != "mine"


def test_an_answer_keeps_what_it_says_of_caching(service):
    assert service.client().get("/.well-known/jwks.json").headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("host", ["evil.test", "qf.test.evil.test", "", "qf.test@evil.test", "[", "localhost"])
def test_another_host_is_not_answered(service, answered, host):
    told = answered(service.client().get("/v1/organisations", headers={"host": host}), 404)
    assert told["code"] == "not_found" and "host name" in told["detail"]


@pytest.mark.parametrize("host", ["qf.test", "QF.test", "qf.test:443"])
def test_the_host_of_the_service_is_answered(service, answered, host):
    answered(service.client().get("/v1/organisations", headers={"host": host}))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_who_watches_the_service_knows_its_address_alone(service, path):
    told = service.client().get(path, headers={"host": "10.1.2.3:8000"})
    assert "host name" not in told.text


def test_a_developer_comes_by_loopback(settings, answered):
    app = create_app(settings.model_copy(update={"development": True}))
    answered(TestClient(app, base_url="http://127.0.0.1:8000").get("/v1/organisations"))
    answered(TestClient(app, base_url="http://[::1]:8000").get("/v1/organisations"))
    answered(TestClient(app, base_url="http://evil.test:8000").get("/v1/organisations"), 404)
    app.state.services.close()


def test_a_body_is_read_up_to_the_limit(service, answered):
    client, kind = service.client(), {"content-type": "application/json"}
    body = b'{"code": "HELLO"}'
    answered(client.post("/v1/sign-in/code", content=body.ljust(2_000), headers=kind), 401)
    told = answered(client.post("/v1/sign-in/code", content=body.ljust(2_001), headers=kind), 413)
    assert told["code"] == "too_large" and "2000 bytes" in told["detail"]


@pytest.mark.parametrize("parts", [200, 2_000])
def test_a_body_that_does_not_say_its_length_is_cut_off(service, answered, parts):
    sent = []

    def body():
        for _ in range(parts):
            sent.append(1)
            yield b" " * 100

    headers = {"content-type": "application/json"}
    told = answered(service.client().post("/v1/sign-in/code", content=body(), headers=headers), 413)
    assert told["code"] == "too_large" and "2000 bytes" in told["detail"]


def test_a_body_is_not_held_to_a_length_that_it_does_not_have(service, answered):
    """A server stops such a request; if one does not, what is counted is what came."""
    headers = {"content-type": "application/json", "content-length": "10"}
    answered(service.client().post("/v1/sign-in/code", content=b" " * 5_000, headers=headers), 413)


def test_whoever_asks_too_often_is_told_when_to_come_back(come, still):
    client = come()
    assert spent(client) == LIMIT
    refused = client.get("/v1/organisations")
    assert refused.json()["code"] == "too_many" and 1 <= int(refused.headers["retry-after"]) <= 60
    still[0] += 120
    assert spent(client) == LIMIT


def test_a_full_minute_is_not_followed_by_another_at_its_border(come, still):
    still[0] += 59
    assert spent(come()) == LIMIT
    still[0] += 2
    assert spent(come()) < 5


def test_writing_costs_more_than_reading_and_signing_in_more_than_writing(come, still):
    def fit(method, path, address) -> int:
        answers = (come(address).request(method, path, json={}) for _ in range(2 * LIMIT))
        return next(number for number, answer in enumerate(answers) if answer.status_code == 429)

    assert fit("POST", "/v1/organisations", "192.0.2.1") == LIMIT // rates.WRITING
    assert fit("POST", "/v1/sign-in/code", "192.0.2.2") == LIMIT // rates.GUESSING
    assert fit("GET", "/v1/sign-in/code", "192.0.2.3") == LIMIT // rates.GUESSING
    assert fit("POST", "/v1/me/codes", "192.0.2.4") == LIMIT // rates.GUESSING


def test_at_the_same_time_no_more_fit_than_one_after_the_other(come, still):
    client = come()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.get("/v1/organisations").status_code, range(2 * LIMIT)))
    assert statuses.count(200) == LIMIT


def test_another_address_is_not_held_back(come, still):
    spent(come())
    assert spent(come("203.0.113.10")) == LIMIT


def test_a_network_of_one_holder_is_one_address(come, still):
    assert spent(come("2001:db8::1")) == LIMIT
    assert spent(come("2001:db8::ffff:2")) == 0
    assert spent(come("2001:db8:0:1::1")) == LIMIT


def test_what_a_stranger_says_of_where_he_comes_from_is_not_believed(come, still):
    spent(come())
    for forged in ("192.0.2.1", "192.0.2.1, 10.0.0.1", "unknown"):
        assert spent(come(**{"x-forwarded-for": forged})) == 0


def test_a_proxy_says_who_came_to_it_and_what_was_said_before_is_not_believed(come, still):
    spent(come(PROXY, **{"x-forwarded-for": ELSEWHERE}))
    for way in (
        f"192.0.2.1, {ELSEWHERE}",
        f"192.0.2.1,{ELSEWHERE}:4321, 10.0.0.8",
        f"junk, {ELSEWHERE}, fd00::1",
        f"10.0.0.1, ::ffff:{ELSEWHERE}",
    ):
        assert spent(come(PROXY, **{"x-forwarded-for": way})) == 0, way
    assert spent(come(ELSEWHERE)) == 0
    assert spent(come(PROXY, **{"x-forwarded-for": "192.0.2.77"})) == LIMIT


def test_a_proxy_that_says_nothing_of_use_is_counted_itself(come, still):
    spent(come(PROXY))
    assert spent(come(PROXY, **{"x-forwarded-for": "unknown"})) == 0


def test_a_key_is_held_back_wherever_it_asks_from(service, come, still):
    token = {"authorization": "Bearer qf_" + "k" * 40}
    with service.services.database.writing() as session:
        session.add(Organisation(id="town", name="Town", created_at=0))
        session.flush()
        row = ApiKey(
            id=new_id(), organisation_id="town", key=hashed("qf_" + "k" * 40), name="till",
            rights=[Right.READ], created_by="somebody", created_at=0,
        )  # fmt: skip
        session.add(row)
    assert spent(come(**token), 30) == 30
    assert spent(come("192.0.2.50", **token)) == LIMIT - 30
    assert spent(come("192.0.2.60", **token)) == 0
    assert spent(come("192.0.2.70")) == LIMIT


def test_a_key_that_is_none_holds_nobody_back_but_the_address(come, still):
    for _ in range(LIMIT):
        assert come(authorization="Bearer qf_forged").get("/v1/organisations").status_code == 401
    assert come(authorization="Bearer qf_forged").get("/v1/organisations").status_code == 429
    assert come("192.0.2.50", authorization="Bearer qf_forged").get("/v1/organisations").status_code == 401


def test_costs_are_never_above_the_limit(settings, answered):
    """So that a low limit slows signing in, and does not end it."""
    app = create_app(settings.model_copy(update={"requests_per_minute": rates.GUESSING - 1}))
    client = TestClient(app, base_url="https://qf.test")
    answered(client.post("/v1/sign-in/code", json={"code": "HELLO"}), 401)
    answered(client.post("/v1/sign-in/code", json={"code": "HELLO"}), 429)
    app.state.services.close()


def test_pages_of_anybody_read_what_is_public_and_nothing_in_a_visitors_name(service):
    client = service.client()
    answer = client.get("/v1/organisations", headers={"origin": "https://elsewhere.test"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "ETag" in answer.headers["access-control-expose-headers"]
    written = client.post("/v1/organisations", json={}, headers={"origin": "https://elsewhere.test"})
    assert "access-control-allow-origin" not in written.headers


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_browser_that_asks_is_told_that_others_only_read(service, method):
    asked = {"origin": "https://elsewhere.test", "access-control-request-method": method}
    asked["access-control-request-headers"] = "authorization, content-type, x-csrf-token"
    answer = service.client().options("/v1/organisations", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "GET"
    assert answer.headers["access-control-allow-headers"] == "If-None-Match, Last-Event-ID"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_compressed_answer_has_a_tag_of_its_own_and_both_tags_are_known(service):
    @service.app.get("/tagged")
    def read_tagged(asking: Anyone, request: Request, response: Response) -> str:
        fresh(request, response, "a state")
        return "x" * 5_000

    client = service.client()
    packed = client.get("/tagged", headers={"accept-encoding": "gzip"})
    plain = client.get("/tagged", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    tags = [answer.headers["etag"] for answer in (packed, plain)]
    assert tags == [tag_of("a state").removesuffix('"') + '-gzip"', tag_of("a state")]
    for answer in (packed, plain):
        assert answer.headers["vary"] == "Accept-Encoding"
    for tag in (*tags, f"W/{tags[1]}", f'"other", {tags[0]}', "*"):
        for coding in ("gzip", "identity"):
            same = client.get("/tagged", headers={"if-none-match": tag, "accept-encoding": coding})
            assert (same.status_code, same.content) == (304, b"") and same.headers["etag"] in tags
            assert same.headers["vary"] == "Accept-Encoding"
    assert client.get("/tagged", headers={"if-none-match": '"other"'}).status_code == 200


def test_options_that_no_browser_asks_are_not_allowed(service):
    assert service.client().options("/v1/organisations").status_code == 405


def test_big_answers_are_compressed_for_who_can_read_that(service):
    big = "x" * 5_000

    @service.app.get("/big")
    def read_big(asking: Anyone) -> str:
        return big

    with service.client().stream("GET", "/big", headers={"accept-encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed) == f'"{big}"'.encode() and len(packed) < 200
    plain = service.client().get("/big", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.json() == big
    small = service.client().get("/v1/organisations", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers
