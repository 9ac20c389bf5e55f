"""Explanations: every reason in words, and the numbers of a worked example."""

from typing import Any

import pytest

import qf
from qf.estimate.words import REASON_SENTENCES, reason_sentence
from qf.explain import DonorExplanation, explain_donor, explain_project
from qf.inputs import Inputs

GIFTS = [("ann", "well", 400), ("bob", "well", 100), ("ann", "bus", 100), ("cy", "bus", 100)]


def leave(**rules: Any) -> qf.Round:
    return qf.preset("yen", pool=100_000, policy="leave", **rules)


def explained(round: qf.Round, donor: str, gifts: Any = GIFTS, **evidence: Any) -> DonorExplanation:
    return explain_donor(round, Inputs.of(round, gifts, **evidence), donor)


def test_donor_when_explained_then_payout_with_and_without() -> None:
    told = explained(leave(), "ann")
    assert [(effect.project, effect.given, effect.payout, effect.payout_without) for effect in told.projects] == [
        ("bus", 100, 200, 0),
        ("well", 400, 400, 0),
    ]
    assert [effect.leverage for effect in told.projects] == [2, 1]
    assert [donation.id for donation in told.donations] == ["ann/bus/1", "ann/well/1"]
    assert {donation.sentence for donation in told.donations} == {"Counted in full."}
    assert (told.identity, told.accounts, told.weight) == ("ann", ("ann",), 10_000)


def test_donor_when_accounts_are_linked_then_all_are_explained() -> None:
    told = explained(leave(), "bob", links={"ann": "bob"})
    assert (told.identity, told.accounts) == ("bob", ("ann", "bob"))
    assert len(told.donations) == 3
    assert explained(leave(), "ann", links={"ann": "bob"}).donations == told.donations


def test_donor_when_weight_is_half_then_said() -> None:
    told = explained(leave(), "ann", weights={"ann": "0.5"})
    assert told.donations[0].sentence == "Counted with a weight of 0.5."
    assert told.weight == 5_000


def test_donor_when_excluded_then_why_and_nothing_changes() -> None:
    told = explained(leave(), "ann", weights={"ann": 0})
    assert [donation.reason for donation in told.donations] == [qf.Reason.NO_WEIGHT] * 2
    assert told.projects == ()


def test_donor_when_gifts_are_in_tokens_then_worth_in_round_units() -> None:
    gifts = [qf.Donation("ann", "well", "1.5", token="TOK", time=5), qf.Donation("bob", "well", 100)]
    told = explained(leave(), "ann", gifts, prices={"TOK": (10, 2)})
    (donation,) = told.donations
    assert (donation.amount, donation.token, donation.decimals, donation.value) == (150, "TOK", 2, 15)
    assert donation.time == 5


def test_donor_when_weighted_per_donation_then_given_is_what_was_given() -> None:
    told = explained(leave(convention="per_donation"), "ann", weights={"ann": "0.5"})
    assert [effect.given for effect in told.projects] == [100, 400]


def test_donor_when_the_payout_token_has_no_price_then_no_leverage() -> None:
    round = qf.preset("yen", pool=100, token="ETH")
    assert {effect.leverage for effect in explained(round, "ann").projects} == {None}


def test_donor_when_undefined_without_then_noted() -> None:
    round = qf.preset("clrfund", pool=10**6, parameters={"voice_credit_factor": 1})
    told = explained(round, "ann", [("ann", "well", 4), ("bob", "well", 4)])
    assert told.notes == (
        "without this donor, nothing is matched: nothing to match: no project has more than one vote (or the cap is 0)",
    )
    assert told.projects[0].payout_without == 0


def test_donor_when_unknown_then_similar_names() -> None:
    with pytest.raises(qf.InputError, match="donor an: gave nothing in this round; did you mean ann"):
        explained(leave(), "an")


def test_project_when_explained_then_donors_and_exclusions() -> None:
    round = leave(min_donation="50")
    inputs = Inputs.of(round, [*GIFTS, ("dan", "well", 9), ("eve", "well", 90)], weights={"eve": 0}, projects=["well"])
    told = explain_project(round, inputs, "well", limit=1)
    assert told.result is not None
    assert (told.result.payout, told.counted) == (400, 2)
    assert told.excluded == {qf.Reason.NO_WEIGHT: 1, qf.Reason.BELOW_MINIMUM: 1}
    (ann,) = told.donors
    assert (ann.identity, ann.given, ann.donations, ann.match, ann.match_without) == ("ann", 400, 1, 400, 0)
    assert ann.payout is None


def test_project_when_listed_then_its_title() -> None:
    inputs = Inputs.of(leave(), GIFTS, projects=["bus", {"id": "well", "title": "A well"}])
    assert explain_project(leave(), inputs, "well").title == "A well"


def test_project_when_unknown_then_similar_names() -> None:
    with pytest.raises(qf.ProjectError, match="did you mean well"):
        explain_project(leave(), Inputs.of(leave(), GIFTS), "wel")


def test_project_when_undefined_then_no_result() -> None:
    round = qf.preset("clrfund", pool=1, parameters={"voice_credit_factor": 1})
    told = explain_project(round, Inputs.of(round, GIFTS), "well")
    assert told.result is None
    assert told.notes[0].startswith("nothing is matched")


@pytest.mark.parametrize("reason", qf.Reason)
def test_reason_when_put_in_words_then_what_to_do_is_in_it(reason: qf.Reason) -> None:
    assert reason in REASON_SENTENCES
    assert reason_sentence(reason, leave(min_donation="5")).endswith(".")


def test_reason_when_the_rule_is_a_gate_then_below_one() -> None:
    assert "is below 1" in reason_sentence(qf.Reason.NO_WEIGHT, leave(convention="gate"))


def test_project_when_the_cap_is_a_loop_over_many_projects_then_still_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    gifts = [(f"d{n}", f"p{project}", (project + 1) * (n + 1)) for project in range(30) for n in range(4)]
    round = qf.preset("yen", pool=10**6, cap="iterative", match_cap_fraction="0.05")
    monkeypatch.setattr("qf.estimate.division.EXACT_PROJECTS", 0)
    (largest,) = explain_project(round, Inputs.of(round, gifts), "p3", limit=1).donors
    without = qf.settle(round, [gift for gift in gifts if gift[0] != largest.identity])["p3"].capped_match
    assert largest.match_without == without
