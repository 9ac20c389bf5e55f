"""Sheets of donor codes: printed once, kept as what they are looked up with, and revoked."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from sqlmodel import select

from api.sign_in.codes import code_key, donor_of, read_code
from api.tables import Audit, DonorCode
from tests.integration.api.wallets import bearer

PATH = "/v1/organisations/town/codes"


@pytest.fixture
def operator(service):
    return service.member("operator")


def kept(service) -> list[DonorCode]:
    with service.services.database.reading() as session:
        return list(session.exec(select(DonorCode)))


def test_a_sheet_is_shown_once_and_its_codes_are_not_kept(service, operator, answered):
    sheet = answered(operator.post(PATH, json={"count": 3, "label": "Town hall, Saturday"}), 201)
    secrecy = service.services.secrecy
    assert len({each["code"] for each in sheet["codes"]}) == 3
    assert {row.key for row in kept(service)} == {code_key(secrecy, each["code"]) for each in sheet["codes"]}
    assert all(each["donor"] == donor_of(secrecy, each["code"]) for each in sheet["codes"])
    with service.services.database.reading() as session:
        written = [row.model_dump_json() for row in (*kept(service), *session.exec(select(Audit)))]
    for each in sheet["codes"]:
        assert read_code(each["code"]) not in str(written) and each["code"] not in str(written)
    [summary] = answered(operator.get(PATH))["items"]
    assert (summary["sheet"], summary["label"], summary["codes"]) == (sheet["sheet"], "Town hall, Saturday", 3)


def test_a_sheet_can_be_had_as_a_table_that_no_spreadsheet_runs(service, operator):
    answer = operator.post(f"{PATH}.csv", json={"count": 2, "label": "=HYPERLINK(1)"})
    assert answer.status_code == 201 and answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [row["label"] for row in rows] == ["'=HYPERLINK(1)"] * 2
    secrecy = service.services.secrecy
    assert {code_key(secrecy, row["code"]) for row in rows} == {row.key for row in kept(service)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("body", [{"count": 0}, {"count": 1001}, {"count": "3"}, {"count": 1, "label": "a\x00"}, {}])
def test_a_sheet_has_one_to_a_thousand_codes(service, operator, answered, body):
    answered(operator.post(PATH, json=body), 422)
    assert kept(service) == []


def test_a_revoked_sheet_stays_to_be_seen(service, operator, answered):
    sheets = [answered(operator.post(PATH, json={"count": 2}), 201)["sheet"] for _ in range(2)]
    answered(operator.delete(f"{PATH}/{sheets[0]}"), 204)
    assert {each["sheet"]: each["revoked"] for each in answered(operator.get(PATH))["items"]} == {
        sheets[0]: 2,
        sheets[1]: 0,
    }


def test_whoever_signed_in_with_a_code_is_signed_out_when_its_sheet_is_revoked(service, operator, answered):
    sheets = [answered(operator.post(PATH, json={"count": 1}), 201) for _ in range(2)]
    lost, kept_one = (sheet["codes"][0]["code"] for sheet in sheets)
    opened = [answered(service.client().post("/v1/sign-in/code", json={"code": code})) for code in (lost, kept_one)]
    answered(operator.delete(f"{PATH}/{sheets[0]['sheet']}"), 204)
    token = {"refresh_token": opened[0]["refresh_token"]}
    assert answered(service.client().get("/v1/me", headers=bearer(opened[0])), 401)["code"] == "session_ended"
    answered(service.client().post("/v1/sign-in/refresh", json=token), 401)
    answered(service.client().get("/v1/me", headers=bearer(opened[1])))


def test_sheets_come_in_pages_newest_first(service, operator, answered, clock):
    made = []
    for number in range(5):
        made.append(answered(operator.post(PATH, json={"count": 2, "label": str(number)}), 201)["sheet"])
        clock.forward(number % 2)  # two of them at the same time
    seen, after = [], None
    for size in (2, 2, 1):
        page = answered(operator.get(PATH, params={"limit": 2, **({"after": after} if after else {})}))
        seen += [each["sheet"] for each in page["items"]]
        assert len(page["items"]) == size
        after = page["next"]
    assert after is None and sorted(seen) == sorted(made)
    assert seen[0] in made[-2:] and seen[-1] in made[:2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_make_codes(service, answered):
    for client, status in (
        (service.client(), 401),
        (service.member("reviewer"), 403),
        (service.member("auditor"), 403),
        (service.member("admin", "city"), 403),
    ):
        answered(client.post(PATH, json={"count": 1}), status)
        answered(client.post(f"{PATH}.csv", json={"count": 1}), status)
        answered(client.get(PATH), status)
