"""What no schema says: bodies, names and headers of somebody who means harm, or whose program is broken."""

from __future__ import annotations

import gzip
import json

import pytest

from api.tables import Application
from tests.integration.api.world import furnished_file, world_of

ROUND = "/v1/rounds/spring"
WHEN = "2026-03-31T23:30:00Z"

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "invalid UTF-8": b'{"label": "\xff\xfe"}',
    "a lone surrogate": b'{"label": "\\ud800"}',
    "NUL": b'{"label": "a\\u0000b"}',
    "not a number": b'{"total_base": NaN}',
    "infinity": b'{"total_base": Infinity}',
    "a huge number": b'{"total_base": ' + b"9" * 5_000 + b"}",
    "a huge exponent": b'{"total_base": 1e999999999}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "compressed": gzip.compress(b'{"label": "x"}'),
    "a very long text": json.dumps({"label": "x" * 1_000_000}).encode(),
    "UTF-16": '{"label": "x"}'.encode("utf-16"),
}

ASKING = (
    ("POST", "/v1/sign-in/challenge"),
    ("POST", "/v1/organisations/town/rounds"),
    ("PATCH", "/v1/rounds/draft"),
    ("PUT", "/v1/rounds/draft/prices"),
    ("PUT", "/v1/rounds/draft/form"),
    ("POST", f"{ROUND}/applications"),
    ("POST", f"{ROUND}/sources"),
    ("PUT", f"{ROUND}/sources/a-chain/settings"),
    ("POST", f"{ROUND}/sources/a-desk/batches"),
    ("POST", f"{ROUND}/sources/a-csv/donations.csv"),
    ("POST", f"{ROUND}/sources/a-csv/statement"),
    ("POST", f"{ROUND}/projects"),
    ("POST", f"{ROUND}/scores"),
    ("POST", f"{ROUND}/scores.csv"),
    ("POST", f"{ROUND}/estimates"),
    ("POST", f"{ROUND}/transactions"),
    ("POST", "/v1/organisations/town/hooks"),
)


@pytest.fixture(scope="module")
def sqlite(sqlite, tmp_path_factory):
    """A file with a furnished service in it."""
    return furnished_file(sqlite, tmp_path_factory.mktemp("furnished"))


@pytest.fixture
def world(request, service):
    """What is in the service."""
    return world_of(request, service)


def refused(answer, *statuses):
    """Return the problem that an answer is; it is one, and none of ours."""
    assert answer.status_code in (statuses or range(400, 500)), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["code"] and told["detail"] and told["status"] == answer.status_code
    assert "Traceback" not in answer.text and "/tmp" not in answer.text
    return told


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "media_type", ["application/json", "text/csv", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
@pytest.mark.slow
def test_a_broken_body_is_refused_everywhere(service, world, kind, media_type):
    client = service.client(raises=False)
    for method, path in ASKING:
        headers = {**world.headers, "content-type": media_type}
        if kind == "compressed":
            headers["content-encoding"] = "gzip"
        refused(client.request(method, path, content=BODIES[kind], headers=headers))


NESTED = (
    {"chain": [{"id": 2**70}]},
    {"chain": "\0", "token": None},
    {"chain": [{"id": -1, "source": [{"kind": "\0", "contract": "0x"}]}]},
    {"a\0b": 1e308},
    {"chain": [{"id": 7, "source": [{"kind": "transfers", "tokens": [1.5], "payees": {"a": []}}]}]},
)


@pytest.mark.parametrize("tables", NESTED, ids=str)
def test_strange_settings_of_a_source_are_refused(service, world, tables):
    client = service.client(raises=False)
    body = {"name": "new", "kind": "chain", "settings": tables}
    refused(client.post(f"{ROUND}/sources", json=body, headers=world.headers), 422)


@pytest.mark.parametrize("rules", [
    {"pool": {"amount": "-5"}},
    {"pool": {"amount": str(2**256)}},
    {"pool": {"amount": "a\0b"}},
    {"nonsense": {"a": 1}},
    {"mechanism": {"preset": "../../etc/passwd"}},
    {"round": {"opens": "9999-12-31T23:59:59-12:00"}},
], ids=str)  # fmt: skip
def test_strange_rules_are_refused_at_the_latest_when_they_are_frozen(service, world, rules):
    client = service.client(raises=False)
    dated = {"opens": "2026-05-01T00:00:00Z", "closes": "2026-06-01T00:00:00Z", **rules.get("round", {})}
    body = {"id": "new", "title": "New", "preset": "yen", "rules": {**rules, "round": dated}}
    answer = client.post("/v1/organisations/town/rounds", json=body, headers=world.headers)
    if answer.status_code == 201:
        answer = client.post("/v1/rounds/new/freeze", headers=world.headers)
    refused(answer, 422)


UNSEEN = {
    "bidi override": "pay\u202ednib",
    "isolate": "a\u2066b",
    "zero width": "we\u200bll",
    "line separator": "a\u2028b",
    "tag": "a\U000e0041b",
    "BOM": "\ufeffwell",
    "control": "a\x1bb",
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_a_title_cannot_hide_what_it_says(service, world, text):
    client = service.client(raises=False)
    body = {"id": "new", "title": text, "preset": "yen"}
    told = refused(client.post("/v1/organisations/town/rounds", json=body, headers=world.headers), 422)
    assert [each["where"] for each in told["problems"]] == ["body.title"]


@pytest.mark.parametrize("text", ["家族 👨‍👩‍👧", "می‌خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 "[:1], "नमस्ते", "Brot & Wein"])
def test_a_title_is_in_any_language(service, world, text):
    body = {"id": "new", "title": text, "preset": "yen"}
    answer = service.client().post("/v1/organisations/town/rounds", json=body, headers=world.headers)
    assert answer.status_code == 201 and answer.json()["title"] == text


@pytest.mark.parametrize("headers", [
    {"if-none-match": '"' + "x" * 5_000}, {"if-none-match": "W/,,*,\""}, {"range": "bytes=0-0,-1,9-"}, {"range": "x"},
    {"cookie": "=;;\xff; qf_access=\x01"}, {"cookie": "__Host-access=garbage"},
    {"accept-encoding": "gzip;q=x, *;q=nan"},
    {"x-forwarded-for": ",,\xff, 1.2.3.4.5"}, {"accept": "\xff/*;q=nan"}, {"last-event-id": "\xff"},
    {"traceparent": "00-zz-zz-zz"},
], ids=str)  # fmt: skip
def test_garbage_in_headers_breaks_nothing(service, world, headers):
    client = service.client(raises=False)
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    for path in ("/v1/rounds", ROUND, f"{ROUND}/projects", f"{ROUND}/matches", f"{ROUND}/donations/export"):
        assert client.get(path, headers=sent).status_code in {200, 304, 401}


@pytest.mark.parametrize("value", ["x", "-1", "1.5", str(2**63), "9" * 4_500, "\xb2", "0x1"])
def test_an_event_number_that_is_none_is_refused(service, world, value):
    client = service.client(raises=False)
    told = refused(client.get(f"{ROUND}/events", headers=[(b"last-event-id", value.encode("latin-1"))]), 422)
    assert "last-event-id" in told["problems"][0]["where"].lower()


@pytest.mark.parametrize("after", ["x", "W10", "bnVsbA", "WyIxIl0", "WzFlOTk5XQ", "WzFdWw", "\xff", "A" * 401, "a\0"])
def test_a_cursor_that_is_none_is_refused(service, world, after):
    client = service.client(raises=False)
    for path in (f"{ROUND}/projects", f"{ROUND}/donations", "/v1/rounds", f"{ROUND}/entries"):
        refused(client.get(path, params={"after": after}, headers=world.headers), 422)


GIFT = {"label": "1", "project": "p0", "amount_base": "100"}


@pytest.mark.parametrize("amount", [
    {"amount_base": "-1"}, {"amount_base": str(2**256)}, {"amount_base": "9" * 78}, {"amount_base": "1e3"},
    {"amount_base": "\u0661\u0662"}, {"amount_base": "1.0"}, {"amount_base": 100}, {"amount_base": "0100"},
    {"amount": "1.5"}, {"amount": "NaN"}, {"amount": "-0"},
    {"amount": "1,000"}, {"amount": "1", "amount_base": "1"}, {"amount_base": "0"},
], ids=str)  # fmt: skip
def test_an_amount_that_is_none_is_refused_with_its_field(service, world, amount):
    gift = {"label": "1", "project": "p0", **amount}
    body = {"label": "two", "total_base": "100", "time": WHEN, "donations": [GIFT, gift]}
    answer = service.client(raises=False).post(f"{ROUND}/sources/a-desk/batches", json=body, headers=world.headers)
    assert all("donations.1" in each["where"] for each in refused(answer, 422)["problems"])


def test_several_faults_are_named_at_once(service, world):
    wrong = [{"label": "1", "project": "", "amount": "-1"}, {"label": "", "project": "p", "amount_base": "x"}]
    body = {"label": "", "total_base": "1.5", "time": "yesterday", "donations": wrong, "more": 1}
    answer = service.client(raises=False).post(f"{ROUND}/sources/a-desk/batches", json=body, headers=world.headers)
    places = {each["where"].removeprefix("body.") for each in refused(answer, 422)["problems"]}
    assert {"label", "total_base", "time", "more", "donations.0.project", "donations.0.amount"} <= places


@pytest.mark.parametrize(
    "time",
    [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "2026-02-30T00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00:00+99:00",
        "2026-01-01T00:00:00+00:00:00.5",
        "20260101T000000Z\0",
    ],
)
def test_a_date_that_is_none_is_refused(service, world, time):
    body = {"label": "two", "total_base": "100", "time": time, "donations": [GIFT]}
    answer = service.client(raises=False).post(f"{ROUND}/sources/a-desk/batches", json=body, headers=world.headers)
    assert [each["where"] for each in refused(answer, 422)["problems"]] == ["body.time"]


@pytest.mark.parametrize(
    "path", ["../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/qf.db", "/etc/passwd", "a%00b", "C:%5cx", "%ff"]
)
def test_a_path_in_a_bundle_leads_nowhere_else(service, world, path):
    service.client()
    answer = service.client(raises=False).get(f"/v1/rounds/done/bundle/{path}", headers=world.headers)
    refused(answer, 404, 409, 422)


@pytest.mark.parametrize("field", ["..%2fx", "budget%00", "%E2%80%AE", "x" * 300])
def test_a_file_field_is_one_of_the_form(service, world, field):
    path = f"{ROUND}/applications/0000000000000000/files/{field}"
    refused(service.client(raises=False).put(path, content=b"hello", headers=world.headers), 404, 422)


def test_a_formula_in_a_title_is_none_in_the_table(service, world):
    with service.services.database.writing() as session:
        session.get_one(Application, "0000000000000001").title = '=HYPERLINK("https://evil.test")'
    table = service.client().get(f"{ROUND}/applications.csv", headers=world.headers).text
    assert "'=HYPERLINK" in table and ',"=HYPERLINK' not in table and ",=HYPERLINK" not in table


def test_ids_of_another_round_or_organisation_are_not_there(service, world):
    service.round("other", organisation="city")
    client = service.client(raises=False)
    body = {"url": "https://1.1.1.1/", "round": "other"}
    refused(client.post("/v1/organisations/town/hooks", json=body, headers=world.headers), 403, 404, 422)
    refused(client.get("/v1/rounds/other/applications/0000000000000001", headers=world.headers), 403, 404)
    refused(client.delete(f"/v1/organisations/city/hooks/{world.names['hook'][0]}", headers=world.headers), 403, 404)
    body = {"id": "new", "title": "New", "copy_from": "draft"}
    answer = service.member("admin", "city").post("/v1/organisations/city/rounds", json=body)
    refused(answer, 403, 404, 422)


def test_line_breaks_in_what_is_sent_do_not_reach_headers(service, world):
    client = service.client(raises=False)
    for path in ("/v1/rounds/a%0d%0aSet-Cookie:x=1", "/v1/sign-in/openid?to=/%0d%0aSet-Cookie:x=1"):
        answer = client.get(path, headers=world.headers, follow_redirects=False)
        assert answer.status_code < 500 or answer.status_code == 503
        assert "set-cookie" not in answer.headers or "x=1" not in answer.headers["set-cookie"]


def test_the_same_batch_at_the_same_moment_counts_once(service, world, at_once):
    body = {"label": "twice", "total_base": "100", "time": WHEN, "donations": [GIFT]}
    client = service.client(raises=False)
    path = f"{ROUND}/sources/a-desk/batches"
    answers = at_once([lambda: client.post(path, json=body, headers=world.headers)] * 4)
    assert all(answer.status_code < 500 for answer in answers)
    labels = [each["label"] for each in client.get(path, headers=world.headers).json()["items"]]
    assert labels.count("twice") == 1


def test_an_unknown_method_is_told_all_that_are_known(service, world):
    answer = service.client().options(ROUND)
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, PATCH, DELETE"
