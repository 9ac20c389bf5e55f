"""From the tables to what `qf` settles: nothing lost, corrections in, links and weights as they stand."""

from __future__ import annotations

import qf
from api.inputs import standing_of
from api.ledger import ledger_of
from api.tables import Account, Credential, Entry, Round, Score, WeightOverride
from qf.settle import settle_inputs

HUGE = 2**256 - 1


def standing(service, upto=None):
    with service.services.database.reading() as session:
        return standing_of(session, service.services.secrecy, session.get_one(Round, "spring"), upto)


def add(service, *rows):
    with service.services.database.writing() as session:
        for row in rows:
            session.add(row)
            session.flush()


def test_the_ledger_settles_to_what_the_same_gifts_settle_to(service):
    service.round()
    gifts = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]
    for gift in gifts:
        service.give(*gift)
    found = standing(service)
    assert settle_inputs(found.rules, found.inputs).payouts == qf.settle(qf.preset("yen", pool=100_000), gifts).payouts


def test_of_several_revisions_the_last_one_stands_and_zero_is_gone(service):
    service.round()
    for number in (1, 2, 3):
        service.give("ann", "well", 100 * number)
    service.give("ann", "well", 7, external_id="1", ledger_id="desk/1", revision=1)
    service.give("ann", "well", 0, external_id="2", ledger_id="desk/2", revision=1)
    service.give("ann", "bus", HUGE, external_id="1", ledger_id="desk/1", revision=2)
    with service.services.database.reading() as session:
        ledger = ledger_of(session, "spring")
        before = ledger_of(session, "spring", 3)
        between = ledger_of(session, "spring", 4)
    assert dict(zip(ledger.id.tolist(), ledger.amount.tolist(), strict=True)) == {"desk/3": 300, "desk/1": HUGE}
    assert sorted(before.amount.tolist()) == [100, 200, 300]
    assert sorted(between.amount.tolist()) == [7, 200, 300]


def test_a_round_without_donations_settles_to_an_unspent_pool(service):
    service.round()
    found = standing(service)
    assert settle_inputs(found.rules, found.inputs).unspent == 100_000


def test_wallets_of_one_account_are_one_person_and_the_newest_weight_counts(service):
    service.round(rules={"weights": {"curve": [["0", "0"], ["10", "1"]]}})
    first, second = "0x" + "a" * 40, "0x" + "b" * 40
    service.give(first, "well", 100)
    service.give(second, "well", 100)
    service.give("cy", "well", 100)
    add(service, Account(id="ann", created_at=0))
    for number, wallet in enumerate((first, second)):
        row = Credential(id=str(number), account_id="ann", kind="wallet", subject=wallet, donor=wallet, created_at=0)
        add(service, row)
    given = {"round_id": "spring", "donor": "cy", "at": 0, "actor": "op"}
    add(service, Score(**given, score="10"), Score(**given, score="5"))
    found = standing(service).inputs.weights
    people = set(found.identity.values())
    assert set(found.identity) == {first, second} and len(people) == 1 and people.pop().startswith("person-")
    assert found.weight == {"cy": 5_000}
    add(service, WeightOverride(**given, weight_bps=3_333, reason="looked at"))
    assert standing(service).inputs.weights.weight == {"cy": 3_333}
    add(service, WeightOverride(**given, weight_bps=None, reason="taken back"))
    assert standing(service).inputs.weights.weight == {"cy": 5_000}


def test_tokens_and_sides_are_kept(service):
    service.round(prices={"ETH": ["2000.5", 18]})
    service.give("ann", "well", 10**18, token="ETH")
    service.give("bob", "well", 5)
    with service.services.database.reading() as session:
        ledger = ledger_of(session, "spring")
        assert session.get_one(Entry, ("spring", 1)).against is False
    assert ledger.token is not None and ledger.token.texts().tolist() == ["ETH", ""] and ledger.against is None
