"""What becomes of a transaction that was sent: it is followed to its end, whatever that is."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlmodel import select

from api.giving import nodes
from api.tables import Gift, Reconciliation
from qf.chain.node import Receipt
from qf.chain.types import BlockStamp, Hash, Log
from qf.errors import NodeError
from tests.integration.api.conftest import START
from tests.integration.api.giving import CONTRACT, DONOR, TX, tables, with_chain, with_nodes


@pytest.fixture
def given_to(service):
    with_nodes(service, 7, "http://127.0.0.1:1")
    return with_chain(service, tables())


class Reader:
    """A chain of which a test says what it knows."""

    def __init__(self) -> None:
        self.receipts: dict[str, Receipt] = {}
        self.final, self.fails = 10, False

    def stamp(self, block):
        return BlockStamp(self.final, Hash("0x" + "11" * 32), Hash("0x" + "10" * 32), START)

    def receipt(self, transaction):
        if self.fails:
            raise NodeError("it does not answer")
        return self.receipts.get(transaction)

    def mined(self, block=20, **changes) -> None:
        """Let the transaction be on the chain."""
        topic = "0x19c1bc57c6d750d85536f0a1d16295e6426afa8cf639df21f6489da367c14065"
        log = Log(CONTRACT, (Hash(topic),), b"", block, Hash("0x" + "12" * 32), Hash(TX), 0, 3)
        receipt = Receipt(Hash(TX), 0, block, Hash("0x" + "12" * 32), DONOR.address.lower(), CONTRACT, True, (log,))
        self.receipts[TX] = replace(receipt, **changes)


@pytest.fixture
def reader(monkeypatch):
    made = Reader()

    @contextmanager
    def opened(entry):
        yield made

    monkeypatch.setattr(nodes, "node_of", opened)
    return made


@pytest.fixture
def following(given_to, answered, clock):
    client = given_to.client("ann")
    answered(client.post("/v1/rounds/spring/gifts", json={"chain_id": 7, "tx_hash": TX}), 201)

    def look(seconds=60):
        clock.forward(seconds)
        given_to.work()
        (found,) = answered(client.get("/v1/rounds/spring/gifts/mine"))["items"]
        return found

    return look


def test_a_gift_is_seen_may_go_away_and_becomes_final(following, reader):
    assert following()["state"] == "sent"
    reader.mined()
    assert following()["state"] == "seen"
    reader.receipts.clear()
    gone = following()
    assert gone["state"] == "sent" and "reorganisation" in gone["told"] and gone["block"] is None
    reader.mined(block=21)
    assert following()["block"] == 21
    reader.final = 21
    assert following()["state"] == "final"
    reader.receipts.clear()
    assert following()["state"] == "final"


def test_a_final_gift_is_reconciled_once_it_is_recorded_and_compared(given_to, following, reader, answered):
    reader.mined(block=5)
    assert following()["state"] == "final"
    name = f"eip155:7/{TX}/3"
    row = {"external_id": name, "ledger_id": name, "source_id": "chain-of-spring"}
    given_to.give(DONOR.address.lower(), "well", 200, **row)
    assert "is recorded in the round" in following()["told"]

    def compared(entries, at):
        with given_to.services.database.writing() as session:
            given = {"id": f"r{at}", "round_id": "spring", "report": "", "unresolved": 0}
            session.add(Reconciliation(**given, entries=entries, at=at))

    compared(0, 1)
    assert following()["state"] == "final"
    compared(1, 2)
    assert following()["state"] == "reconciled"
    given_to.give(DONOR.address.lower(), "well", 0, **row, revision=1)
    assert following()["state"] == "final"


@pytest.mark.parametrize("changes", [{"succeeded": False}, {"logs": ()}])
def test_a_transaction_that_gave_nothing_has_failed_once_that_is_final(following, reader, changes):
    reader.mined(**changes)
    assert following()["state"] == "seen"
    reader.final = 20
    assert following()["state"] == "failed"


def test_a_dropped_transaction_is_told_so_and_given_up_after_a_day(following, reader):
    assert "is not on the chain yet" in following()["told"]
    late = following(1_800)
    assert late["state"] == "sent" and "replaced or dropped" in late["told"]
    lost = following(86_400)
    assert lost["state"] == "failed" and "within a day" in lost["told"]


def test_a_node_that_fails_is_asked_again(following, reader):
    reader.fails = True
    assert following()["state"] == "sent"
    reader.fails = False
    reader.mined()
    assert following()["state"] == "seen"


def test_each_sees_only_their_own_and_may_follow_what_somebody_else_follows(given_to, following, answered):
    bob = given_to.client("bob")
    assert answered(bob.get("/v1/rounds/spring/gifts/mine"))["items"] == []
    body = {"chain_id": 7, "tx_hash": TX.upper().replace("0X", "0x")}
    first = answered(bob.post("/v1/rounds/spring/gifts", json=body), 201)
    assert answered(bob.post("/v1/rounds/spring/gifts", json=body), 201) == first
    assert first["tx_hash"] == TX
    with given_to.services.database.reading() as session:
        assert len(session.exec(select(Gift)).all()) == 2
    answered(given_to.client().get("/v1/rounds/spring/gifts/mine"), 401)
    answered(given_to.client().post("/v1/rounds/spring/gifts", json=body), 401)


def test_own_gifts_come_in_pages(given_to, answered):
    client = given_to.client("ann")
    for number in range(5):
        answered(client.post("/v1/rounds/spring/gifts", json={"chain_id": 7, "tx_hash": f"0x{number:064x}"}), 201)
    first = answered(client.get("/v1/rounds/spring/gifts/mine", params={"limit": 3}))
    rest = answered(client.get("/v1/rounds/spring/gifts/mine", params={"limit": 3, "after": first["next"]}))
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 5 and rest["next"] is None


@pytest.mark.parametrize("body", [{"chain_id": 8, "tx_hash": TX}, {"chain_id": 7, "tx_hash": "0xab"}])
def test_only_transactions_of_the_chains_of_the_round_are_followed(given_to, answered, body):
    answered(given_to.client("ann").post("/v1/rounds/spring/gifts", json=body), 422)


def test_no_more_than_so_many_are_followed_at_a_time(given_to, answered, monkeypatch):
    monkeypatch.setattr("api.giving.gifts.MOST", 1)
    client = given_to.client("ann")
    answered(client.post("/v1/rounds/spring/gifts", json={"chain_id": 7, "tx_hash": TX}), 201)
    other = {"chain_id": 7, "tx_hash": "0x" + "cd" * 32}
    assert answered(client.post("/v1/rounds/spring/gifts", json=other), 409)["code"] == "too_many_gifts"


def test_all_gifts_of_a_round_on_a_chain_are_looked_at_together(given_to, reader, answered, clock, monkeypatch):
    client = given_to.client("ann")
    for number in range(5):
        answered(client.post("/v1/rounds/spring/gifts", json={"chain_id": 7, "tx_hash": f"0x{number:064x}"}), 201)
    looks = []
    monkeypatch.setattr(reader, "stamp", lambda block: looks.append(block) or Reader().stamp(block))
    clock.forward(5)
    given_to.work()
    assert len(looks) == 1
