"""Linked accounts are one identity, and a weight is cut to 1/10,000."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qf
from qf.columns import Column
from qf.errors import WeightError
from qf.round import WeightRule
from qf.units import Bps
from qf.weights import DonorWeights, curve_weight

PASSPORT = ((Fraction(15), Fraction(1, 2)), (Fraction(25), Fraction(1)))


def test_curve_when_passport_then_as_the_grants_stack_indexer(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/gitcoin_coefficients.json").read_text())
    for case in vectors["passport_score_to_coefficient"]:
        if case["rawScore"] in ("abc", ""):
            continue
        expected = int(Fraction(repr(case["coefficient"])) * 10_000)
        assert curve_weight(Fraction(case["rawScore"]), PASSPORT) == expected


def test_curve_when_three_points_then_linear_between() -> None:
    curve = [(Fraction(0), Fraction(0)), (Fraction(10), Fraction("0.2")), (Fraction(20), Fraction(1))]
    assert [curve_weight(Fraction(score), curve) for score in (0, 5, 10, 15, 20, 99)] == [
        0,
        1000,
        2000,
        6000,
        10000,
        10000,
    ]


@pytest.mark.parametrize(("given", "bps"), [("0.5801", 5801), (0.29, 2900), ("0.99999", 9999), (1, 10_000), (0, 0)])
def test_weights_when_read_then_no_basis_point_is_lost(given: Any, bps: int) -> None:
    assert DonorWeights.of(WeightRule(), {"ann": given}).weight == {"ann": bps}


def test_weights_when_malformed_then_every_one_is_named() -> None:
    with pytest.raises(WeightError) as caught:
        DonorWeights.of(
            WeightRule(), {"ann": -1, "bob": "1.5", "cy": "x"}, scores={"di": 3}, links={"e": "f", "f": "g", "": "h"}
        )
    assert [problem.where for problem in caught.value.problems] == [
        "scores",
        "weight of ann",
        "weight of bob",
        "weight of cy",
        "link of ",
        "link of e",
    ]


def test_identify_when_linked_then_one_identity_with_the_largest_weight() -> None:
    rule = WeightRule(default=Bps(100))
    weights = DonorWeights.of(rule, {"a": "0.7", "b": "0.2"}, links={"a": "person", "b": "person", "z": "person"})
    found = weights.identify(Column.of(["z", "a", "b", "c", "a"]), rule)
    assert found.names == ("c", "person")
    assert found.weight is not None
    assert found.weight.tolist() == [100, 7000]
    assert found.codes(Column.of(["z", "a", "b", "c", "a"])).tolist() == [1, 1, 1, 0, 1]


def test_identify_when_nobody_is_linked_or_weighed_then_donors_are_the_identities() -> None:
    found = DonorWeights().identify(Column.of(["a", "b"]), WeightRule())
    assert found.of_donor is None
    assert found.weight is None


def test_weights_when_an_array_then_donor_number_is_the_index() -> None:
    weights = DonorWeights.of(WeightRule(), np.array([1.0, 0.25]))
    found = weights.identify(Column.of(np.array([1, 0, 1])), WeightRule())
    assert found.weight is not None
    assert dict(zip(found.names, found.weight.tolist(), strict=True)) == {"0": 10_000, "1": 2500}


def test_identify_when_one_account_has_no_weight_then_it_says_nothing() -> None:
    rule = WeightRule()
    weights = DonorWeights.of(rule, {"a": "0.1", "c": "0.1"}, links={"b": "a"})
    found = weights.identify(Column.of(["a", "b", "c", "d"]), rule)
    assert found.weight is not None
    assert dict(zip(found.names, found.weight.tolist(), strict=True)) == {"a": 1000, "c": 1000, "d": 10_000}


def test_weights_when_not_a_mapping_then_said() -> None:
    with pytest.raises(WeightError, match="neither a mapping nor an array"):
        DonorWeights.of(WeightRule(), [1, 1])


def test_weights_when_two_spellings_of_an_account_differ_then_named() -> None:
    address = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
    with pytest.raises(WeightError, match="in another spelling"):
        DonorWeights.of(WeightRule(), {address: 1, address.lower(): 0})
    assert len(DonorWeights.of(WeightRule(), {address: 1, address.lower(): 1}).weight) == 1


def test_weights_when_an_array_and_donors_are_no_numbers_below_its_length_then_refused() -> None:
    """Such an array matched nobody, and everybody counted in full without a word."""
    for donors in (["a", "b"], np.array([10, 20]), ["0", "01"]):
        gifts = {"donor": donors, "project": ["x", "y"], "amount": [100, 100]}
        with pytest.raises(WeightError, match="is not a number below that"):
            qf.settle(qf.preset("octant", pool=1000), gifts, weights=np.array([0.01, 1.0]))
    gifts = {"donor": np.array([0, 1]), "project": ["x", "y"], "amount": [100, 100]}
    fair = qf.preset("octant", pool=1000, match_cap_fraction="1")
    assert qf.settle(fair, gifts, weights=np.array([0.01, 1.0])).payouts == {"x": 9, "y": 990}


def test_links_when_two_spellings_of_an_account_lead_to_two_identities_then_named() -> None:
    address = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
    with pytest.raises(WeightError, match="leads to a too, in another spelling"):
        DonorWeights.of(WeightRule(), links={address: "a", address.lower(): "b"})
