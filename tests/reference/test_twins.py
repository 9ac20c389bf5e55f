"""Every mechanism of the registry against its naive twin, through `qf.settle.match`, on rounds hypothesis draws."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qf import Inputs
from qf.mechanisms import REGISTRY, Arithmetic
from qf.round import MechanismRule, Pool, Round, WeightConvention, WeightRule
from qf.settle import match
from qf.units import BaseUnits, Bps
from tests.reference.twins import TWINS, Case

BITS = ["0", "1", "24", "40"]
"""Root bits worth trying."""

OPTIONS: dict[str, dict[str, list[str]]] = {
    "quadratic": {"root_bits": BITS, "subtract": ["direct", "squared_roots", "nothing"]},
    "pairwise": {"strength": ["25", "0.01", "3.5"], "variant": ["bounded", "clr"]},
    "cluster_connection": {
        "style": ["markov", "pct_friends"],
        "variant": ["harsh", "soft"],
        "groups": ["projects", "declared"],
        "when_disjoint": ["quadratic"],
    },
    "cluster_profile": {"root_bits": BITS},
    "cluster_declared": {"root_bits": BITS},
    "proportional": {},
    "headcount": {},
    "equal": {},
    "tunable": {
        "base": ["quadratic", "cluster_profile"],
        "subtract": ["direct", "boosted", "nothing"],
        "boosts": [
            "",
            "tec:linear:max=8:threshold=3",
            "tec:log_linear:max=8:threshold=2,badges:threshold:threshold=1:max=1.5",
            "badges:normal:mean=2:deviation=1.5:max=3,tec:logistic:midpoint=5:steepness=0.7:max=2",
        ],
        "combine": ["max", "sum", "product"],
        "factor": ["1", "8", "0.5"],
        "root_bits": BITS,
    },
    "alpha_constrained": {"voice_credit_factor": ["1", "7", "1000"]},
    "quadratic_voting": {"root_bits": BITS, "negative_votes": ["count", "ignore"]},
    "mix": {
        "first": ["cluster_profile", "proportional", "pairwise"],
        "second": ["quadratic", "equal", "headcount"],
        "share": ["0", "0.25", "1"],
    },
}
"""Parameters worth trying, per mechanism."""

COMMON = frozenset({WeightConvention.INSIDE_ROOT, WeightConvention.GATE, WeightConvention.PER_DONATION})
"""Where every part of the mixes above can put weights."""

ELSEWHERE = {"pairwise": frozenset({WeightConvention.TRUST}), "mix": frozenset(WeightConvention) - COMMON}
"""Conventions that need parameters of their own."""

DONORS, PROJECTS = "abcdef", ("p", "q", "r", "s")
"""Names. Some get nothing, some give nothing."""

RELATIVE = 1e-9
"""How close a mechanism in float64 has to be to its twin."""


def test_every_mechanism_has_a_twin_and_options() -> None:
    assert set(TWINS) == set(REGISTRY), "tests/reference/twins.py: a twin for each mechanism"
    assert set(OPTIONS) == set(REGISTRY), "tests/reference/test_twins.py: options for each mechanism"


def cases(id: str) -> st.SearchStrategy[Case]:
    mechanism = REGISTRY[id]
    pairs = st.tuples(st.sampled_from(DONORS), st.sampled_from(PROJECTS))
    amounts = st.one_of(st.integers(1, 30), st.integers(1, 5_000))
    gifts = st.dictionaries(pairs, amounts, max_size=16)
    conventions = sorted(mechanism.conventions - ELSEWHERE.get(id, frozenset()))
    groups = ["", "north", "south"] + (["north|south", "east | north"] if id == "cluster_connection" else [])
    numbers = st.one_of(st.integers(0, 12).map(str), st.sampled_from(["0.5", "2.75", "1000"]))
    return st.builds(
        Case,
        id=st.just(id),
        gifts=gifts,
        projects=st.just(PROJECTS),
        parameters=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OPTIONS[id].items()}),
        convention=st.sampled_from(conventions),
        weights=st.dictionaries(
            st.sampled_from(DONORS), st.sampled_from([0, 1, 100, 5_000, 9_999, 10_000]), max_size=4
        ),
        against=gifts if mechanism.takes_against else st.just({}),
        attributes=st.fixed_dictionaries(
            {
                "group": st.dictionaries(st.sampled_from(DONORS), st.sampled_from(groups)),
                "tec": st.dictionaries(st.sampled_from([*DONORS, "nobody"]), numbers),
                "badges": st.dictionaries(st.sampled_from([*DONORS, "nobody"]), numbers),
            }
        ),
        unit_decimals=st.sampled_from([0, 2, 18]),
    ).map(scaled)


def scaled(case: Case) -> Case:
    """The same gifts, in thirds where the unit has many decimals: more than fits a machine integer."""
    if case.unit_decimals != 18:
        return case
    gifts, against = ({pair: x * 10**18 // 3 for pair, x in side.items()} for side in (case.gifts, case.against))
    return replace(case, gifts=gifts, against=against)


def found(case: Case) -> dict[str, Fraction]:
    """Return the ideal matches by the mechanism itself."""
    most = Bps(15_000 if case.convention is WeightConvention.TRUST else 10_000)
    round = Round(
        "twin",
        Pool(BaseUnits(1)),
        unit_decimals=case.unit_decimals,
        mechanism=MechanismRule(case.id, case.parameters),
        weights=WeightRule(case.convention, max_weight=most),
    )
    rows: list[tuple[str, str, Any, bool]] = [
        (donor, project, Fraction(amount, 10**case.unit_decimals), side)
        for gifts, side in ((case.gifts, False), (case.against, True))
        for (donor, project), amount in gifts.items()
    ]
    columns = dict(zip(("donor", "project", "amount", "against"), map(list, zip(*rows, strict=True)), strict=False))
    if not REGISTRY[case.id].takes_against:
        columns.pop("against", None)
    inputs = Inputs.of(
        round,
        columns or {"donor": [], "project": [], "amount": []},
        weights={donor: Fraction(bps, 10_000) for donor, bps in case.weights.items()},
        projects=list(case.projects),
        attributes=case.attributes,
    )
    return dict(zip(case.projects, match(round, inputs)[1].amounts.fractions(), strict=True))


def assert_same(case: Case) -> None:
    ours, theirs = found(case), TWINS[case.id](case.screened())
    if REGISTRY[case.id].arithmetic is Arithmetic.INTEGER and case.id != "mix":
        assert ours == theirs
        return
    unit = 1 if case.id == "mix" else 10**case.unit_decimals
    floats = {project: float(match / unit) for project, match in ours.items()}
    assert floats == pytest.approx({project: float(match / unit) for project, match in theirs.items()}, rel=RELATIVE)


@pytest.mark.parametrize("id", REGISTRY)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mechanism_and_its_twin_give_the_same(id: str, data: st.DataObject) -> None:
    assert_same(data.draw(cases(id)))


@settings(max_examples=60)
@given(data=st.data())
def test_pairwise_with_trust_and_its_twin_give_the_same(data: st.DataObject) -> None:
    case = data.draw(cases("pairwise"))
    weights = data.draw(st.dictionaries(st.sampled_from(DONORS), st.sampled_from([5_000, 10_500, 15_000])))
    parameters = {**case.parameters, "variant": "clr"}
    assert_same(replace(case, convention=WeightConvention.TRUST, weights=weights, parameters=parameters))
