"""What everybody reads of a round: matches, donations, the bundle, DAOIP-5; and HEAD, ETag and streaming of them."""

from __future__ import annotations

import csv
import io
import json

import jsonschema_rs
import polars as pl
import pytest

import qf
from api.publishing import donations
from api.states import State
from api.tables import Round
from qf.verify import verify
from tests.integration.api.unpacking import unpack

GIFTS = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]
PAID = qf.settle(qf.preset("yen", pool=100_000), GIFTS)
BASE = "/v1/rounds/spring"


@pytest.fixture
def closed(service):
    service.round(state=State.CLOSED)
    for gift in GIFTS:
        service.give(*gift)
    return service


@pytest.fixture
def published(closed):
    operator, second = closed.member("operator"), closed.member("operator", account="second")
    assert operator.post(f"{BASE}/settlements").status_code == 202
    closed.work()
    for client, step in ((second, "approve"), (operator, "publish")):
        assert client.post(f"{BASE}/settlements/1/{step}").status_code == 200
    return closed


def test_matches_are_estimated_first_and_payouts_in_the_end(closed, answered):
    client = closed.client()
    live = answered(client.get(f"{BASE}/matches"))
    assert (live["final"], live["entries"]) == (False, 4)
    given = {each["project"]: (each["contributed"], each["donors"]) for each in live["matches"]}
    assert given == {"bus": ("4100", 2), "well": ("2000", 2)}
    for each in live["matches"]:
        assert abs(float(each["match_base"]) - PAID.payouts[each["project"]]) < 1


def test_final_matches_are_the_payouts_whatever_came_in_later(published, answered):
    published.give("eve", "bus", 1)
    client = published.client()
    final = answered(client.get(f"{BASE}/matches"))
    assert (final["final"], final["entries"]) == (True, 4)
    given = {each["project"]: (each["contributed"], each["donors"]) for each in final["matches"]}
    assert given == {"bus": ("4100", 2), "well": ("2000", 2)}
    assert {each["project"]: int(each["match_base"]) for each in final["matches"]} == PAID.payouts
    table = client.get(f"{BASE}/matches", params={"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["project"]: int(row["match_base"]) for row in rows} == PAID.payouts
    assert {row["project"]: (row["contributed"], int(row["donors"])) for row in rows} == given


def test_matches_change_their_etag_with_the_donations(closed):
    client = closed.client()
    first = client.get(f"{BASE}/matches")
    known = {"if-none-match": first.headers["etag"]}
    assert client.get(f"{BASE}/matches", headers=known).status_code == 304
    assert client.get(f"{BASE}/matches", headers=known, params={"format": "csv"}).status_code == 200
    closed.give("eve", "bus", 9_000)
    closed.services.books.update()
    assert client.get(f"{BASE}/matches", headers=known).status_code == 200


def test_donations_that_came_after_settlement_are_not_in_the_export(published, answered):
    published.give("eve", "bus", 1)
    published.give("ann", "well", 0, external_id="1", ledger_id="desk/1", revision=1)
    client = published.client()
    rows = list(csv.DictReader(io.StringIO(client.get(f"{BASE}/donations/export").text)))
    assert [(row["project"], int(row["amount_base"])) for row in rows] == [gift[1:] for gift in GIFTS]
    items = answered(client.get(f"{BASE}/donations"))["items"]
    assert [each["donor"] for each in items] == [row["donor"] for row in rows]


@pytest.mark.parametrize("at_once", [1, 2, 3, 4, 5])
def test_an_export_is_read_part_by_part_and_misses_nothing(closed, monkeypatch, at_once):
    whole = closed.client().get(f"{BASE}/donations/export").content
    monkeypatch.setattr(donations, "AT_ONCE", at_once)
    assert closed.client().get(f"{BASE}/donations/export").content == whole
    names = donations.pseudonyms_of(closed.services.secrecy, closed_round(closed))
    parts = donations.parts_of(closed.services.database, names, "spring", 4)
    first = next(parts)
    closed.give("eve", "bus", 1)
    closed.give("cy", "bus", 0, external_id="3", ledger_id="desk/3", revision=1)
    rows = [*first, *(row for part in parts for row in part)]
    assert [(row[2], row[4]) for row in rows] == [(gift[1], str(gift[2])) for gift in GIFTS], "as they stood"
    assert max(map(len, [first])) <= at_once


def closed_round(service):
    with service.services.database.reading() as session:
        return session.get_one(Round, "spring")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/vnd.apache.parquet, text/csv", "application/vnd.apache.parquet"),
        ("text/csv;q=0.5", "text/csv; charset=utf-8"),
        ("*/*", "text/csv; charset=utf-8"),
    ],
)
def test_the_form_of_an_export_is_what_accept_asks_for(closed, accept, media_type):
    answer = closed.client().get(f"{BASE}/donations/export", headers={"accept": accept})
    assert answer.headers["content-type"] == media_type and "Accept" in answer.headers["vary"].split(", ")


def test_an_export_of_nothing_is_a_table_without_rows(service):
    service.round()
    client = service.client()
    assert client.get(f"{BASE}/donations/export").text.splitlines() == [",".join(donations.COLUMNS)]
    data = client.get(f"{BASE}/donations/export", params={"format": "parquet"}).content
    assert pl.read_parquet(io.BytesIO(data)).columns == list(donations.COLUMNS)
    assert client.get(f"{BASE}/donations/export", params={"format": "jsonl"}).content == b""


def test_amounts_of_any_size_are_exported_to_the_last_digit(service):
    service.round()
    service.give("ann", "well", 2**256 - 1)
    client = service.client()
    for form in ("csv", "jsonl"):
        assert str(2**256 - 1) in client.get(f"{BASE}/donations/export", params={"format": form}).text
    data = client.get(f"{BASE}/donations/export", params={"format": "parquet"}).content
    assert pl.read_parquet(io.BytesIO(data))["amount_base"].to_list() == [str(2**256 - 1)]


def test_head_answers_as_get_does_without_a_body(published):
    client = published.client()
    client.headers["accept-encoding"] = "identity"
    for path in ("", "/result", "/matches", "/donations", "/donations/export", "/bundle/result.json", "/bundle.tar"):
        asked, got = client.head(f"{BASE}{path}"), client.get(f"{BASE}{path}")
        assert (asked.status_code, asked.content) == (got.status_code, b"") == (200, b"")
        for name in ("etag", "content-type", "content-length"):
            assert asked.headers.get(name) == got.headers.get(name), (path, name)
    assert client.head("/v1/rounds/nowhere").status_code == 404
    assert client.head(f"{BASE}/freeze").status_code == 405


def test_head_of_an_export_makes_no_more_than_its_beginning(closed, monkeypatch):
    made = []
    monkeypatch.setattr(donations, "AT_ONCE", 1)
    monkeypatch.setattr(donations, "_csv", lambda rows: made.append(rows) or b"x")
    assert closed.client().head(f"{BASE}/donations/export").status_code == 200
    assert len(made) < 1 + len(GIFTS)


def test_public_answers_carry_an_etag_and_are_revalidated(published):
    client = published.client()
    for path in ("/result", "/bundle", "/bundle.tar", "/bundle/result.json", "/donations", "/donations/export"):
        answer = client.get(f"{BASE}{path}")
        assert answer.headers["cache-control"] == "no-cache", path
        again = client.get(f"{BASE}{path}", headers={"if-none-match": f'"other", {answer.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b""), path
        assert client.get(f"{BASE}{path}", headers={"if-none-match": '"other"'}).status_code == 200, path


def test_the_archive_is_a_bundle_that_verifies_and_its_files_can_be_read_in_parts(published, tmp_path):
    client = published.client()
    unpack(io.BytesIO(client.get(f"{BASE}/bundle.tar").content), tmp_path)
    assert verify(tmp_path / "spring").payouts == PAID.payouts
    whole = client.get(f"{BASE}/bundle/result.json").content
    part = client.get(f"{BASE}/bundle/result.json", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])


def test_daoip5_fits_the_schema_and_names_the_payouts(published, answered, shared):
    schema = json.loads((shared / "data" / "daoip5" / "daoip5.schema.json").read_text())
    client = published.client()
    for path, name in (
        ("/v1/organisations/town/daoip5/system", "grantSystem"),
        ("/v1/organisations/town/daoip5/pools", "grantPools"),
        (f"{BASE}/daoip5/pools", "grantPools"),
        (f"{BASE}/daoip5/projects", "projects"),
        (f"{BASE}/daoip5/applications", "applications"),
    ):
        document = answered(client.get(path))
        jsonschema_rs.validate({**schema, "$ref": f"#/$defs/{name}"}, document, validate_formats=True)
    applications = document["grantPools"][0]["applications"]
    paid = {each["projectId"].rpartition(":")[2]: each["fundsApproved"] for each in applications}
    assert paid == {name: [{"amount": str(paid), "denomination": "JPY"}] for name, paid in PAID.payouts.items()}


def test_daoip5_takes_a_rate_only_with_its_day(closed, answered):
    closed.round("draft", state=State.DRAFT)
    client = closed.client()
    path = f"{BASE}/daoip5/pools"
    [pool] = answered(client.get(path, params={"usd_rate": "0.0065", "usd_date": "2026-04-01"}))["grantPools"]
    assert pool["totalGrantPoolSizeInUSD"] == "650" and pool["isOpen"] is False
    answered(client.get(path, params={"usd_rate": "0.0065"}), 422)
    answered(client.get(path, params={"usd_rate": "x", "usd_date": "2026-04-01"}), 422)
    listed = answered(client.get("/v1/organisations/town/daoip5/pools"))["grantPools"]
    assert [each["name"] for each in listed] == ["Spring"], "drafts are not public"
    answered(client.get("/v1/rounds/draft/daoip5/pools"), 404)
