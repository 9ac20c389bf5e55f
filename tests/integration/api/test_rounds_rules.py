"""The rules of a round: drafted, refused, frozen; and its prices."""

from __future__ import annotations

import json

import pytest

from api.schema import moment_text
from qf.canonical import digest
from qf.codec import read_round
from tests.integration.api.drafting import CLOSES, OPENS, RULES, draft


@pytest.fixture
def operator(service):
    return service.member("operator")


def test_malformed_rules_are_named_all_at_once_and_nothing_is_frozen(operator, answered):
    rules = {"pool": {"amount": "-1", "cap": "none"}, "round": {"opens": "tomorrow"}, "mechanism": {"id": "quadratik"}}
    answered(draft(operator, rules=rules, preset=""), 201)
    told = answered(operator.post("/v1/rounds/spring/freeze"), 422)
    assert {each["where"] for each in told["problems"]} >= {"[pool] amount", "[pool] cap", "[round] opens"}
    assert answered(operator.get("/v1/rounds/spring"))["state"] == "draft"


def test_a_round_without_dates_is_not_frozen_and_is_told_so_with_all_the_rest(operator, answered):
    answered(draft(operator, rules={"pool": {"amount": "-1"}}), 201)
    told = answered(operator.post("/v1/rounds/spring/freeze"), 422)
    assert {each["where"] for each in told["problems"]} == {"[pool] amount", "[round] opens", "[round] closes"}


def test_frozen_rules_stay_as_they_are(operator, answered):
    answered(draft(operator), 201)
    answered(operator.patch("/v1/rounds/spring", json={"rules": {"pool": {"amount": "7"}}}))
    digest = answered(operator.post("/v1/rounds/spring/freeze"))["rules_digest"]
    for frozen in ({"rules": {"pool": {"amount": "8"}}}, {"title": "Other"}, {"applications_close_at": None}):
        assert answered(operator.patch("/v1/rounds/spring", json=frozen), 409)["code"] == "frozen"
    changed = answered(operator.patch("/v1/rounds/spring", json={"description": "Spring, at last"}))
    assert (changed["description"], changed["title"]) == ("Spring, at last", "Spring")
    assert (changed["rules_digest"], changed["rules"]["pool"]["amount"]) == (digest, "7")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "rules",
    [
        {"pool": {"amount": 0.5}},
        {"pool": {"amount": "1\u0000"}},
        {"pool": {"amount": "\ud800"}},
        {"pool": {"amount": None}},
        {"pool": {"amount": 2**256}},
        {"pool": {"nul\u0000": "1"}},
        {"weights": {"curve": [["0", "0"], ["1", ["2"]]]}},
        {"eligibility": {"excluded_donors": [{"a": 1}]}},
        {"a" * 65: {}},
        {"pool": []},
    ],
)
def test_rules_that_no_database_or_file_could_hold_are_refused(operator, answered, rules):
    body = json.dumps({"id": "spring", "title": "Spring", "rules": rules})
    headers = {"content-type": "application/json"}
    told = answered(operator.post("/v1/organisations/town/rounds", content=body, headers=headers), 422)
    assert told["problems"][0]["where"].startswith("body.rules")


def test_rules_of_every_shape_go_through_the_draft_into_the_frozen_file(service, operator, answered, tmp_path):
    rules = {
        **RULES,
        "weights": {"curve": [["0", "0"], [15, "0.5"]], "default": "0.5"},
        "eligibility": {"allow_self_donation": True, "excluded_donors": ["eve", "mallory"], "min_donation": 2},
    }
    answered(draft(operator, rules=rules), 201)
    drafted = operator.get("/v1/rounds/spring/round.json").content
    frozen = answered(operator.post("/v1/rounds/spring/freeze"))
    file = service.client().get("/v1/rounds/spring/round.json").content
    assert file == drafted and digest(file) == frozen["rules_digest"]
    (tmp_path / "round.json").write_bytes(file)
    assert read_round(tmp_path / "round.json").eligibility.excluded_donors == ("eve", "mallory")


def test_a_section_of_a_draft_is_replaced_as_a_whole(operator, answered):
    answered(draft(operator, rules={**RULES, "pool": {"amount": "9", "match_cap_fraction": "0.2"}}), 201)
    pool = {"amount": "9", "match_cap_amount": "3"}
    changed = answered(operator.patch("/v1/rounds/spring", json={"rules": {"pool": pool}}))
    assert changed["rules"]["pool"] == pool and changed["rules"]["mechanism"] == {"preset": "yen"}
    answered(operator.post("/v1/rounds/spring/freeze"))


def test_applications_of_a_draft_get_limits_and_lose_them(operator, answered, clock):
    answered(draft(operator), 201)
    dates = {"applications_open_at": moment_text(OPENS), "applications_close_at": moment_text(CLOSES)}
    changed = answered(operator.patch("/v1/rounds/spring", json=dates))
    assert {name: changed[name] for name in dates} == dates
    told = answered(operator.patch("/v1/rounds/spring", json={"applications_close_at": moment_text(OPENS)}), 422)
    assert told["problems"][0]["where"] == "applications_close_at"
    changed = answered(operator.patch("/v1/rounds/spring", json={"applications_open_at": None, "title": None}))
    assert changed["applications_open_at"] is None and changed["title"] == "Spring"
    assert changed["applications_close_at"] == dates["applications_close_at"]


def test_prices_are_public_with_their_reason(service, operator, answered):
    service.round()
    body = {"prices": {"ETH": {"price": "300000", "decimals": 18}}, "reason": "average of April"}
    answered(operator.put("/v1/rounds/spring/prices", json=body))
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["details"] == {"prices": {"ETH": ["300000", 18]}}
    wrong = {"ETH": {"price": "0", "decimals": 18}, "DAI": {"price": "1", "decimals": 18}, " ": {}}
    answered(operator.put("/v1/rounds/spring/prices", json={**body, "prices": wrong}), 422)
    del wrong[" "]
    told = answered(operator.put("/v1/rounds/spring/prices", json={**body, "prices": wrong}), 422)
    assert [each["where"] for each in told["problems"]] == ["price of ETH"]


def test_a_token_has_one_price_however_its_address_is_written(service, operator, answered):
    service.round()
    token, price = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1", {"price": "2.50", "decimals": 6}
    body = {"prices": {token: price}, "reason": "it is a stablecoin"}
    assert answered(operator.put("/v1/rounds/spring/prices", json=body))["prices"] == {token.lower(): ["2.5", 6]}
    twice = {**body, "prices": {token: price, token.lower(): {**price, "price": "3"}}}
    answered(operator.put("/v1/rounds/spring/prices", json=twice), 422)
