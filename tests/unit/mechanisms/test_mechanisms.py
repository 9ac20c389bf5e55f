"""Single mechanisms: what they refuse, what they say, and the corners of their formulas."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from qf import InputError, NoMatchError, RoundError, RoundResult, preset, round_of, settle
from qf.inputs import Inputs
from qf.kernels.aggregate import Entries
from qf.mechanisms import REGISTRY, Arithmetic
from qf.mechanisms.cluster_declared import largest_groups
from qf.mechanisms.grouped import group_tally, multiplied
from qf.mechanisms.mix import mixed
from qf.settle import match
from qf.units import Amounts, format_decimal

GIFTS = [("ann", "well", 9), ("bob", "well", 16), ("ann", "bus", 4), ("cy", "bus", 1)]


def settled(
    mechanism: dict[str, Any], gifts: Any = GIFTS, *, convention: str = "inside_root", **known: Any
) -> RoundResult:
    rules = {
        "round": {"id": "t"},
        "pool": {"amount": 1_000},
        "mechanism": mechanism,
        "weights": {"convention": convention, "max_weight": "1.5"},
    }
    return settle(round_of(rules), gifts, **known)


def ideal(result: RoundResult) -> dict[str, Fraction]:
    return {project.project: project.ideal_match for project in result.projects}


def test_pairwise_when_worked_by_hand_then_the_same() -> None:
    """ann and bob share the well (12), ann and cy the bus (2): k = 6 / (6 + 12) and 6 / (6 + 2)."""
    assert ideal(settled({"id": "pairwise", "strength": "6"})) == {"bus": Fraction(3), "well": Fraction(8)}
    assert ideal(settled({"id": "pairwise", "strength": "6", "variant": "clr"})) == {
        "bus": Fraction("1.5"),
        "well": Fraction(4),
    }


def test_pairwise_when_weights_go_above_one_then_the_pair_counts_the_smaller() -> None:
    mechanism = {"id": "pairwise", "strength": "6"}
    found = settled(mechanism, convention="pairwise_min", weights={"ann": "1.5", "bob": "1.2"})
    assert ideal(found)["well"] == Fraction("9.6")


def test_pairwise_when_settled_then_its_arithmetic_is_named() -> None:
    assert settled({"id": "pairwise"}).arithmetic is Arithmetic.FLOAT64


def test_profile_when_donors_move_together_then_they_are_one() -> None:
    gifts = [("ann", "well", 9), ("bob", "well", 16), ("cy", "well", 100), ("cy", "bus", 1)]
    assert ideal(settled({"id": "cluster_profile"}, gifts)) == {"bus": 0, "well": 2 * 5 * 10}


def test_profile_when_a_weight_is_zero_then_the_donor_is_in_no_group() -> None:
    mechanism = {"id": "cluster_profile"}
    assert ideal(settled(mechanism, weights={"ann": 0})) == {"bus": 0, "well": 0}


def test_declared_when_the_attribute_is_not_given_then_refused() -> None:
    for mechanism in ({"id": "cluster_declared"}, {"id": "cluster_connection", "groups": "declared"}):
        with pytest.raises(InputError, match="attribute group: is not given"):
            settled(mechanism)


def test_declared_when_a_donor_names_several_groups_then_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"group of bob: 'a\|b' is more than one"):
        settled({"id": "cluster_declared"}, attributes={"group": {"ann": "a", "bob": "a|b"}})


def test_declared_when_donors_have_no_group_then_they_join_the_largest_of_each_project() -> None:
    groups = {"group": {"ann": "north", "bob": "south"}}
    gifts = [
        ("ann", "well", 16),
        ("bob", "well", 9),
        ("cy", "well", 9),
        ("ann", "bus", 4),
        ("bob", "bus", 4),
        ("cy", "bus", 5),
    ]
    found = ideal(settled({"id": "cluster_declared"}, gifts, attributes=groups))
    assert found == {"bus": 2 * 3 * 2, "well": 2 * 5 * 3}


def test_headcount_when_weighted_then_heads_are_weights() -> None:
    found = settled({"id": "headcount"}, weights={"ann": "0.25"})
    assert ideal(found) == {"bus": Fraction(5, 4), "well": Fraction(5, 4)}
    assert (found["well"].contributed, found["well"].donors) == (25, 2)


@pytest.mark.parametrize("id", ["headcount", "equal", "quadratic_voting", "mix"])
@pytest.mark.parametrize("policy", ["leave", "alpha", "log_boost"])
def test_mechanism_when_it_gives_proportions_then_a_policy_that_needs_money_is_refused(id: str, policy: str) -> None:
    rules = {"round": {"id": "t"}, "pool": {"amount": 9, "policy": policy}, "mechanism": {"id": id}}
    with pytest.raises(RoundError, match="proportions"):
        settle(round_of(rules), [("ann", "x", 9), ("ann", "y", 1), ("bob", "x", 1), ("bob", "z", 1)])


def test_equal_when_nobody_gave_to_a_listed_project_then_it_has_its_share_too() -> None:
    assert settled({"id": "equal"}, projects=["bus", "well", "zoo", "art"]).payouts["zoo"] == 250


def against(*rows: tuple[str, str, int]) -> dict[str, list[Any]]:
    everything = [(*row, False) for row in GIFTS] + [(*row, True) for row in rows]
    return {
        name: [row[place] for row in everything] for place, name in enumerate(("donor", "project", "amount", "against"))
    }


def test_quadratic_voting_when_more_is_against_than_for_then_nothing_and_never_less() -> None:
    found = settled({"id": "quadratic_voting"}, against(("bob", "bus", 25), ("cy", "well", 1)))
    assert ideal(found) == {"bus": 0, "well": 6}
    ignored = settled({"id": "quadratic_voting", "negative_votes": "ignore"}, against(("bob", "bus", 25)))
    assert ideal(ignored) == {"bus": 3, "well": 7}


def test_quadratic_voting_when_donors_overspend_then_each_is_named() -> None:
    with pytest.raises(InputError) as error:
        settled({"id": "quadratic_voting", "credits": "20"}, against(("bob", "bus", 5), ("ann", "zoo", 8)))
    assert [problem.where for problem in error.value.problems] == ["donor ann", "donor bob"]
    assert "spent 21 credits; one donor has 20" in str(error.value)


def test_mix_when_one_part_matches_nothing_then_the_other_decides_and_the_result_says_so() -> None:
    found = settled({"id": "mix", "first": "cluster_profile", "second": "equal"}, GIFTS[:2])
    assert found.payouts == {"well": 1_000}
    assert found.notes == ("cluster_profile gave no project a match; the other part of the mix decided alone",)


def test_mix_when_a_part_fell_back_then_its_note_is_kept() -> None:
    gifts = [("ann", "well", 9), ("bob", "well", 16)]
    falling_back = {"id": "mix", "first.when_disjoint": "quadratic"}
    assert "quadratic was used instead" in settled(falling_back, gifts).notes[0]
    with pytest.raises(NoMatchError):
        settled({"id": "mix"}, gifts)


def test_mix_when_both_parts_are_integers_then_so_is_the_mix() -> None:
    assert settled({"id": "mix", "first": "equal", "second": "quadratic"}).arithmetic is Arithmetic.INTEGER
    assert settled({"id": "mix", "first": "equal", "second": "pairwise"}).arithmetic is Arithmetic.FLOAT64


@pytest.mark.parametrize("convention", ["inside_root", "gate", "per_donation"])
def test_mechanism_when_nobody_gave_then_nothing_is_paid(convention: str) -> None:
    nothing = {"donor": [], "project": [], "amount": []}
    for id in ("pairwise", "cluster_connection", "cluster_profile", "cluster_declared", "tunable", "mix"):
        found = settled({"id": id}, nothing, convention=convention, projects=["a", "b"], attributes={"group": {}})
        assert found.payouts == {"a": 0, "b": 0} and found.unspent == 1_000


def test_multiplied_when_a_product_is_too_large_for_an_int64_then_it_is_exact() -> None:
    gifts = Entries(np.array([0, 1, 2]), np.array([0, 0], dtype=np.int32), np.array([2**40, 3]))
    assert multiplied(gifts, np.array([2**40, 1])).amount.tolist() == [2**80, 3]


def test_group_tally_when_groups_cross_identities_then_they_are_added_up_before_the_root() -> None:
    gifts = Entries(np.array([0, 1, 3]), np.array([0, 0, 1], dtype=np.int32), np.array([9, 16, 4]))
    sums = group_tally(gifts, np.array([0, 0, 1]), projects=2, root_bits=0)
    assert (sums.root_sum, sums.direct_sum) == ([5, 2], [25, 4])


@pytest.mark.parametrize(("trust", "match"), [((0, "0.5"), "11.11"), (("0.0001", "0.5"), "11.11"), ((0, 0), "0")])
def test_clr_when_trust_is_zero_then_never_more_than_a_little_trust(trust: tuple[Any, Any], match: str) -> None:
    """sqrt(100 * 100) / (100 / (25 max(t, t)) + 1); trust 0 used to count as full trust."""
    weights = dict(zip("ab", trust, strict=True))
    round = preset("clr", pool=10**24, decimals=18)
    found = settle(round, [("a", "p", 100), ("b", "p", 100)], weights=weights)["p"].ideal_match
    assert format_decimal(found / 10**18, 2) == match


def direct_of(mechanism: dict[str, Any], convention: str, **known: Any) -> dict[str, Fraction]:
    """What the mechanism calls direct contributions: `alpha` pays them out, so their scale is money."""
    document = {
        "round": {"id": "t"},
        "pool": {"amount": 1_000},
        "mechanism": mechanism,
        "weights": {"convention": convention},
    }
    round = round_of(document)
    counted, found = match(round, Inputs.of(round, GIFTS, weights={"bob": "0.25"}, **known))
    return dict(zip(counted.contributions.projects, found.direct.fractions(), strict=True))


@pytest.mark.parametrize(
    ("convention", "well"),
    [("inside_root", 9 + 4), ("on_root", 9 + 1), ("pairwise_min", 9 + 4), ("gate", 9), ("per_donation", 9 + 4)],
)
@pytest.mark.parametrize(
    "mechanism",
    [
        {"id": "quadratic"},
        {"id": "pairwise"},
        {"id": "cluster_connection", "when_disjoint": "quadratic"},
        {"id": "cluster_profile"},
        {"id": "cluster_declared"},
        {"id": "tunable", "boosts": ""},
        {"id": "proportional"},
    ],
    ids=lambda mechanism: str(mechanism["id"]),
)
def test_direct_when_weighted_then_in_round_units_as_the_convention_says(
    mechanism: dict[str, Any], convention: str, well: int
) -> None:
    """ann gave the well 9 with weight 1, bob 16 with weight 1/4: w c is 4, w**2 c is 1."""
    if convention not in REGISTRY[str(mechanism["id"])].conventions:
        with pytest.raises(RoundError, match="cannot apply"):
            direct_of(mechanism, convention)
        return
    direct = direct_of(mechanism, convention, attributes={"group": {"ann": "x", "bob": "y"}})
    assert direct == {"bus": 5, "well": well}


def test_declared_when_two_groups_gave_most_then_who_has_none_joins_the_first_by_name() -> None:
    """Groups 0 and 1 gave the project 100 each."""
    entries = Entries(np.array([0, 1, 2]), np.array([0, 0], dtype=np.int32), np.array([100, 100]))
    assert largest_groups(entries, np.array([0, 1]), 2, 1).tolist() == [0]


@pytest.mark.parametrize(("first", "second"), [("cluster_profile", "equal"), ("equal", "cluster_profile")])
def test_mix_when_either_part_matches_nothing_then_the_other_decides(first: str, second: str) -> None:
    assert settled({"id": "mix", "first": first, "second": second}, GIFTS[:2]).payouts == {"well": 1_000}


def test_mixed_when_one_part_is_empty_then_the_shares_of_the_other() -> None:
    nothing, some = Amounts((0, 0)), Amounts((1, 3))
    expected = (Fraction(1, 4), Fraction(3, 4))
    assert (
        mixed(nothing, some, Fraction(1, 2)).fractions() == mixed(some, nothing, Fraction(1, 2)).fractions() == expected
    )


def test_voting_when_the_unit_has_decimals_then_credits_are_whole_units() -> None:
    rules = {"unit_decimals": 2, "unit": "", "convention": "on_root"}
    parameters = {"id": "quadratic_voting", "credits": 10}
    round = preset("yen", pool=100, parameters=parameters, **rules)
    assert settle(round, [("ann", "well", 10)]).payouts == {"well": 100}
    with pytest.raises(InputError, match=r"spent 10\.01 credits; one donor has 10"):
        settle(round, [("ann", "well", "10.01")])
