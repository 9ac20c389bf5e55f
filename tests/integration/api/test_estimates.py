"""Estimates: what settling with the gift would give, also after new donations, corrections and changes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import qf
from api.states import State
from api.tables import Account, Credential

PATH = "/v1/rounds/spring/estimates"
GIFTS = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]


def gain(gifts, donor, project, amount):
    round = qf.preset("yen", pool=100_000)
    projects = ["bus", "well"]
    before = qf.settle(round, gifts, projects=projects)
    after = qf.settle(round, [*gifts, (donor, project, amount)], projects=projects)
    place = projects.index(project)
    return after.projects[place].capped_match - before.projects[place].capped_match


def asked(service, answered, project="well", amount="500", donor="", client=None):
    body = {"gifts": [{"project": project, "amount": amount}], "donor": donor}
    found = answered((client or service.client()).post(PATH, json=body))
    return found["entries"], found["estimates"][0]


@pytest.fixture
def filled(service):
    service.round()
    for gift in GIFTS:
        service.give(*gift)
    return service


def test_an_estimate_is_what_settling_would_give(filled, answered):
    entries, found = asked(filled, answered)
    assert entries == 4 and found["exact"]
    assert abs(Fraction(found["gain"]) - gain(GIFTS, "new", "well", 500)) < Fraction(1, 10**5)


def test_it_is_exact_for_who_gave_before(filled, answered):
    _, found = asked(filled, answered, donor="ann")
    assert abs(Fraction(found["gain"]) - gain(GIFTS, "ann", "well", 500)) < Fraction(1, 10**5)


def test_it_knows_who_is_signed_in(filled, answered):
    with filled.services.database.writing() as session:
        session.add(Account(id="a", created_at=0))
        session.flush()
        session.add(Credential(id="c", account_id="a", kind="code", subject="x", donor="ann", created_at=0))
    _, found = asked(filled, answered, client=filled.client("a"))
    _, named = asked(filled, answered, donor="ann")
    assert found == named


def test_it_follows_new_donations_corrections_and_links(filled, answered):
    asked(filled, answered)
    filled.give("eve", "well", 300)
    filled.services.books.update()
    more = [*GIFTS, ("eve", "well", 300)]
    entries, found = asked(filled, answered)
    assert entries == 5
    assert abs(Fraction(found["gain"]) - gain(more, "new", "well", 500)) < Fraction(1, 10**5)
    filled.give("eve", "well", 0, external_id="5", ledger_id="desk/5", revision=1)
    filled.services.books.update()
    entries, found = asked(filled, answered)
    assert entries == 6
    assert abs(Fraction(found["gain"]) - gain(GIFTS, "new", "well", 500)) < Fraction(1, 10**5)
    with filled.services.database.writing() as session:
        session.add(Account(id="a", created_at=0))
        session.flush()
        for name in ("ann", "bob"):
            session.add(Credential(id=name, account_id="a", kind="wallet", subject=name, donor=name, created_at=0))
    filled.services.books.update()
    merged = [("ann", "well", 2_000), *GIFTS[2:]]
    _, found = asked(filled, answered)
    assert abs(Fraction(found["gain"]) - gain(merged, "new", "well", 500)) < Fraction(1, 10**5)


def test_donations_outside_the_dates_or_to_no_project_change_nothing(filled, answered):
    asked(filled, answered)
    filled.give("eve", "well", 300, time=1)
    filled.services.books.update()
    filled.give("eve", "wall", 300)
    filled.services.books.update()
    entries, found = asked(filled, answered)
    assert entries == 6
    assert abs(Fraction(found["gain"]) - gain(GIFTS, "new", "well", 500)) < Fraction(1, 10**5)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(
    max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    gifts=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["bus", "well"]), st.integers(1, 10**6)), max_size=8
    ),
    split=st.integers(0, 8),
    amount=st.integers(1, 10**6),
)
def test_it_is_exact_however_the_donations_came(service, answered, gifts, split, amount):
    name = f"r-{len(service.services.books._books)}-{service.clock.at}"
    service.clock.forward(1)
    service.round(name)
    for gift in gifts[:split]:
        service.give(*gift, name)
    service.services.books.of(name)
    for gift in gifts[split:]:
        service.give(*gift, name)
    service.services.books.update()
    body = {"gifts": [{"project": "well", "amount": str(amount)}], "donor": "a"}
    found = answered(service.client().post(f"/v1/rounds/{name}/estimates", json=body))["estimates"][0]
    assert abs(Fraction(found["gain"]) - gain(gifts, "a", "well", amount)) < Fraction(1, 10**5)


@pytest.mark.parametrize(
    ("gift", "where"),
    [
        ({"project": "wall", "amount": "1"}, "project wall"),
        ({"project": "well", "amount": "0"}, "amount 0"),
        ({"project": "well", "amount": "1.5"}, "amount 1.5"),
    ],
)
def test_a_gift_that_cannot_be_is_refused(filled, answered, gift, where):
    told = answered(filled.client().post(PATH, json={"gifts": [gift]}), 422)
    assert told["problems"][0]["where"] == where


def test_a_token_without_a_price_and_a_round_that_is_over_are_refused(service, answered):
    service.round()
    body = {"gifts": [{"project": "well", "amount": "1", "token": "ETH"}]}
    assert answered(service.client().post(PATH, json=body), 409)["code"] == "missing_price"
    service.round("over", state=State.CLOSED)
    body = {"gifts": [{"project": "well", "amount": "1"}]}
    assert answered(service.client().post("/v1/rounds/over/estimates", json=body), 409)["code"] == "not_open"
