"""What holds for every settlement: it adds up, it is exact, and how a gift arrives does not change it."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from math import isqrt
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

import qf
from qf.round import CapPolicy, MinimumScope, PoolPolicy, Rounding, WeightConvention
from tests.reference.twin_pool import twin_divide, twin_to_base_units

NAMES = st.sampled_from([f"donor{n}" for n in range(6)])
PROJECTS = st.sampled_from(["bus", "well", "park", "wifi"])
AMOUNTS = st.one_of(st.integers(1, 50), st.integers(1, 10**6), st.integers(1, 2**96))
GIFTS = st.lists(st.tuples(NAMES, PROJECTS, AMOUNTS), max_size=20)
WEIGHTS = st.dictionaries(NAMES, st.integers(0, 10_000).map(lambda bps: Fraction(bps, 10_000)), max_size=6)
LINKS = st.dictionaries(NAMES, st.just("person"), max_size=3)


@st.composite
def rounds(draw: st.DrawFn, conventions: tuple[WeightConvention, ...] = tuple(WeightConvention)) -> qf.Round:
    """Any quadratic round that can be settled on any gifts."""
    usable = [convention for convention in conventions if convention is not WeightConvention.TRUST]
    return qf.preset(
        "yen",
        pool=draw(st.one_of(st.integers(0, 1000), st.integers(0, 2**100))),
        policy=draw(st.sampled_from([policy for policy in PoolPolicy if policy is not PoolPolicy.ALPHA])),
        cap=draw(st.sampled_from(CapPolicy)),
        match_cap_fraction=str(draw(st.sampled_from(["1", "0.5", "0.2", "0.0435"]))),
        rounding=draw(st.sampled_from(Rounding)),
        min_payout=draw(st.sampled_from([0, 0, 1, 30])),
        min_donation=draw(st.sampled_from([0, 0, 3])),
        min_donation_scope=draw(st.sampled_from(MinimumScope)),
        convention=draw(st.sampled_from(usable)),
        parameters={
            "root_bits": draw(st.sampled_from([0, 8, 24, 40])),
            "subtract": draw(st.sampled_from(["direct", "squared_roots", "nothing"])),
        },
    )


def audit(round: qf.Round, gifts: list[tuple[str, str, int]], weights: dict[str, Any]) -> list[Fraction]:
    """The ideal matches again, with dicts and `math.isqrt`: inside_root, direct subtracted, no minimum."""
    bits = int(round.mechanism.parameters["root_bits"])
    given_by: dict[tuple[str, str], int] = {}
    for donor, project, amount in gifts:
        given_by[donor, project] = given_by.get((donor, project), 0) + amount
    matches = []
    for project in sorted({project for _, project, _ in gifts}):
        net = [c * int(weights.get(donor, 1) * 10_000) for (donor, name), c in given_by.items() if name == project]
        roots = sum(isqrt(n << 2 * bits) for n in net)
        matches.append(Fraction(max(0, roots**2 - (sum(net) << 2 * bits)), 10_000 << 2 * bits))
    return matches


@given(rounds(), GIFTS, WEIGHTS, LINKS)
def test_settle_when_any_round_then_payouts_and_unspent_are_the_pool(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], links: dict[str, str]
) -> None:
    result = qf.settle(round, gifts, weights=weights, links=links)
    assert sum(result.payouts.values()) + result.unspent == round.pool.amount
    assert all(payout >= 0 for payout in result.payouts.values())
    assert all(payout == 0 or payout >= round.pool.min_payout for payout in result.payouts.values())
    assert sum(result.excluded.values()) <= result.donations == len(gifts)


@given(rounds((WeightConvention.INSIDE_ROOT,)), GIFTS, WEIGHTS)
def test_settle_when_weight_inside_root_then_every_integer_equals_the_audit(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any]
) -> None:
    plain = replace(
        round,
        mechanism=replace(round.mechanism, parameters={**round.mechanism.parameters, "subtract": "direct"}),
        pool=replace(round.pool, min_payout=0),
        eligibility=replace(round.eligibility, min_donation=0),
    )
    result = qf.settle(plain, gifts, weights=weights)
    expected = audit(plain, gifts, weights)
    assert [project.ideal_match for project in result.projects] == expected
    names = sorted({project for _, project, _ in gifts})
    _, capped, _ = twin_divide(expected, [Fraction(0)] * len(expected), plain.pool)
    assert list(result.payouts.values()) == list(twin_to_base_units(capped, plain.pool.rounding, names))


@given(rounds(), GIFTS, WEIGHTS, LINKS, st.randoms(use_true_random=False))
def test_settle_when_rows_are_shuffled_then_the_same_result(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], links: dict[str, str], rng: random.Random
) -> None:
    shuffled = rng.sample(gifts, len(gifts))
    assert qf.settle(round, gifts, weights=weights, links=links) == qf.settle(
        round, shuffled, weights=weights, links=links
    )


SPLIT_SAFE = tuple(convention for convention in WeightConvention if convention is not WeightConvention.PER_DONATION)


@given(rounds(SPLIT_SAFE), GIFTS, WEIGHTS, st.randoms(use_true_random=False))
def test_settle_when_a_gift_is_split_over_transactions_and_wallets_then_the_same_payouts(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], rng: random.Random
) -> None:
    assume(round.eligibility.min_donation_scope is not MinimumScope.DONATION or not round.eligibility.min_donation)
    pieces, links = [], {}
    for donor, project, amount in gifts:
        part = rng.randint(0, amount)
        wallet = f"{donor}-wallet"
        links[wallet] = donor
        pieces += [(donor, project, part)] if part else []
        pieces += [(wallet, project, amount - part)] if amount > part else []
    rng.shuffle(pieces)
    whole = qf.settle(round, gifts, weights=weights)
    split = qf.settle(round, pieces, weights=weights, links=links)
    assert split.payouts == whole.payouts
    assert split.unspent == whole.unspent


@given(GIFTS, st.sampled_from(["list", "numpy", "columns"]))
def test_settle_when_given_in_another_plain_form_then_the_same_result(gifts: list[Any], form: str) -> None:
    import numpy as np

    columns: dict[str, Any] = {
        "donor": [gift[0] for gift in gifts],
        "project": [gift[1] for gift in gifts],
        "amount": [gift[2] for gift in gifts],
    }
    if form == "numpy":
        kind = np.int64 if all(gift[2] < 2**63 for gift in gifts) else object
        columns = {
            "donor": np.array(columns["donor"]),
            "project": columns["project"],
            "amount": np.array(columns["amount"], dtype=kind),
        }
    round = qf.preset("yen", pool=10_000)
    given_as = gifts if form == "list" else columns
    assert qf.settle(round, given_as) == qf.settle(round, [qf.Donation(*gift) for gift in gifts])
