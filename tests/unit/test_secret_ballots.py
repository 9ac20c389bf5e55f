"""Settling from published sums: what is refused, and what the result says."""

from __future__ import annotations

from typing import Any

import pytest

from qf import InputError, NoMatchError, RoundError, preset
from qf.secret_ballots import NOTE, settle_sums

ROUND = preset("clrfund", pool=1_000, parameters={"voice_credit_factor": 10})


def test_settle_sums_when_sums_are_possible_then_contributions_and_notes_are_told() -> None:
    result = settle_sums(ROUND, {"well": (4, 8), "bus": (3, 9)})
    assert [project.project for project in result.projects] == ["bus", "well"]
    assert (result["well"].contributed, result["well"].ideal_match, result["well"].donors) == (80, 80, 0)
    assert result.notes == (NOTE,)
    assert sum(result.payouts.values()) + result.unspent == 1_000


@pytest.mark.parametrize("sums", [(-1, 1), (3, 2), (3, 10), (0, 1)])
def test_settle_sums_when_no_ballots_add_up_to_them_then_refused(sums: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"project well: .* no ballots add up to that"):
        settle_sums(ROUND, {"well": sums, "bus": (3, 9)})


def test_settle_sums_when_several_projects_are_wrong_then_all_are_named() -> None:
    with pytest.raises(InputError) as error:
        settle_sums(ROUND, {" well": (1, 1), "bus": (3, 2), "0x" + "Ab" * 20: (1, 1), "0x" + "aB" * 20: (1, 1)})
    assert len(error.value.problems) == 3


def test_settle_sums_when_the_mechanism_needs_the_donations_then_refused() -> None:
    with pytest.raises(RoundError, match="use alpha_constrained"):
        settle_sums(preset("yen", pool=1_000), {"well": (4, 8)})


@pytest.mark.parametrize(
    ("sums", "told"),
    [
        ({"well": (0, 0)}, "no votes"),
        ({"well": (9, 81)}, "no project has more than one vote"),
        ({"well": (20, 200)}, "smaller than the contributions"),
    ],
)
def test_settle_sums_when_the_contract_would_revert_then_refused(sums: dict[str, tuple[int, int]], told: str) -> None:
    with pytest.raises(NoMatchError, match=told):
        settle_sums(ROUND, sums)


@pytest.mark.parametrize("sums", [("4", "8"), (2.0, 4.0), (None, 4)])
def test_settle_sums_when_sums_are_not_integers_then_named(sums: Any) -> None:
    with pytest.raises(InputError, match=r"project well: .* are not integers"):
        settle_sums(ROUND, {"well": sums})
