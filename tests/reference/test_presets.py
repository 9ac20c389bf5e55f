"""The presets reproduce published vectors of the systems they are named after."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import qf


def vectors(shared: Path, name: str) -> Any:
    return json.loads((shared / "vectors" / f"{name}.json").read_text())


def close(value: Fraction, expected: float, tolerance: float) -> bool:
    return abs(float(value) - expected) <= tolerance * max(abs(expected), 1e-9)


def test_gitcoin_grants_stack_when_linear_qf_cases_then_every_integer_is_equal(shared: Path) -> None:
    for case in vectors(shared, "gitcoin_linear_qf")["cases"]:
        options = case["input"]["options"]
        rules = {"policy": "fill"} if options["ignoreSaturation"] else {}
        if "matchingCapAmount" in options:
            rules["match_cap_amount"] = options["matchingCapAmount"]
        gifts = [(row["contributor"], row["recipient"], row["amount"]) for row in case["input"]["contributions"]]
        round = qf.preset("gitcoin_grants_stack", pool=case["input"]["matchAmount"], **rules)
        result = qf.settle(round, gifts)
        for project, expected in case["expected"].items():
            found = result[project]
            assert found.payout == int(expected["matched"]), (case["name"], project)
            assert int(found.scaled_match) == int(expected["matchedWithoutCap"]), (case["name"], project)
            assert found.contributed == int(expected["totalReceived"])


def test_gitcoin_grants_stack_when_coefficients_then_applied_per_donation_and_floored(shared: Path) -> None:
    """The last digit the indexer loses on the way through a float (0.5801 read as 0.5800) is not lost here."""
    for case in vectors(shared, "gitcoin_coefficients")["apply_coefficients"]:
        amount, coefficient = int(case["amountRoundToken"]), case["coefficient"]
        gifts = [("a", "p", amount), ("b", "p", amount)]
        round = qf.preset("gitcoin_grants_stack", pool=1)
        result = qf.settle(round, gifts, weights={"a": coefficient, "b": coefficient})
        exact = amount * int(Fraction(repr(coefficient)) * 10_000) // 10_000
        assert result["p"].contributed == 2 * exact
        assert exact == int(case["expected"]) or coefficient == 0.5801


def test_gitcoin_grants_stack_when_cap_percentages_then_no_basis_point_is_lost(shared: Path) -> None:
    """0.29 %, 4.35 % and 0.57 % are read as 0.28, 4.34 and 0.56 by the indexer."""
    for case in vectors(shared, "gitcoin_coefficients")["cap_percent_to_amount"]:
        fraction = Fraction(repr(case["pct"])) / 100
        cap = qf.preset("gitcoin_grants_stack", pool=case["matchAmount"], match_cap_fraction=fraction).pool.match_cap
        basis_points = int(Fraction(repr(case["pct"])) * 100)
        assert cap == int(int(case["matchAmount"]) * fraction)
        assert cap >= int(case["expected"])
        assert cap // 100 == basis_points


def test_octant_when_published_cases_then_exact_and_recorded_numbers(shared: Path) -> None:
    for case in vectors(shared, "octant_capped_qf")["cases"]:
        gifts = [(row["donor"], row["project"], row["amount"]) for row in case["contributions"]]
        weights = {row["donor"]: row["weight"] for row in case["contributions"]}
        result = qf.settle(
            qf.preset("octant", pool=case["matching_pool"]), gifts, weights=weights, projects=case["projects"]
        )
        for project, expected in case["expected"]["exact_unrounded_matched"].items():
            assert close(result[project].capped_match, float(expected), 1e-12), case["id"]
        for project, recorded in case["expected"]["recorded_octant_v1"]["matched"].items():
            assert abs(result.payouts[project] - int(recorded)) <= 1 + int(recorded) // 10**12, case["id"]


def giveth(fund: int, **rules: Any) -> qf.Round:
    return qf.preset("giveth", pool=fund * 10**6, token="USD", decimals=6, **rules)


def test_giveth_when_eligibility_cases_then_the_sum_of_roots(shared: Path) -> None:
    for case in vectors(shared, "giveth")["eligibility"]:
        rules = case["round"]
        gifts = [(row["donor"], row["project"], row["usd"]) for row in case["donations"]]
        barred = case.get("donor_is_recipient_of_verified", [])
        round = giveth(rules["allocated_fund"], min_donation=str(rules["minimum_valid_usd"]), excluded_donors=barred)
        result = qf.settle(round, gifts, projects=["p0"])
        roots = case["expected"]["sum_sqrt"] or 0
        assert close(result["p0"].ideal_match / 10**6, roots**2, 1e-6), case["id"]
        assert result["p0"].donors == (case["expected"]["unique_qualified_donors"] or 0), case["id"]
        assert result["p0"].contributed == case["expected"]["usd_after"] * 10**6, case["id"]


def test_giveth_when_estimated_matching_then_the_published_shares(shared: Path) -> None:
    for case in vectors(shared, "giveth")["estimated_matching"]:
        given = case.get("projects") or case["projects_by_donor"]
        gifts = [(f"d{n}", project, amount) for project, amounts in given.items() for n, amount in enumerate(amounts)]
        if "projects" in case:
            gifts = [(f"{project}-{donor}", project, amount) for donor, project, amount in gifts]
        result = qf.settle(giveth(case["pool"], match_cap_fraction="1"), gifts)
        for project, expected in case.get("expected", {}).items():
            if project in given:
                assert close(result[project].capped_match / 10**6, expected, 1e-6), case["id"]
        for project, expected in case.get("expected_floor", {}).items():
            assert result.payouts[project] // 10**6 == expected, case["id"]


def test_giveth_when_caps_bind_then_redistributed_as_published(shared: Path) -> None:
    for case in vectors(shared, "giveth")["cap_redistribution"]:
        gifts = [("d", f"p{n}", weight) for n, weight in enumerate(case["weights"])]
        result = qf.settle(giveth(case["fund"], match_cap_fraction=str(case["cap"])), gifts)
        assert [payout / 10**6 for payout in result.payouts.values()] == case["expected"], case["id"]


def test_clr_when_published_cases_then_to_1e_9(shared: Path) -> None:
    for case in vectors(shared, "clr_pairwise")["cases"]:
        given = case["input"]
        gifts = [(donor, project, amount) for project, donor, amount in given["contributions"]]
        cap = given["grant_clr_percentage_cap"]
        rules = {"match_cap_fraction": Fraction(cap, 100)} if cap else {}
        round = qf.preset("clr", pool=int(given["total_pot"]) * 10**18, decimals=18, **rules)
        result = qf.settle(round, gifts, weights=given["trust_bonus"])
        for project, expected in case["expected"]["grants"].items():
            found = result[project]
            assert close(found.capped_match / 10**18, expected["clr_amount"], 1e-9), (case["name"], project)
            assert found.donors == expected["number_contributions"]
            assert found.contributed == int(expected["contribution_amount"]) * 10**18


@pytest.mark.parametrize("percent", [100, 40, 15])
def test_gitcoin_gg_when_published_cases_then_to_1e_9(shared: Path, percent: int) -> None:
    for case in vectors(shared, "gitcoin_variants")["cases"]:
        gifts = [
            (donor, project, amount)
            for donor, row in zip(case["donors"], case["donations"], strict=True)
            for project, amount in zip(case["projects"], row, strict=True)
            if amount
        ]
        round = qf.preset("gitcoin_gg", pool=100_000 * 10**18, decimals=18, match_cap_fraction=Fraction(percent, 100))
        result = qf.settle(round, gifts)
        for project, expected in case["final"][f"COCM|cap{percent}"].items():
            assert close(result[project].capped_match / 10**18, expected, 1e-9), (case["name"], project)


def test_gitcoin_gg_when_donors_are_disjoint_then_it_falls_back_and_says_so() -> None:
    gifts = [("ann", "well", 4), ("bob", "well", 9), ("cy", "bus", 1)]
    result = qf.settle(qf.preset("gitcoin_gg", pool=1_000), gifts)
    assert result.payouts == {"bus": 0, "well": 1_000}
    assert "quadratic was used instead" in result.notes[0]
