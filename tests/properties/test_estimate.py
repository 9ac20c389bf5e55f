"""An estimate is the difference of two settlements, and an estimator that was told of gifts one by one forgets none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qf
from qf.caps import one_pass, redistribute
from qf.estimate import Estimator, division
from qf.estimate.engines import has_closed_form
from qf.round import CapPolicy, MinimumScope, PoolPolicy, WeightConvention
from qf.units import Amounts

DONORS = st.sampled_from([f"donor{n}" for n in range(6)])
PROJECTS = ["bus", "park", "well", "wifi"]
AMOUNTS = st.one_of(st.integers(1, 50), st.integers(1, 10**6), st.integers(1, 2**70))
GIFT = st.tuples(DONORS, st.sampled_from(PROJECTS), AMOUNTS)
GIFTS = st.one_of(st.lists(GIFT, max_size=4), st.lists(GIFT, min_size=8, max_size=25))
WEIGHTS = st.dictionaries(DONORS, st.integers(0, 10_000).map(lambda bps: Fraction(bps, 10_000)), max_size=6)
LINKS = st.dictionaries(DONORS, st.sampled_from(["person", "donor5x"]), max_size=3)
ADDITIVE = ["quadratic", "alpha_constrained", "proportional", "headcount", "equal", "quadratic_voting"]
NOT_ADDITIVE = ["pairwise", "cluster_profile", "cluster_connection"]


def rules(mechanism: str, draw: st.DrawFn) -> dict[str, Any]:
    found = qf.mechanism(mechanism)
    money = found.monetary
    policies = list(PoolPolicy) if money else [PoolPolicy.FILL]
    caps = [cap for cap in CapPolicy if money or cap is not CapPolicy.CLIP_IDEAL]
    conventions = sorted(found.conventions - {WeightConvention.TRUST})
    policy = draw(st.sampled_from(policies))
    return {
        "pool": draw(st.one_of(st.integers(1, 1000), st.integers(1, 2**80))),
        "policy": policy,
        "cap": draw(st.sampled_from(caps)),
        "match_cap_fraction": str(draw(st.sampled_from(["1", "0.5", "0.3", "0.2", "0.0435"]))),
        "min_payout": draw(st.sampled_from([0, 0, 0, 30])) if policy is not PoolPolicy.ALPHA else 0,
        "min_donation": draw(st.sampled_from([0, 0, 30])),
        "min_donation_scope": draw(st.sampled_from(MinimumScope)),
        "convention": draw(st.sampled_from(conventions)),
    }


@st.composite
def rounds(draw: st.DrawFn, mechanisms: list[str]) -> qf.Round:
    """Any round under one of `mechanisms` that can be settled on any gifts."""
    mechanism = draw(st.sampled_from(mechanisms))
    own: dict[str, Any] = {}
    if mechanism == "quadratic":
        subtracted = st.sampled_from(["direct", "squared_roots", "nothing"])
        own = {"root_bits": draw(st.sampled_from([0, 24])), "subtract": draw(subtracted)}
    if mechanism == "alpha_constrained":
        own = {"voice_credit_factor": draw(st.sampled_from([1, 7]))}
    given = rules(mechanism, draw)
    default = draw(st.sampled_from(["1", "1", "0", "0.3"]))
    excluded = draw(st.sampled_from([[], ["donor1"]]))
    return qf.preset("yen", parameters={"id": mechanism, **own}, default=default, excluded_donors=excluded, **given)


LISTED = [{"id": name, "owners": ["donor2"] if name == "park" else []} for name in PROJECTS]


def inputs_of(round: qf.Round, gifts: list[Any], evidence: dict[str, Any]) -> qf.Inputs:
    return qf.Inputs.of(round, gifts, projects=LISTED, **evidence)


def capped(round: qf.Round, gifts: list[Any], evidence: dict[str, Any]) -> dict[str, Fraction]:
    """The capped matches of a settlement; nothing where it is undefined."""
    try:
        result = qf.settle(round, gifts, projects=LISTED, **evidence)
    except qf.NoMatchError:
        return dict.fromkeys(PROJECTS, Fraction(0))
    return {project.project: project.capped_match for project in result.projects}


def evidence_of(weights: dict[str, Any], links: dict[str, str]) -> dict[str, Any]:
    return {"weights": weights, "links": links}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(rounds(ADDITIVE), GIFTS, WEIGHTS, LINKS, GIFT)
def test_estimate_when_additive_then_the_difference_of_two_settlements(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], links: dict[str, str], gift: tuple[str, str, int]
) -> None:
    evidence = evidence_of(weights, links)
    donor, project, amount = gift
    estimate = Estimator.of(round, inputs_of(round, gifts, evidence)).estimate(project, amount, donor=donor)
    before, after = capped(round, gifts, evidence), capped(round, [*gifts, gift], evidence)
    assert estimate.match_before == before[project]
    assert estimate.match_after == after[project]
    assert estimate.low <= estimate.gain <= estimate.high
    assert not has_closed_form(round) or (estimate.exact and estimate.low == estimate.high)
    if estimate.reason is not None:
        assert estimate.gain == 0 and estimate.note
        plain = replace(round, pool=qf.Pool(round.pool.amount))
        excluded = qf.settle(plain, [*gifts, gift], projects=LISTED, **evidence).excluded
        assert excluded.get(estimate.reason, 0) > 0


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(rounds(ADDITIVE), GIFTS, WEIGHTS, LINKS, st.lists(GIFT, min_size=1, max_size=6), GIFT)
def test_add_when_gifts_come_one_by_one_then_as_if_they_had_been_there(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], links: dict[str, str], more: list[Any], last: Any
) -> None:
    evidence = evidence_of(weights, links)
    live = Estimator.of(round, inputs_of(round, gifts, evidence))
    for donor, project, amount in more:
        live.add(donor, project, amount)
    rebuilt = Estimator.of(round, inputs_of(round, [*gifts, *more], evidence))
    for donor in (last[0], None):
        assert live.estimate(last[1], last[2], donor=donor) == rebuilt.estimate(last[1], last[2], donor=donor)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    rounds(ADDITIVE),
    GIFTS,
    WEIGHTS,
    LINKS,
    st.lists(st.tuples(st.sampled_from(PROJECTS), AMOUNTS), min_size=1, max_size=5),
)
def test_cart_when_several_gifts_then_as_settled_together(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], links: dict[str, str], cart: list[Any]
) -> None:
    evidence = evidence_of(weights, links)
    estimates = Estimator.of(round, inputs_of(round, gifts, evidence)).cart(cart, donor="donor0")
    after = capped(round, [*gifts, *(("donor0", project, amount) for project, amount in cart)], evidence)
    assert [estimate.project for estimate in estimates] == list(dict.fromkeys(project for project, _ in cart))
    assert all(estimate.match_after == after[estimate.project] for estimate in estimates)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(rounds(NOT_ADDITIVE), GIFTS, WEIGHTS, LINKS, GIFT, GIFT)
def test_estimate_when_not_additive_then_also_two_settlements(
    round: qf.Round, gifts: list[Any], weights: dict[str, Any], links: dict[str, str], added: Any, gift: Any
) -> None:
    evidence = evidence_of(weights, links)
    estimator = Estimator.of(round, inputs_of(round, gifts, evidence))
    estimator.add(*added)
    estimate = estimator.estimate(gift[1], gift[2], donor=gift[0])
    before, after = capped(round, [*gifts, added], evidence), capped(round, [*gifts, added, gift], evidence)
    assert (estimate.match_before, estimate.match_after) == (before[gift[1]], after[gift[1]])
    assert estimate.low <= estimate.gain <= estimate.high


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(GIFTS, st.sampled_from(["0.5", "0.3", "0.26", "0.2"]), st.integers(100, 10**6), GIFT)
def test_estimate_when_iterative_cap_is_bounded_then_the_settlement_lies_in_the_range(
    monkeypatch: pytest.MonkeyPatch, gifts: list[Any], fraction: str, pool: int, gift: Any
) -> None:
    monkeypatch.setattr(division, "EXACT_PROJECTS", 0)
    round = qf.preset("yen", pool=pool, cap="iterative", match_cap_fraction=fraction)
    estimate = Estimator.of(round, inputs_of(round, gifts, {})).estimate(gift[1], gift[2], donor=gift[0])
    before, after = capped(round, gifts, {}), capped(round, [*gifts, gift], {})
    gain = after[gift[1]] - before[gift[1]]
    assert estimate.low <= gain <= estimate.high
    assert not estimate.exact or gain == estimate.gain


@given(
    st.lists(st.tuples(DONORS, st.sampled_from(PROJECTS), st.integers(1, 10**6), st.sampled_from(["", "TOK", "BIG"]))),
    st.sampled_from(["inside_root", "per_donation"]),
    st.sampled_from([0, 40]),
    st.sampled_from(["", "TOK", "BIG"]),
)
def test_estimate_when_gifts_are_in_tokens_then_only_their_sum_is_cut(
    rows: list[Any], convention: str, least: int, token: str
) -> None:
    evidence = {"prices": {"TOK": ("0.3", 0), "BIG": ("7.77", 2)}, "weights": {"donor1": "0.35"}}
    round = qf.preset("yen", pool=10**9, convention=convention, min_donation=least)
    donations = [qf.Donation(d, p, Fraction(a, 100) if t == "BIG" else a, token=t) for d, p, a, t in rows]
    gift = qf.Donation("donor1", "well", 17, token=token)
    estimate = Estimator.of(round, inputs_of(round, donations, evidence)).estimate("well", 17, "donor1", token=token)
    assert estimate.match_before == capped(round, donations, evidence)["well"]
    assert estimate.match_after == capped(round, [*donations, gift], evidence)["well"]


AMOUNT_LISTS = st.lists(
    st.one_of(st.integers(0, 5), st.integers(0, 10**6), st.integers(0, 2**90)), min_size=1, max_size=60
)


@given(AMOUNT_LISTS, st.integers(1, 60), st.sampled_from(["redistribute", "one_pass"]))
def test_water_when_many_projects_then_as_the_cap_on_all_of_them(values: list[int], part: int, policy: str) -> None:
    total = sum(values)
    cap = total // part
    capped = {"redistribute": redistribute, "one_pass": one_pass}[policy](Amounts(tuple(values)), cap).fractions()
    ranked, level = sorted(values), Fraction(cap)
    if policy == "one_pass":
        factor = division.handed_out(ranked, total, level)
        assert list(capped) == [min(level, value * factor) for value in values]
    else:
        smallest, factor, pinned = division.water(ranked, total, level)
        expected = [level if 0 < smallest <= value else value * factor for value in values]
        assert list(capped) == expected
        assert pinned == sum(0 < smallest <= value for value in values)
