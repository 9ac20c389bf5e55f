"""Chains as sources: what is on them is what is recorded, also after a reorganisation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlmodel import col, select

from api.ledger import ledger_of
from api.sources import jobs, reading
from api.sources.changes import chain_file
from api.tables import Entry, Source
from qf.errors import StoreError
from tests.unit.chain.fake_chain import TOKEN, VAULT, FakeChain, Gift, account, key


def settings_of(finality: str | int = "finalized", **changes: Any) -> dict[str, Any]:
    source = {"kind": "donation_round", "from_block": 0, "contract": VAULT, "tokens": [TOKEN], **changes}
    return {
        "chain": [{"id": 1, "finality": finality, "source": [source]}],
        "token": [{"chain": 1, "address": TOKEN, "name": "jpyc", "decimals": 18}],
        "projects": {"well": key("well"), "bus": key("bus")},
    }


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"chains": {1: ("https://node.test/KEYOFTHENODE",)}})


@pytest.fixture
def operator(service):
    service.round(prices={"jpyc": ["1", 18]})
    return service.member("operator")


@pytest.fixture
def chain(monkeypatch) -> FakeChain:
    """A chain in memory, which is read instead of the node."""
    made = FakeChain(finality=2)

    @contextmanager
    def readers(_: object) -> Iterator[list[FakeChain]]:
        yield [made]

    monkeypatch.setattr(reading, "readers", readers)
    return made


@pytest.fixture
def source(service, operator, answered) -> str:
    body = {"name": "chain", "kind": "chain", "settings": settings_of()}
    return answered(operator.post("/v1/rounds/spring/sources", json=body), 201)["id"]


def sync(service, operator, answered):
    service.clock.forward(1)
    answered(operator.post("/v1/rounds/spring/sources/chain/sync"), 202)
    service.work()


def standing(service) -> list[int]:
    with service.services.database.reading() as session:
        return sorted(ledger_of(session, "spring").amount.tolist())


def told(service) -> list[tuple[int, int, str]]:
    """Return revision, amount and reason of everything that was recorded, in the order it was."""
    with service.services.database.reading() as session:
        rows = session.exec(select(Entry).order_by(col(Entry.position)))
        return [(row.revision, row.amount, row.reason) for row in rows]


def test_what_is_final_on_a_chain_is_recorded_once(service, operator, answered, chain, source):
    chain.mine([Gift(account(1), "well", 10), Gift(account(2), "bus", 20)])
    for _ in range(2):
        chain.mine([])
    chain.mine([Gift(account(3), "well", 30)])
    sync(service, operator, answered)
    sync(service, operator, answered)
    assert standing(service) == [10, 20], "the third gift is not final"
    with service.services.database.reading() as session:
        row = session.get_one(Entry, ("spring", 1))
        read_until = session.get_one(Source, source).read_until
    assert (row.donor, row.project, row.token, row.time) == (account(1), "well", "jpyc", 1010)
    assert row.ledger_id.startswith("eip155:1/0x") and row.ledger_id == row.external_id
    assert read_until == 1020
    for _ in range(2):
        chain.mine([])
    sync(service, operator, answered)
    assert standing(service) == [10, 20, 30]


def test_what_a_reorganisation_takes_away_is_taken_back_and_recorded_again_if_it_returns(
    service, operator, answered, chain, source
):
    """A chain that takes back what it called final is not read on until an operator says how far to believe it."""

    def believe(finality: int) -> None:
        body = {"settings": settings_of(finality)}
        answered(operator.put("/v1/rounds/spring/sources/chain/settings", json=body))
        sync(service, operator, answered)

    chain.mine([Gift(account(1), "well", 10)])
    chain.mine([Gift(account(2), "bus", 20)])
    kept = chain.blocks[2]
    for _ in range(2):
        chain.mine([])
    sync(service, operator, answered)
    assert standing(service) == [10, 20]
    chain.reorganise(3, [[Gift(account(2), "bus", 21)], [], []])
    sync(service, operator, answered)
    assert standing(service) == [10, 20]
    believe(2)
    assert standing(service) == [10, 21]
    assert told(service)[2:] == [(1, 0, reading.GONE), (0, 21, "")]
    chain.reorganise(3, [])
    chain.blocks.append(kept)
    for _ in range(2):
        chain.mine([])
    believe(1)
    assert standing(service) == [10, 20]
    assert sorted(told(service)[4:]) == [(1, 0, reading.GONE), (2, 20, reading.BACK)]


def test_a_chain_that_calls_things_otherwise_after_its_settings_changed_revises_what_is_recorded(
    service, operator, answered, chain, source
):
    chain.mine([Gift(account(1), "well", 10)])
    for _ in range(2):
        chain.mine([])
    sync(service, operator, answered)
    changed = {**settings_of(), "projects": {"bus": [key("well"), key("bus")]}}
    answered(operator.put("/v1/rounds/spring/sources/chain/settings", json={"settings": changed}))
    sync(service, operator, answered)
    assert told(service) == [(0, 10, ""), (1, 10, reading.CHANGED)]
    with service.services.database.reading() as session:
        assert session.get_one(Entry, ("spring", 2)).project == "bus"


def test_settings_that_read_other_blocks_do_not_stop_the_source(service, operator, answered, chain, source):
    chain.mine([Gift(account(1), "well", 10)])
    for _ in range(2):
        chain.mine([])
    sync(service, operator, answered)
    chain.mine([Gift(account(2), "well", 20)])
    for _ in range(2):
        chain.mine([])
    changed = {"settings": {**settings_of(from_block=1), "projects": {}}}
    answered(operator.put("/v1/rounds/spring/sources/chain/settings", json=changed))
    sync(service, operator, answered)
    assert standing(service) == [10, 20]


def test_a_source_is_read_by_one_at_a_time(service, operator, answered, chain, source):
    chain.mine([Gift(account(1), "well", 10)])
    for _ in range(2):
        chain.mine([])
    with service.services.database.reading() as session:
        row = session.get_one(Source, source)
    file = chain_file(service.services, row)
    with (
        reading.read_chains(service.services, row, file),
        pytest.raises(StoreError),
        reading.read_chains(service.services, row, file),
    ):
        pass


def test_readings_at_the_same_time_record_every_donation_once(service, operator, answered, chain, source):
    for number in range(20):
        chain.mine([Gift(account(number), "well", number + 1)])
    for _ in range(2):
        chain.mine([])
    ready = threading.Barrier(4)

    def read(_: int) -> None:
        ready.wait()
        with suppress(StoreError):
            jobs.sync(service.services, {"source": source})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(4)))
    assert standing(service) == list(range(1, 21))
    assert {revision for revision, _, _ in told(service)} == {0}


def test_what_was_read_by_settings_that_were_replaced_meanwhile_is_not_recorded(
    service, operator, answered, chain, source, monkeypatch
):
    chain.mine([Gift(account(1), "well", 10)])
    for _ in range(2):
        chain.mine([])
    found = reading.donations_in

    def replaced(*read: Any) -> Any:
        with service.services.database.writing() as session:
            row = session.get_one(Source, source)
            row.settings = settings_of(to_block=0)
            session.add(row)
        return found(*read)

    monkeypatch.setattr(reading, "donations_in", replaced)
    jobs.sync(service.services, {"source": source})
    assert told(service) == []


def test_nothing_is_read_for_a_stopped_source(service, operator, answered, chain, source):
    chain.mine([Gift(account(1), "well", 10)])
    for _ in range(2):
        chain.mine([])
    answered(operator.post("/v1/rounds/spring/sources/chain/stop"))
    path = "/v1/rounds/spring/sources/chain/sync"
    assert answered(operator.post(path), 409)["code"] == "source_stopped"
    jobs.sync(service.services, {"source": source})
    assert told(service) == []


def test_a_round_on_a_chain_is_read_and_reconciled_in_one(service, operator, answered, chain, source):
    chain.mine([Gift(account(1), "well", 10)])
    chain.mine([Gift(account(2), "bus", 20)])
    for _ in range(2):
        chain.mine([])
    answered(operator.post("/v1/rounds/spring/reconciliation"), 202)
    service.work()
    found = answered(service.client().get("/v1/rounds/spring/reconciliation"))
    assert (found["entries"], found["compared"], found["elsewhere"], found["current"]) == (2, 2, 0, True)
    places = {(line["finding"], line["place"]) for line in found["lines"]}
    assert ("incomplete", "eip155:1/donation_round/0, window") in places
    assert "missing_in_ledger" not in {finding for finding, _ in places}
    assert "KEYOFTHENODE" not in str(found)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nodes_are_not_an_operators_to_name(service, operator, answered, monkeypatch):
    """They could name one inside the network of the installation, or have a variable sent to one of their own."""
    monkeypatch.setenv("QF_SECRET", "HUSH")
    settings = settings_of()
    settings["chain"][0]["endpoints"] = ["https://elsewhere.test/${QF_SECRET}/${NO_SUCH}"]
    body = {"name": "chain", "kind": "chain", "settings": settings}
    answer = operator.post("/v1/rounds/spring/sources", json=body)
    refused = answered(answer, 422)
    assert [each["where"] for each in refused["problems"]] == ["settings, chain 1, endpoints"]
    assert "HUSH" not in answer.text and "environment" not in answer.text
    settings = settings_of()
    settings["chain"][0]["id"] = 10
    settings["token"] = []
    body["settings"] = settings
    told = answered(operator.post("/v1/rounds/spring/sources", json=body), 422)
    assert "no node of chain 10" in told["detail"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "document", [{}, {"chain": 1}, {"chain": [1]}, {"chain": [{}]}, {"chain": [{"id": [], "source": [{}]}]}, {"x": 1}]
)
def test_settings_that_are_no_chain_file_are_refused(service, operator, answered, document):
    body = {"name": "chain", "kind": "chain", "settings": document}
    answered(operator.post("/v1/rounds/spring/sources", json=body), 422)


def test_a_source_is_shown_to_all_without_what_is_secret_and_every_fault_is_named(service, operator, answered):
    settings = settings_of(kind="donation_rond")
    settings["chain"][0]["proof"] = "hope"
    body = {"name": "chain", "kind": "chain", "settings": settings}
    assert len(answered(operator.post("/v1/rounds/spring/sources", json=body), 422)["problems"]) == 2
    body["settings"] = settings_of()
    answered(operator.post("/v1/rounds/spring/sources", json=body), 201)
    second = {**body, "name": "other"}
    assert answered(operator.post("/v1/rounds/spring/sources", json=second), 409)["code"] == "second_chain_source"
    listed = service.client().get("/v1/rounds/spring/sources")
    assert answered(listed)[0]["settings"] == settings_of() and "KEYOFTHENODE" not in listed.text


def test_a_source_does_not_take_the_names_of_chains(service, operator, answered):
    body = {"name": "eip155", "kind": "csv"}
    answered(operator.post("/v1/rounds/spring/sources", json=body), 422)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_change_sources(service, operator, answered):
    for client, status in (
        (service.client(), 401),
        (service.member("reviewer"), 403),
        (service.member("operator", "city"), 403),
    ):
        answered(client.post("/v1/rounds/spring/sources", json={"name": "bank", "kind": "csv"}), status)
        answered(client.post("/v1/rounds/spring/sources/bank/stop"), status)
