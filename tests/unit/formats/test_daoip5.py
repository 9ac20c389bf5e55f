"""DAOIP-5: every document fits the schema of the standard, and says what the round says."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import jsonschema_rs
import pytest

import qf
from qf.eligibility import Project
from qf.formats.daoip5 import (
    Listed,
    Pool,
    Rate,
    System,
    applications_document,
    pools_document,
    projects_document,
    system_document,
)
from qf.units import BaseUnits

SYSTEM = System("town", "Town", "https://qf.test/pools", "test.qf")
PAYEE = "0x" + "1" * 40


def pool(rate: Rate | None = None, mechanism: str = "quadratic") -> Pool:
    rules = {
        "round": {"id": "spring", "closes": "2026-04-01T00:00:00Z"},
        "pool": {"amount": "1250", "token": "DAI", "decimals": 2},
        "mechanism": {"id": mechanism},
    }
    return Pool(
        qf.round_of(rules), "Spring", "For wells.", False, "https://qf.test/spring", "https://qf.test/spring.json",
        {"rulesDigest": "ab"}, rate,
    )  # fmt: skip


LISTED = [
    Listed(Project("well", "A well", PAYEE), "Water.", "https://qf.test/well", 0, BaseUnits(1_250), {"donors": "2"}),
    Listed(Project("bus"), "", "https://qf.test/bus", 1, None, {}),
]


@pytest.fixture(scope="module")
def fits(shared):
    """A function that raises unless a document fits a definition of the schema."""
    schema = json.loads((shared / "data" / "daoip5" / "daoip5.schema.json").read_text())

    def check(document: Any, name: str) -> None:
        jsonschema_rs.validate({**schema, "$ref": f"#/$defs/{name}"}, document, validate_formats=True)

    return check


def test_every_document_fits_the_schema(fits):
    fits(system_document(SYSTEM), "grantSystem")
    fits(pools_document(SYSTEM, [pool(), pool(Rate(Fraction("0.5"), "2026-04-01"))]), "grantPools")
    fits(projects_document(SYSTEM, LISTED), "projects")
    fits(applications_document(SYSTEM, pool(), LISTED), "applications")
    with pytest.raises(jsonschema_rs.ValidationError):
        fits({**pools_document(SYSTEM, [pool()]), "@context": "elsewhere"}, "grantPools")


def test_a_pool_says_what_the_round_says():
    [told] = pools_document(SYSTEM, [pool()])["grantPools"]
    assert told["id"] == "daoip-5:town:grantPool:spring"
    assert told["totalGrantPoolSize"] == [{"amount": "12.5", "denomination": "DAI"}]
    assert told["closeDate"] == "2026-04-01T00:00:00Z"
    assert told["extensions"] == {"test.qf.rulesDigest": "ab", "test.qf.mechanism": "quadratic"}


def test_dollars_are_told_with_rate_and_day_or_not_at_all():
    [told] = pools_document(SYSTEM, [pool()])["grantPools"]
    assert told["totalGrantPoolSizeInUSD"] == "unknown"
    [told] = pools_document(SYSTEM, [pool(Rate(Fraction("1.01"), "2026-04-01"))])["grantPools"]
    assert told["totalGrantPoolSizeInUSD"] == "12.62"
    assert told["extensions"]["test.qf.usdRate"] == "1.01"
    assert told["extensions"]["test.qf.usdRateDate"] == "2026-04-01"


@pytest.mark.parametrize(("mechanism", "word"), [("quadratic", "Quadratic Funding"), ("proportional", "Direct Grants")])
def test_the_mechanism_is_told_in_the_nearest_word(mechanism, word):
    [told] = pools_document(SYSTEM, [pool(mechanism=mechanism)])["grantPools"]
    assert told["grantFundingMechanism"] == word


def test_an_application_has_what_it_gets_once_that_is_decided():
    [grouped] = applications_document(SYSTEM, pool(), LISTED)["grantPools"]
    well, bus = grouped["applications"]
    assert well["fundsApproved"] == [{"amount": "12.5", "denomination": "DAI"}]
    assert well["payoutAddress"] == {"type": "EthereumAddress", "value": PAYEE}
    assert (well["projectId"], well["projectName"]) == ("daoip-5:town:project:well", "A well")
    assert "fundsApproved" not in bus and "payoutAddress" not in bus and bus["projectName"] == "bus"
    assert {each["status"] for each in (well, bus)} == {"approved"}
