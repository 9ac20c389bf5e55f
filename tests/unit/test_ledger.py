"""A ledger has one canonical order and unique ids."""

import random

import numpy as np
import pytest

from qf.errors import DonationError
from qf.ledger import NO_TIME, Donation, DonationLedger, integers
from qf.plain import donation_ledger

DONATIONS = [
    Donation("bob", "well", 5, time=20),
    Donation("ann", "well", 7, time=30),
    Donation("ann", "well", 7, time=10),
    Donation("ann", "bus", 2**70, token="ETH", id="x1"),
    Donation("ann", "bus", 3, against=True),
    Donation("ann", "bus", 3),
]


def columns(ledger: DonationLedger) -> dict[str, list[object]]:
    assert ledger.id is not None
    assert ledger.token is not None
    assert ledger.time is not None
    assert ledger.against is not None
    return {
        "id": ledger.id.tolist(),
        "donor": ledger.donor.texts().tolist(),
        "project": ledger.project.texts().tolist(),
        "amount": ledger.amount.tolist(),
        "token": ledger.token.texts().tolist(),
        "time": ledger.time.tolist(),
        "against": ledger.against.tolist(),
    }


def test_canonical_when_shuffled_then_the_same_ledger() -> None:
    first = columns(donation_ledger(DONATIONS, token_decimals={"ETH": 0}).canonical())
    for seed in range(20):
        shuffled = random.Random(seed).sample(DONATIONS, len(DONATIONS))
        assert columns(donation_ledger(shuffled, token_decimals={"ETH": 0}).canonical()) == first


def test_canonical_when_ids_are_missing_then_named_by_donor_project_and_order() -> None:
    ledger = donation_ledger(DONATIONS, token_decimals={"ETH": 0}).canonical()
    told = columns(ledger)
    assert told["id"] == ["ann/bus/1", "ann/bus/2", "x1", "ann/well/1", "ann/well/2", "bob/well/1"]
    assert told["time"] == [NO_TIME, NO_TIME, NO_TIME, 10, 30, 20]


def test_canonical_when_integer_donors_then_as_if_they_were_text() -> None:
    numbers = {"donor": np.array([10, 9, 9]), "project": np.array([0, 1, 0]), "amount": np.array([1, 2, 3])}
    text = {"donor": ["10", "9", "9"], "project": ["0", "1", "0"], "amount": [1, 2, 3]}
    first, second = donation_ledger(numbers).canonical(), donation_ledger(text).canonical()
    assert first.donor.texts().tolist() == second.donor.texts().tolist() == ["10", "9", "9"]
    assert first.amount.tolist() == second.amount.tolist() == [1, 3, 2]


def test_canonical_when_an_id_occurs_twice_then_every_such_id_is_named() -> None:
    donations = [Donation("a", "p", 1, id=name) for name in ("x", "y", "x", "y", "z")]
    with pytest.raises(DonationError) as caught:
        donation_ledger(donations).canonical()
    assert [problem.where for problem in caught.value.problems] == ["donation 'x'", "donation 'y'"]


def test_canonical_when_an_explicit_id_looks_like_a_derived_one_then_refused() -> None:
    with pytest.raises(DonationError, match="'a/p/1'"):
        donation_ledger([Donation("a", "p", 1), Donation("b", "p", 1, id="a/p/1")]).canonical()


def test_take_when_mask_then_rows_of_every_column() -> None:
    ledger = donation_ledger(DONATIONS, token_decimals={"ETH": 0}).canonical()
    kept = columns(ledger.take(np.array([False, True, True, False, False, True])))
    assert kept["id"] == ["ann/bus/2", "x1", "bob/well/1"]
    assert kept["token"] == ["", "ETH", ""]


def test_integers_when_one_does_not_fit_then_python_ints() -> None:
    assert integers([2**63 - 1]).dtype == np.int64
    assert integers([2**63]).dtype == object
    assert integers([]).dtype == np.int64


def test_canonical_when_names_hold_slashes_then_derived_ids_do_not_meet() -> None:
    """Anybody who could choose a name could block a settlement: both of these were named ann/org/app/1."""
    ledger = donation_ledger([("ann", "org/app", 500), ("ann/org", "app", 500), ("100%", "a", 1)]).canonical()
    assert ledger.id is not None
    assert ledger.id.tolist() == ["100%25/a/1", "ann/org%2Fapp/1", "ann%2Forg/app/1"]
