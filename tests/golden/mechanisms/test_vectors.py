"""Each mechanism against numbers that somebody else's program gave: Gitcoin, TEC, clr.fund, the Japanese round."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from qf import NoMatchError, preset, settle
from qf.allocate import Totals, allocate
from qf.inputs import Inputs
from qf.mechanisms import IdealMatch, mechanism
from qf.round import CapPolicy, MechanismRule, Pool, Round
from qf.secret_ballots import settle_sums
from qf.settle import match
from qf.units import Amounts, BaseUnits, to_units

RELATIVE = 1e-9
"""What the sources themselves give as tolerance."""

RAW = {
    "standard_qf": ("quadratic", {"root_bits": "40"}),
    "pairwise_M0.01": ("pairwise", {"strength": "0.01", "variant": "clr"}),
    "pairwise_M25": ("pairwise", {"strength": "25", "variant": "clr"}),
    "donation_profile_clustermatch": ("cluster_profile", {"root_bits": "40"}),
    "COCM_markov_harsh": ("cluster_connection", {}),
    "COCM_markov_soft": ("cluster_connection", {"variant": "soft"}),
    "COCM_pct_friends_harsh": ("cluster_connection", {"style": "pct_friends"}),
}
"""Names in qf-calculator, and the same with us. `COCM_og_soft` has no counterpart: nobody uses it."""

FINAL = {
    "QF": ("quadratic", {"root_bits": "40"}),
    "COCM": ("cluster_connection", {}),
    "half-and-half": ("mix", {"second.root_bits": "40"}),
    "pctCOCM": ("mix", {"share": "0.25", "second.root_bits": "40"}),
}
"""The same for what is normalised, capped and paid from a pool of 100,000."""


def vectors(shared: Path, name: str) -> dict[str, Any]:
    return json.loads((shared / "vectors" / name).read_text("utf-8"))


def round_with(id: str, parameters: Mapping[str, str], pool: int = 10**6, **pool_rules: Any) -> Round:
    return Round(
        "vector",
        Pool(BaseUnits(pool), **pool_rules),
        unit_decimals=18,
        mechanism=MechanismRule(id, parameters),
    )


def gifts_of(case: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    return [
        (donor, project, amount)
        for donor, row in zip(case["donors"], case["donations"], strict=True)
        for project, amount in zip(case["projects"], row, strict=True)
        if amount
    ]


@pytest.mark.parametrize("name", RAW)
def test_raw_match_when_computed_by_qf_calculator_then_the_same(shared: Path, name: str) -> None:
    for case in vectors(shared, "gitcoin_variants.json")["cases"]:
        round = round_with(*RAW[name])
        counted, ideal = match(round, Inputs.of(round, gifts_of(case)))
        found = {
            project: float(amount) / 10**18
            for project, amount in zip(counted.contributions.projects, ideal.amounts.fractions(), strict=True)
        }
        assert found == pytest.approx(case["raw"][name], rel=RELATIVE, abs=1e-12), case["name"]


@pytest.mark.parametrize("name", FINAL)
@pytest.mark.parametrize("cap", [100, 40, 15])
def test_capped_match_when_computed_by_qf_calculator_then_the_same(shared: Path, name: str, cap: int) -> None:
    for case in vectors(shared, "gitcoin_variants.json")["cases"]:
        pool = 100_000 * 10**18
        rules = {"cap": CapPolicy.REDISTRIBUTE, "match_cap_fraction": Fraction(cap, 100), "decimals": 18}
        result = settle(round_with(*FINAL[name], pool=pool, **rules), gifts_of(case))
        found = {project.project: float(project.capped_match) / 10**18 for project in result.projects}
        assert found == pytest.approx(case["final"][f"{name}|cap{cap}"], rel=RELATIVE, abs=1e-9), case["name"]


def test_clr_when_computed_by_clr_py_then_the_same(shared: Path) -> None:
    for case in vectors(shared, "clr_pairwise.json")["cases"]:
        given, expected = case["input"], case["expected"]
        cap = given["grant_clr_percentage_cap"]
        round = preset(
            "clr",
            pool=int(given["total_pot"]) * 10**18,
            decimals=18,
            parameters={"strength": str(given["v_threshold"])},
            **({"match_cap_fraction": str(Fraction(cap) / 100 * 1.0)} if cap else {}),
        )
        gifts = [(donor, project, str(amount)) for project, donor, amount in given["contributions"]]
        result = settle(round, gifts, weights={name: str(trust) for name, trust in given["trust_bonus"].items()})
        found = {project.project: float(project.capped_match) / 10**18 for project in result.projects}
        wanted = {name: row["clr_amount"] for name, row in expected["grants"].items()}
        assert found == pytest.approx(wanted, rel=RELATIVE), case["name"]


def test_secret_ballots_when_summed_by_clr_fund_then_paid_to_the_wei(shared: Path) -> None:
    for case in vectors(shared, "clrfund_alpha.json")["cases"]:
        columns = zip(case["tally_votes"], case["spent_voice_credits"], strict=True)
        sums = {f"option {place:03d}": (int(votes), int(spent)) for place, (votes, spent) in enumerate(columns)}
        parameters = {"voice_credit_factor": case["voice_credit_factor"]}
        result = settle_sums(preset("clrfund", pool=case["budget"], parameters=parameters), sums)
        paid = list(result.payouts.values())
        if "expected_by_index" in case:
            wanted = {int(row["index"]): int(row["allocated"]) for row in by_index(case)}
            assert {place: paid[place] for place in wanted} == wanted, case["id"]
        else:
            assert paid == [int(amount) for amount in case["expected"]["allocated"]], case["id"]
        assert result.arithmetic == "integer" and result.notes


def by_index(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = case["expected_by_index"]
    return [{"index": index, "allocated": amount} for index, amount in rows.items()] if isinstance(rows, dict) else rows


def test_quadratic_voting_when_held_in_japan_in_2025_then_the_published_shares(shared: Path) -> None:
    case = vectors(shared, "quadratic_vote_2025.json")
    rows = [
        {"donor": f"d{donor:03d}", "project": project, "amount": votes**2, "against": votes < 0}
        for donor, row in enumerate(case["votes"])
        for project, votes in zip(case["projects"], row, strict=True)
        if votes
    ]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    parameters = {"negative_votes": "ignore", "credits": "100"}
    round = Round("2025", Pool(BaseUnits(250_000)), mechanism=MechanismRule("quadratic_voting", parameters))
    result = settle(round, columns)
    totals = [result[project].ideal_match for project in case["projects"]]
    assert totals == case["expected_qv_votes"]
    shares = [float(result[project].scaled_match) for project in case["projects"]]
    assert shares == pytest.approx(case["expected_qv_allocation"], rel=RELATIVE)


def table(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(10**7)
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("boosted", [False, True])
def test_tunable_when_run_for_tegr3_then_the_published_table(shared: Path, boosted: bool) -> None:
    """Their tool takes the mean of repeated gifts, and subtracts the sum: so here S**2 is ours, E is added by hand."""
    folder, published = shared / "data" / "tec_rounds", vectors(shared, "tec_tegr3_exact.json")
    title = {row["Grant Address"].lower(): row["Grant Name"] for row in table(folder / "tegr3_grants.csv")}
    given: defaultdict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for row in table(folder / "tegr3_vote_coefficients-0x0F0b9d9F72C1660905C57864e79CeB409ADa0C9e.csv"):
        given[row["voter"], title[row["grantAddress"].lower()]].append(Fraction(row["amountUSD"]))
    means = [(*pair, Fraction(int(sum(gifts) / len(gifts) * 10**18), 10**18)) for pair, gifts in given.items()]
    holders = {
        name: {row["address"]: row["balance"] for row in table(folder / f"tegr3_{name}_holders.csv")}
        for name in ("tec", "tea")
    }
    parameters = {"subtract": "nothing"} if boosted else {"subtract": "nothing", "boosts": ""}
    round = preset("tec_tegr3", pool=50_000 * 10**18, decimals=18, parameters={**parameters, "root_bits": 40})
    inputs = Inputs.of(round, means, attributes=holders)
    counted, ideal = match(round, inputs)
    projects = counted.contributions.projects
    direct = {name: sum(sum(gifts) for (_, project), gifts in given.items() if project == name) for name in projects}
    squares = zip(projects, ideal.amounts.fractions(), strict=True)
    matches = Amounts.of([square - to_units(direct[name], 18) for name, square in squares])
    less = IdealMatch(matches, ideal.direct)
    result = allocate(round, less, inputs.prices, Totals.of(counted, less))
    found = {project.project: float(project.capped_match) / 10**18 for project in result.projects}
    wanted = published["expected_boosted" if boosted else "expected_unboosted"]
    assert found == pytest.approx(wanted, abs=1e-6)


def test_connection_when_donors_are_disjoint_then_it_refuses_or_falls_back_and_says_so() -> None:
    gifts = [("ann", "well", 4), ("bob", "well", 9), ("cy", "bus", 1)]
    with pytest.raises(NoMatchError, match="when_disjoint"):
        settle(round_with("cluster_connection", {}), gifts)
    result = settle(round_with("cluster_connection", {"when_disjoint": "quadratic"}), gifts)
    assert "quadratic was used instead" in result.notes[0]
    assert result.arithmetic == mechanism("quadratic").arithmetic
    assert result["well"].ideal_match == 12 * 10**18


def test_alpha_when_given_donations_or_their_sums_then_the_same_payouts() -> None:
    round = preset("clrfund", pool=10_000, parameters={"voice_credit_factor": 10})
    gifts = [("ann", "well", 95), ("bob", "well", 400), ("cy", "bus", 2_509), ("ann", "bus", 9)]
    settled = settle(round, gifts)
    summed = settle_sums(round, {"well": (3 + 6, 9 + 36), "bus": (15, 225)})
    assert settled.payouts == summed.payouts
