"""Comparisons: what a name stands for, who gains, and that one undefined mechanism spoils nothing."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import qf
from qf.compare import Comparison, compare, gini, hhi, top_share
from qf.compare.choices import choice_of
from qf.compare.plot import plot
from qf.inputs import Inputs

GIFTS = [("ann", "bus", 90), ("ann", "well", 10), ("bob", "well", 10)]


def compared(*names: str, **rules: Any) -> Comparison:
    round = qf.preset("yen", pool=100, **rules)
    return compare(round, Inputs.of(round, GIFTS), names)


def test_compare_when_two_mechanisms_then_who_gains_and_loses() -> None:
    told = compared("quadratic", "proportional", "equal")
    first, second, third = told.outcomes
    assert told.projects == ("bus", "well")
    assert (first.payouts, first.gainers, first.losers) == ({"bus": 0, "well": 100}, (), ())
    assert (second.payouts, second.gainers, second.losers) == ({"bus": 82, "well": 18}, ("bus",), ("well",))
    assert second.differences == {"bus": 82, "well": -82}
    assert third.shares == {"bus": Fraction(1, 2), "well": Fraction(1, 2)}
    assert (first.gini, first.top_share, first.hhi, first.paid) == (Fraction(1, 2), 1, 1, 1)
    assert (third.gini, third.top_share, third.hhi, third.paid) == (0, Fraction(1, 2), Fraction(1, 2), 2)


def test_compare_when_a_mechanism_is_undefined_then_its_row_says_why() -> None:
    first, second = compared("quadratic", "alpha_constrained", policy="alpha").outcomes
    assert "smaller than the contributions" in first.error
    assert first.payouts == {} and first.unspent == 100
    assert second.differences == {}
    third = compared("quadratic", "headcount", policy="leave").outcomes[1]
    assert "gives proportions, not money" in third.error


def test_compare_when_the_convention_does_not_fit_then_said() -> None:
    (outcome,) = compared("proportional", convention="on_root").outcomes
    assert outcome.notes == ("proportional cannot apply the weights as on_root; it applies them as inside_root",)
    (gate,) = compared("alpha_constrained").outcomes
    assert "it applies them as gate" in gate.notes[0]
    (trust,) = compared("clr").outcomes
    assert (trust.mechanism, trust.parameters["variant"], trust.error) == ("pairwise", "clr", "")


def test_choice_when_a_preset_then_its_parameters_but_the_rules_of_the_round() -> None:
    round = qf.preset("yen", pool=100, match_cap_fraction="0.5")
    choice = choice_of(round, "octant")
    assert choice.round.mechanism.parameters == {"root_bits": "40", "subtract": "nothing"}
    assert choice.round.pool == round.pool


def test_choice_when_parameters_hold_commas_then_kept_together() -> None:
    round = qf.preset("yen", pool=100)
    boosts = "tec:linear:max=8:threshold=10,tea:linear:max=8:threshold=1"
    choice = choice_of(round, f"tunable:boosts={boosts},factor=2")
    assert choice.round.mechanism.parameters["boosts"] == boosts
    assert choice.round.mechanism.parameters["factor"] == "2"
    mixed = choice_of(round, "mix:first=pairwise,first.strength=5")
    assert mixed.round.mechanism.parameters["first.strength"] == "5"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("quadratc", "did you mean quadratic"),
        ("nonsense", "known: quadratic"),
        ("quadratic:bits=3", "sets none of them; known: root_bits, subtract"),
        ("quadratic:subtract=all", "is not one of direct"),
    ],
)
def test_choice_when_wrong_then_told(text: str, told: str) -> None:
    with pytest.raises(qf.RoundError, match=told):
        choice_of(qf.preset("yen", pool=100), text)


def test_measures_when_nothing_is_paid_then_nothing() -> None:
    assert gini([0, 0]) == top_share([]) == hhi([0]) == 0


def test_gini_when_differences_are_added_then_the_same() -> None:
    values = [3, 1, 4, 1, 5, 9, 2, 6]
    mean = Fraction(sum(values), len(values))
    pairs = sum(abs(x - y) for x in values for y in values)
    assert gini(values) == Fraction(pairs) / (2 * len(values) ** 2 * mean)


def test_plot_when_drawn_twice_then_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    told = compared("quadratic", "proportional")
    for name in ("a.svg", "b.svg", "c.png"):
        plot(told, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"well" in (tmp_path / "a.svg").read_bytes()
