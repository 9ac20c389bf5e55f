"""Plain Python and NumPy values become a ledger; everything malformed is named at once."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import qf
from qf.errors import DonationError
from qf.ledger import Donation
from qf.plain import donation_ledger, exact

ROWS = [("ann", "well", 12), ("bob", "bus", 3)]


@pytest.mark.parametrize(
    "donations",
    [
        ROWS,
        (row for row in ROWS),
        [Donation(*row) for row in ROWS],
        [{"donor": donor, "project": project, "amount": str(amount)} for donor, project, amount in ROWS],
        {"donor": ["ann", "bob"], "project": ["well", "bus"], "amount": [Decimal("12.0"), 3.0]},
        {"donor": np.array(["ann", "bob"]), "project": ["well", "bus"], "amount": np.array([12, 3], dtype=np.int32)},
        {"donor": ("ann", "bob"), "project": ["well", "bus"], "amount": np.array([12.0, 3.0])},
    ],
)
def test_ledger_when_given_in_any_plain_form_then_the_same(donations: Any) -> None:
    ledger = donation_ledger(donations, unit_decimals=2)
    assert ledger.donor.texts().tolist() == ["ann", "bob"]
    assert ledger.project.texts().tolist() == ["well", "bus"]
    assert ledger.amount.tolist() == [1200, 300]
    assert ledger.token is ledger.time is ledger.id is ledger.against is None


def test_ledger_when_given_a_ledger_then_itself() -> None:
    ledger = donation_ledger(ROWS)
    assert donation_ledger(ledger) is ledger


@pytest.mark.parametrize("amount", [-1, "-1", "nan", "inf", float("nan"), float("inf"), "1e400", None, True])
def test_ledger_when_amount_is_not_positive_then_row_is_named(amount: Any) -> None:
    with pytest.raises(DonationError, match="donations row 2, amount") as caught:
        donation_ledger([("ann", "well", 1), ("bob", "well", amount)])
    assert len(caught.value.problems) == 1


def test_ledger_when_numpy_amounts_hold_a_negative_then_row_is_named() -> None:
    columns = {"donor": np.array([1, 2]), "project": np.array([0, 0]), "amount": np.array([5, -5])}
    with pytest.raises(DonationError, match="row 2, amount: -5 is negative"):
        donation_ledger(columns)


def test_ledger_when_many_rows_are_malformed_then_all_are_named() -> None:
    with pytest.raises(DonationError) as caught:
        donation_ledger([("ann", "well", -1), ("", "well", 1), ("cy", " bus", "x"), ("di", "well", "0.123")])
    places = [problem.where for problem in caught.value.problems]
    assert places == [
        "donations row 1, amount",
        "donations row 3, amount",
        "donations row 4, amount",
        "donations row 2, donor",
        "donations row 3, project",
    ]


def test_ledger_when_columns_are_wrong_then_all_is_named() -> None:
    with pytest.raises(DonationError) as caught:
        donation_ledger({"donor": ["ann"], "projekt": ["well"], "amount": [1, 2]})
    told = str(caught.value)
    assert "'project' is missing" in told
    assert "'projekt' is not known" in told
    assert "columns differ in length" in told


@pytest.mark.parametrize("row", [("ann", "well"), ("ann", "well", 1, "", None, "", False, 9), {"donor": "ann"}])
def test_ledger_when_a_row_has_the_wrong_fields_then_it_is_named(row: Any) -> None:
    with pytest.raises(DonationError, match="donations row 1"):
        donation_ledger([row])


def test_ledger_when_in_tokens_then_in_base_units_of_each() -> None:
    ledger = donation_ledger(
        [Donation("ann", "well", "1.5", token="ETH"), Donation("bob", "well", 2)],
        unit_decimals=2,
        token_decimals={"ETH": 18},
    )
    assert ledger.token is not None
    assert ledger.token.texts().tolist() == ["ETH", ""]
    assert ledger.amount.tolist() == [15 * 10**17, 200]


def test_ledger_when_token_decimals_are_unknown_then_token_is_named() -> None:
    with pytest.raises(DonationError, match="token XYZ: its decimals are not known"):
        donation_ledger([Donation("ann", "well", 1, token="XYZ")])


def test_ledger_when_time_is_not_whole_seconds_then_row_is_named() -> None:
    with pytest.raises(DonationError, match="row 1, time"):
        donation_ledger([Donation("ann", "well", 1, time="noon")])  # type: ignore[arg-type]


def test_exact_when_float_then_shortest_decimal() -> None:
    assert exact(0.1) == exact(np.float64(0.1)) == Fraction(1, 10)
    assert exact(1e22) == 10**22
    assert exact(np.int32(7)) == 7


def test_ledger_when_wei_then_exact() -> None:
    amount = 2**96 + 1
    assert donation_ledger([("ann", "well", amount)]).amount.tolist() == [amount]
    assert donation_ledger([("ann", "well", str(amount))]).amount.tolist() == [amount]


def test_ledger_when_an_id_occurs_twice_then_refused_whatever_the_mechanism() -> None:
    gifts = [Donation("a", "p", 1, id="x"), Donation("b", "p", 1, id="x"), Donation("c", "p", 1)]
    with pytest.raises(DonationError, match="donation 'x': the id occurs more than once"):
        donation_ledger(gifts)


def test_ledger_when_names_are_numpy_strings_then_plain_text() -> None:
    ledger = donation_ledger({"donor": np.array(["a"]), "project": np.array(["p"]), "amount": [1]})
    assert {type(name) for name in (*ledger.donor.names, *ledger.project.names)} == {str}


@pytest.mark.parametrize("against", ["false", 1, None])
def test_ledger_when_a_side_is_not_a_truth_value_then_row_is_named(against: Any) -> None:
    with pytest.raises(DonationError, match="donations row 2, against"):
        donation_ledger([Donation("a", "p", 1, against=True), Donation("a", "p", 1, against=against)])


def test_ledger_when_time_is_beyond_int64_then_row_is_named() -> None:
    with pytest.raises(DonationError, match="donations row 1, time"):
        donation_ledger([Donation("a", "p", 1, time=2**70)])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_ledger_when_a_data_frame_then_its_columns(library: str) -> None:
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"donor": ["ann", "bob"], "project": ["well", "bus"], "amount": [12, 3]})
    ledger = donation_ledger(frame)
    assert ledger.donor.texts().tolist() == ["ann", "bob"]
    assert ledger.amount.tolist() == [12, 3]


@pytest.mark.parametrize("donations", [None, "abc", b"abc", 5])
def test_ledger_when_not_a_table_then_said(donations: Any) -> None:
    with pytest.raises(DonationError, match="give rows or columns"):
        donation_ledger(donations)


@pytest.mark.parametrize("name", [None, 1.5, ("p", "q"), True])
def test_ledger_when_a_name_is_neither_text_nor_integer_then_row_is_named(name: Any) -> None:
    with pytest.raises(DonationError, match=r"donations row 2, donor: .* is neither text nor an integer"):
        donation_ledger([("ann", "well", 1), (name, "well", 1)])


@pytest.mark.parametrize("amount", [0, "0.00", np.int64(0), 0.0])
def test_settle_when_an_amount_is_zero_then_a_counted_exclusion(amount: Any) -> None:
    gifts = [("a", "p", 4), ("b", "p", 9), ("c", "p", amount), ("c", "q", amount)]
    result = qf.settle(qf.preset("yen", pool=100), gifts)
    assert (result.payouts, result["p"].donors) == ({"p": 100, "q": 0}, 2)
    assert result.excluded == {qf.Reason.NOTHING_GIVEN: 2}


@pytest.mark.parametrize(
    "columns",
    [
        {"donor": "a", "project": "x", "amount": 5},
        {"donor": ["a"], "project": ["x"], "amount": np.array([[5]])},
        {"donor": ["a", "b"], "project": ["x", "x"], "amount": np.ma.array([100, 100], mask=[0, 1])},
    ],
)
def test_ledger_when_a_column_is_not_flat_then_said(columns: Any) -> None:
    with pytest.raises(DonationError, match="is not a flat list of values"):
        donation_ledger(columns)


def test_ledger_when_a_frame_writes_nan_for_nothing_then_nothing() -> None:
    columns = {"donor": ["a", "b"], "project": ["p", "p"], "amount": [1, 2], "token": [float("nan"), "ETH"]}
    ledger = donation_ledger(columns, token_decimals={"ETH": 1})
    assert ledger.amount.tolist() == [1, 20]
