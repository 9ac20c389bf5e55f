"""An explanation accounts for every donation, and "without this donor" is a settlement without this donor."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qf
from qf.explain import explain_donor, explain_project

DONORS = [f"donor{n}" for n in range(5)]
PROJECTS = ["bus", "park", "well"]
GIFT = st.tuples(st.sampled_from(DONORS), st.sampled_from([*PROJECTS, "unlisted"]), st.integers(1, 10**4))
GIFTS = st.one_of(st.lists(GIFT, min_size=1, max_size=4), st.lists(GIFT, min_size=8, max_size=20))
WEIGHTS = st.dictionaries(st.sampled_from(DONORS), st.sampled_from(["0", "0.3", "1"]), max_size=5)
LINKS = st.dictionaries(st.sampled_from(DONORS), st.just("person"), max_size=2)
ROUNDS = st.builds(
    lambda mechanism, cap, least: qf.preset(
        "yen", pool=10**6, parameters={"id": mechanism}, cap=cap, match_cap_fraction="0.4", min_donation=least
    ),
    st.sampled_from(["quadratic", "proportional", "headcount", "cluster_profile"]),
    st.sampled_from(["clip", "redistribute", "iterative"]),
    st.sampled_from([0, 50]),
)
LISTED = [{"id": name, "owners": ["donor2"] if name == "park" else []} for name in PROJECTS]


def capped(round: qf.Round, gifts: list[Any], evidence: dict[str, Any]) -> dict[str, Fraction]:
    result = qf.settle(round, gifts, projects=LISTED, **evidence)
    return {project.project: project.capped_match for project in result.projects}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ROUNDS, GIFTS, WEIGHTS, LINKS)
def test_explanations_when_all_donors_are_asked_then_every_donation_is_accounted_for(
    round: qf.Round, gifts: list[Any], weights: dict[str, str], links: dict[str, str]
) -> None:
    evidence: dict[str, Any] = {"weights": weights, "links": links}
    inputs = qf.Inputs.of(round, gifts, projects=LISTED, **evidence)
    result = qf.settle(round, gifts, projects=LISTED, **evidence)
    people = {links.get(donor, donor) for donor, _, _ in gifts}
    told = [explain_donor(round, inputs, person) for person in sorted(people)]
    donations = [donation for one in told for donation in one.donations]
    assert Counter((d.account, d.project, d.amount) for d in donations) == Counter(gifts)
    assert Counter(d.reason for d in donations if d.reason is not None) == result.excluded
    given_to: Counter[str] = Counter()
    for one in told:
        mine = [gift for gift in gifts if links.get(gift[0], gift[0]) != one.identity]
        before, after = capped(round, gifts, evidence), capped(round, mine, evidence)
        for effect in one.projects:
            given_to[effect.project] += effect.given
            assert (effect.match, effect.match_without) == (before[effect.project], after[effect.project])
    assert all(given_to[project.project] == project.contributed for project in result.projects)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ROUNDS, GIFTS, WEIGHTS, LINKS, st.sampled_from(PROJECTS))
def test_project_when_explained_then_each_donor_as_if_settled_without(
    round: qf.Round, gifts: list[Any], weights: dict[str, str], links: dict[str, str], project: str
) -> None:
    evidence: dict[str, Any] = {"weights": weights, "links": links}
    told = explain_project(round, qf.Inputs.of(round, gifts, projects=LISTED, **evidence), project)
    assert told.counted + sum(told.excluded.values()) == sum(gift[1] == project for gift in gifts)
    assert told.result is not None
    assert told.result.donors == len(told.donors)
    assert told.result.contributed == sum(effect.given for effect in told.donors)
    for effect in told.donors:
        others = [gift for gift in gifts if links.get(gift[0], gift[0]) != effect.identity]
        assert effect.match == told.result.capped_match
        assert effect.match_without == capped(round, others, evidence)[project]
