"""Every donation counts or is excluded for a reason; when several hold, the first in the list is given."""

from typing import Any

import pytest

import qf
from qf.contributions import count
from qf.eligibility import REASONS, Reason, project_list
from qf.ledger import Donation

ADDRESS = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"


def reasons(donations: list[Donation], rules: dict[str, Any] | None = None, **inputs: Any) -> list[Reason | None]:
    round = qf.preset("yen", pool=100, **(rules or {}))
    counted = count(round, qf.Inputs.of(round, donations, **inputs))
    return [None if code == 0 else REASONS[code - 1] for code in counted.screened.reason.tolist()]


def test_screen_when_project_is_not_listed_then_unknown_project() -> None:
    gifts = [Donation("a", "well", 1), Donation("a", "wall", 1)]
    assert reasons(gifts, projects=["well"]) == [None, Reason.UNKNOWN_PROJECT]
    assert reasons(gifts) == [None, None]


def test_screen_when_outside_the_window_then_closing_moment_is_outside() -> None:
    gifts = [Donation("a", "p", 1, time=time) for time in (99, 100, 199, 200, None)]
    rules = {"opens": 100, "closes": 200}
    assert reasons(gifts, rules) == [
        Reason.BEFORE_OPENING,
        None,
        None,
        Reason.AFTER_CLOSING,
        Reason.TIME_UNKNOWN,
    ]
    assert reasons([Donation("a", "p", 1)], {"opens": 100}) == [Reason.TIME_UNKNOWN]


def test_screen_when_owner_payee_or_linked_account_gives_then_self_donation() -> None:
    project = {"id": "p", "owners": ["ann"], "payout_address": ADDRESS}
    gifts = [Donation(donor, "p", 1) for donor in ("ann", ADDRESS.lower(), "alias", "bob")]
    gifts.append(Donation("ann", "q", 1))
    found = reasons(gifts, projects=[project, "q"], links={"alias": "ann"})
    assert found == [Reason.SELF_DONATION] * 3 + [None, None]
    allowed = reasons(gifts, {"allow_self_donation": True}, projects=[project, "q"])
    assert allowed == [None] * 5


def test_screen_when_owner_is_linked_too_then_self_donation_by_identity() -> None:
    project = {"id": "p", "owners": ["wallet1"]}
    found = reasons([Donation("wallet2", "p", 1)], projects=[project], links={"wallet1": "me", "wallet2": "me"})
    assert found == [Reason.SELF_DONATION]


def test_screen_when_donor_is_barred_then_donor_excluded_in_any_spelling() -> None:
    gifts = [Donation(ADDRESS, "p", 1), Donation("bob", "p", 1)]
    assert reasons(gifts, {"excluded_donors": [ADDRESS.lower()]}) == [Reason.DONOR_EXCLUDED, None]


def test_screen_when_weight_is_zero_then_no_weight() -> None:
    gifts = [Donation("a", "p", 1), Donation("b", "p", 1), Donation("c", "p", 1)]
    weights = {"a": 0, "b": "0.5"}
    assert reasons(gifts, weights=weights) == [Reason.NO_WEIGHT, None, None]
    assert reasons(gifts, {"convention": "gate"}, weights=weights) == [Reason.NO_WEIGHT, Reason.NO_WEIGHT, None]


def test_screen_when_against_and_mechanism_is_for_only_then_against() -> None:
    assert reasons([Donation("a", "p", 1, against=True)]) == [Reason.AGAINST]


def test_minimum_when_per_identity_and_project_then_gifts_are_added_up_first() -> None:
    gifts = [Donation("a", "p", 3), Donation("alias", "p", 3), Donation("a", "q", 3), Donation("b", "p", 5)]
    found = reasons(gifts, {"min_donation": 5}, links={"alias": "a"})
    assert found == [None, None, Reason.BELOW_MINIMUM, None]


def test_minimum_when_per_donation_then_each_by_itself() -> None:
    gifts = [Donation("a", "p", 3), Donation("a", "p", 3), Donation("a", "p", 5)]
    found = reasons(gifts, {"min_donation": 5, "min_donation_scope": "donation"})
    assert found == [Reason.BELOW_MINIMUM, Reason.BELOW_MINIMUM, None]


def test_minimum_when_in_tokens_then_compared_in_the_unit_of_the_round() -> None:
    gifts = [Donation("a", "p", "0.004", token="ETH"), Donation("b", "p", "0.006", token="ETH")]
    found = reasons(gifts, {"min_donation": 1000}, prices={"ETH": (200_000, 18)})
    assert found == [Reason.BELOW_MINIMUM, None]


def test_screen_when_several_reasons_hold_then_the_first() -> None:
    gift = Donation("ann", "wall", 1, time=5)
    assert reasons([gift], {"opens": 100}, projects=["well"], weights={"ann": 0}) == [Reason.UNKNOWN_PROJECT]


def test_result_when_some_are_excluded_then_counted_plus_excluded_is_all() -> None:
    gifts = [Donation("a", "p", 1), Donation("b", "p", 1), Donation("b", "x", 1)]
    result = qf.settle(qf.preset("yen", pool=100), gifts, weights={"a": 0}, projects=["p"])
    assert result.excluded == {Reason.UNKNOWN_PROJECT: 1, Reason.NO_WEIGHT: 1}
    assert result.donations == 3
    assert result["p"].donors == 1


def test_missing_price_when_the_donation_is_excluded_anyway_then_no_error() -> None:
    gifts = [Donation("a", "x", 1, token="ETH"), Donation("a", "p", 1)]
    inputs = {"prices": {"ETH": (1, 0)}, "projects": ["p"]}
    assert reasons(gifts, **inputs) == [Reason.UNKNOWN_PROJECT, None]


def test_projects_when_malformed_then_every_row_is_named() -> None:
    with pytest.raises(qf.ProjectError) as caught:
        project_list(["p", "p", "", {"name": "q"}])
    assert [problem.where for problem in caught.value.problems] == [
        "projects row 2",
        "projects row 3",
        "projects row 4",
    ]


def test_projects_when_owners_are_a_text_then_refused() -> None:
    with pytest.raises(qf.ProjectError, match="owners is the text 'ann', not a list"):
        project_list([{"id": "p", "owners": "ann"}])


def test_attributes_when_accounts_are_linked_then_the_first_in_name_order_speaks() -> None:
    round = qf.preset("yen", pool=100)
    attributes = {"group": {"b": "second", "a": "first", "me": "own"}, "badge": {"b": "2", "a": "1"}}
    links = {"a": "me", "b": "me"}
    counted = count(round, qf.Inputs.of(round, [Donation("a", "p", 1)], links=links, attributes=attributes))
    assert counted.contributions.attributes == {"group": {"me": "own"}, "badge": {"me": "1"}}


@pytest.mark.parametrize("links", [{"evil2": "evil"}, {"evil": "evil2"}, {"evil": "me", "evil2": "me"}])
def test_screen_when_a_barred_donor_gives_through_a_linked_wallet_then_donor_excluded(links: dict[str, str]) -> None:
    gifts = [Donation("evil2", "p", 1), Donation("bob", "p", 1)]
    assert reasons(gifts, {"excluded_donors": ["evil"]}, links=links) == [Reason.DONOR_EXCLUDED, None]
