"""A value is exact, and a missing price is never 0."""

from fractions import Fraction
from typing import Any

import pytest

import qf
from qf.errors import InputError, MissingPriceError
from qf.ledger import Donation
from qf.plain import donation_ledger
from qf.prices import PriceSnapshot


def test_values_when_in_tokens_then_exact_in_a_fine_unit() -> None:
    prices = PriceSnapshot.of({"ETH": ("2000.01", 18), "THIRD": (Fraction(1, 3), 0)})
    gifts = [Donation("a", "p", "0.5", token="ETH"), Donation("b", "p", 1, token="THIRD"), Donation("c", "p", 7)]
    ledger = donation_ledger(gifts, unit_decimals=2, token_decimals=prices.decimals)
    values = prices.values(ledger, 2)
    exact = [Fraction(amount, values.per_unit) for amount in values.amount.tolist()]
    assert exact == [Fraction("100000.5"), Fraction(100, 3), 700]


def test_values_when_no_token_then_amounts_as_they_are() -> None:
    ledger = donation_ledger([("a", "p", 3)], unit_decimals=1)
    values = PriceSnapshot().values(ledger, 1)
    assert values.amount is ledger.amount
    assert values.per_unit == 1


def test_values_when_prices_are_missing_then_every_token_is_named() -> None:
    gifts = [Donation("a", "p", 1, token=token) for token in ("B", "A", "C")]
    ledger = donation_ledger(gifts, token_decimals={"A": 0, "B": 0, "C": 0})
    with pytest.raises(MissingPriceError, match="no price for A, B;") as caught:
        PriceSnapshot.of({"C": (1, 0)}).values(ledger, 0)
    assert caught.value.tokens == ("A", "B")


@pytest.mark.parametrize("given", [(0, 0), ("-1", 0), ("x", 0), (1, -1), (1, 78), (1,), 5, (1, "two")])
def test_snapshot_when_price_is_malformed_then_token_is_named(given: Any) -> None:
    with pytest.raises(InputError, match="price of ETH"):
        PriceSnapshot.of({"ETH": given})


def test_snapshot_when_two_spellings_of_a_token_differ_then_named() -> None:
    address = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
    with pytest.raises(InputError, match="in another spelling"):
        PriceSnapshot.of({address: (1, 18), address.lower(): (2, 18)})


def test_snapshot_when_not_a_mapping_then_said() -> None:
    with pytest.raises(InputError, match="are not a mapping"):
        PriceSnapshot.of([("ETH", 1, 18)])


@pytest.mark.parametrize("convention", ["inside_root", "per_donation"])
def test_settle_when_gifts_are_dust_in_tokens_then_worth_nothing(convention: str) -> None:
    prices = {"ETH": ("400000.57", 18)}
    gifts = [Donation("ann", "well", "0.0000001", token="ETH"), Donation("bob", "well", "0.0000002", token="ETH")]
    result = qf.settle(qf.preset("yen", pool=9, convention=convention), gifts, prices=prices)
    assert (result.payouts, result.unspent) == ({"well": 0}, 9)
