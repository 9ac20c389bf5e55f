"""Estimates: what settling with the gift would give, also after new donations, corrections and changes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import qf
from api.books import book, books
from api.states import State
from api.tables import Account, Credential

PATH = "/v1/rounds/spring/estimates"
ANN, BOB, EVE = ("0x" + pair * 20 for pair in ("aa", "bb", "ee"))
GIFTS = [(ANN, "well", 1_000), (BOB, "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]


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
    return found["as_of"]["entries"], found["estimates"][0]


def near(found, expected):
    """Return whether the gain is what was expected, to the last digit that is shown."""
    return abs(Fraction(found["gain"]) - expected) <= Fraction(2, 10**6)


def owns(service, account, *names):
    """Let an account give under some names, the first of them the oldest."""
    service.client(account)
    with service.services.database.writing() as session:
        for at, name in enumerate(names):
            session.add(
                Credential(
                    id=f"{account}-{at}", account_id=account, kind="code", subject=name, donor=name, created_at=at
                )
            )


def until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def filled(service):
    service.round()
    for gift in GIFTS:
        service.give(*gift)
    return service


def test_an_estimate_is_what_settling_would_give(filled, answered):
    entries, found = asked(filled, answered)
    assert entries == 4 and found["exact"]
    assert near(found, gain(GIFTS, "new", "well", 500))


@pytest.mark.parametrize("spelled", [ANN, ANN.upper().replace("0X", "0x")])
def test_it_is_exact_for_who_gave_before(filled, answered, spelled):
    _, found = asked(filled, answered, donor=spelled)
    assert near(found, gain(GIFTS, ANN, "well", 500))


def test_it_knows_who_is_signed_in(filled, answered):
    owns(filled, "a", ANN)
    _, found = asked(filled, answered, client=filled.client("a"))
    _, named = asked(filled, answered, donor=ANN)
    assert found == named and near(found, gain(GIFTS, ANN, "well", 500))


def test_a_second_wallet_of_who_gave_counts_as_the_same_donor(filled, answered):
    owns(filled, "a", EVE, ANN)
    for donor in ("", EVE, ANN):
        _, found = asked(filled, answered, donor=donor, client=filled.client("a"))
        assert near(found, gain(GIFTS, ANN, "well", 500)), donor
    _, stranger = asked(filled, answered, donor=EVE)
    assert near(stranger, gain(GIFTS, "new", "well", 500))


def test_what_somebody_without_an_address_would_do_is_told_to_nobody_else(filled, answered):
    body = {"gifts": [{"project": "bus", "amount": "1"}], "donor": "cy"}
    for client in (filled.client(), filled.client("b"), filled.member("admin")):
        assert answered(client.post(PATH, json=body), 403)["code"] == "not_your_name"
    owns(filled, "c", "cy")
    assert near(asked(filled, answered, "bus", "500", "cy", filled.client("c"))[1], gain(GIFTS, "cy", "bus", 500))


def test_it_says_of_when_it_is(filled, answered, clock):
    body = {"gifts": [{"project": "bus", "amount": "1"}]}
    first = answered(filled.client().post(PATH, json=body))["as_of"]
    clock.forward(7)
    assert answered(filled.client().post(PATH, json=body))["as_of"] == first
    filled.services.books.update()
    later = answered(filled.client().post(PATH, json=body))["as_of"]
    assert (later["entries"], later["time"] > first["time"]) == (first["entries"], True)


def test_a_cart_is_estimated_as_a_whole(filled, answered):
    gifts = [("well", "500"), ("bus", "100"), ("well", "300")]
    body = {"gifts": [{"project": project, "amount": amount} for project, amount in gifts]}
    found = {each["project"]: each for each in answered(filled.client().post(PATH, json=body))["estimates"]}
    more = [*GIFTS, *(("new", project, int(amount)) for project, amount in gifts)]
    round = qf.preset("yen", pool=100_000)
    for place, project in enumerate(["bus", "well"]):
        before, after = (qf.settle(round, each, projects=["bus", "well"]).projects[place] for each in (GIFTS, more))
        assert near(found[project], after.capped_match - before.capped_match)


def test_a_round_whose_books_are_made_for_somebody_else_is_not_waited_for(filled, answered, monkeypatch):
    monkeypatch.setattr(books, "WAIT", 0.01)
    asking, made = threading.Event(), threading.Event()
    make = filled.services.books._made

    def slow(round_id):
        asking.set()
        assert made.wait(5)
        return make(round_id)

    monkeypatch.setattr(filled.services.books, "_made", slow)
    body = {"gifts": [{"project": "bus", "amount": "1"}]}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(filled.client().post, PATH, json=body)
        assert asking.wait(5)
        refused = filled.client().post(PATH, json=body)
        made.set()
        assert first.result().status_code == 200
    assert answered(refused, 503)["code"] == "not_ready" and refused.headers["retry-after"] == "3"


def test_the_book_not_asked_for_longest_goes_first(service, monkeypatch):
    monkeypatch.setattr(books, "KEPT", 2 * books.LEAST)
    for name in ("r-1", "r-2", "r-3"):
        service.round(name)
    kept = service.services.books
    kept.of("r-1"), kept.of("r-2"), kept.of("r-1"), kept.of("r-3")
    assert [name for name in ("r-1", "r-2", "r-3") if kept.known(name)] == ["r-1", "r-3"]


def test_a_book_that_rests_takes_new_donations_and_nothing_else(filled, answered):
    asked(filled, answered)
    filled.services.books.known("spring").rests_until = time.monotonic() + 60
    filled.give(EVE, "well", 300)
    filled.services.books.update(resting=True)
    entries, found = asked(filled, answered)
    assert entries == 5 and near(found, gain([*GIFTS, (EVE, "well", 300)], "new", "well", 500))
    filled.give(EVE, "well", 0, external_id="5", ledger_id="desk/5", revision=1)
    filled.services.books.update(resting=True)
    assert asked(filled, answered)[0] == 5
    filled.services.books.known("spring").rests_until = 0
    filled.services.books.update(resting=True)
    assert asked(filled, answered)[0] == 6


def test_the_follower_reads_open_rounds_and_outlives_a_database_that_fails(filled, monkeypatch):
    monkeypatch.setattr(books, "PATIENCE", 0.01)
    kept, failures, session_of = filled.services.books, iter([True, False]), filled.services.database.reading

    def reading():
        if kept.known("spring") and next(failures, False):
            raise RuntimeError("the database restarts")
        return session_of()

    monkeypatch.setattr(filled.services.database, "reading", reading)
    kept.start()
    until(lambda: kept.known("spring"))
    filled.give(EVE, "well", 300)
    until(lambda: kept.known("spring").entries == 5)


def test_many_ask_while_donations_are_added(filled, answered):
    asked(filled, answered)
    for number in range(60):
        filled.give(f"0x{number:040x}", "well", 100)
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(asked, filled, answered) for _ in range(40)]
        filled.services.books.update()
    for entries, found in (each.result() for each in asking):
        gifts = [*GIFTS, *((f"0x{number:040x}", "well", 100) for number in range(entries - 4))]
        assert near(found, gain(gifts, "new", "well", 500)), entries


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_formula_that_computes_everything_again_is_not_estimated_in_large_rounds(service, answered, monkeypatch):
    monkeypatch.setattr(book, "COMPUTED", 1)
    service.round(rules={"mechanism": {"preset": "clr"}})
    service.give(ANN, "well", 100)
    asked(service, answered)
    service.give(BOB, "well", 100)
    service.services.books.update()
    body = {"gifts": [{"project": "well", "amount": "1"}]}
    assert answered(service.client().post(PATH, json=body), 409)["code"] == "not_estimated"


def test_it_follows_new_donations_corrections_and_links(filled, answered):
    asked(filled, answered)
    filled.give(EVE, "well", 300)
    filled.services.books.update()
    more = [*GIFTS, (EVE, "well", 300)]
    entries, found = asked(filled, answered)
    assert entries == 5
    assert near(found, gain(more, "new", "well", 500))
    filled.give(EVE, "well", 0, external_id="5", ledger_id="desk/5", revision=1)
    filled.services.books.update()
    entries, found = asked(filled, answered)
    assert entries == 6
    assert near(found, gain(GIFTS, "new", "well", 500))
    with filled.services.database.writing() as session:
        session.add(Account(id="a", created_at=0))
        session.flush()
        for name in (ANN, BOB):
            session.add(Credential(id=name, account_id="a", kind="wallet", subject=name, donor=name, created_at=0))
    filled.services.books.update()
    merged = [(ANN, "well", 2_000), *GIFTS[2:]]
    _, found = asked(filled, answered)
    assert near(found, gain(merged, "new", "well", 500))


def test_donations_outside_the_dates_or_to_no_project_change_nothing(filled, answered):
    asked(filled, answered)
    filled.give(EVE, "well", 300, time=1)
    filled.services.books.update()
    filled.give(EVE, "wall", 300)
    filled.services.books.update()
    entries, found = asked(filled, answered)
    assert entries == 6
    assert near(found, gain(GIFTS, "new", "well", 500))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(
    max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    gifts=st.lists(
        st.tuples(st.sampled_from([ANN, BOB, EVE]), st.sampled_from(["bus", "well"]), st.integers(1, 10**6)), max_size=8
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
    body = {"gifts": [{"project": "well", "amount": str(amount)}], "donor": ANN}
    found = answered(service.client().post(f"/v1/rounds/{name}/estimates", json=body))["estimates"][0]
    assert near(found, gain(gifts, ANN, "well", amount))


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
