"""What each measure is called for people, which way is better, and how it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

PLACES = 3
"""Places behind the point of a number without a unit."""

MOST_PLACES = 9
"""A smaller difference is shown as none."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of measures, for people.

    Attributes:
        name: the column.
        title: what it is called.
        about: what it says, in a sentence without its full stop.
        better: 1: more is better; -1: less is better; 0: neither.
        money: whether it is an amount in units of the scenario.
    """

    name: str
    title: str
    about: str
    better: int = 0
    money: bool = False

    def text(self, value: float) -> str:
        """Return the value as it is shown.

        >>> known("welfare_ratio").text(0.98765), known("attack_gain").text(-1234.5), known("gini").text(float("nan"))
        ('0.988', '-1,234.50', '–')
        """
        if value != value:
            return "–"
        return f"{value:,.2f}" if self.money else f"{value:,.{PLACES}f}"

    def change(self, value: float) -> str:
        """Return a difference of two values as it is shown: with its sign, and two digits however small it is.

        >>> known("welfare_ratio").change(0.000312), known("attack_gain").change(-3), known("gini").change(0.0)
        ('+0.00031', '-3.00', '0')
        """
        if value != value:
            return "–"
        if self.money:
            return f"{value:+,.2f}"
        places = max(PLACES, 1 - math.floor(math.log10(abs(value)))) if value else 0
        return f"{value:+,.{min(places, MOST_PLACES)}f}" if value else "0"


MEASURES = (
    Measure("welfare_ratio", "Welfare, of the best", "welfare by what the same money could have bought, at most 1", 1),
    Measure("alignment", "Alignment with worth", "how far payouts follow what donors value: 1 is exactly", 1),
    Measure("quality_alignment", "Alignment with quality", "how far payouts follow the quality of projects", 1),
    Measure("gini", "Gini of payouts", "0: all projects are paid alike; near 1: one has it all"),
    Measure("top_share", "Share of the largest", "part of all payouts that the largest is"),
    Measure("left_out", "Donors left out", "part of the donors none of whose projects is paid anything", -1),
    Measure("unspent_fraction", "Unspent", "part of the pool that nobody is paid", -1),
    Measure("need", "Need, by the pool", "what all ideal matches ask for; above 1 the round is saturated"),
    Measure("leverage", "Payout per gift", "what a unit given brings in all"),
    Measure(
        "share_tv", "Distance from the first", "part of the pool that goes elsewhere than under the first mechanism"
    ),
    Measure(
        "captured", "Captured by attackers", "part of the pool that the attack moves to the attackers' projects", -1
    ),
    Measure("moved", "Moved by the attack", "part of the pool that goes elsewhere because of the attack", -1),
    Measure("attack_gain", "Gain of the attack", "what the attackers' projects are paid more, in units", -1, True),
    Measure("attack_cost", "Cost of the attack", "gifts to others, bribes and accounts, in units", 0, True),
    Measure("attack_profit", "Profit of the attack", "gain less cost, in units", -1, True),
    Measure("break_even_price", "Break-even price", "price of an account at which the attack pays nothing", -1, True),
)
"""The measures that reports show, in their order; the tables hold all there are."""

USUAL = ("welfare_ratio", "alignment", "gini", "top_share", "left_out", "unspent_fraction")
"""Measures that are compared in every report."""

ATTACK = ("captured", "moved", "attack_gain", "attack_cost", "attack_profit", "break_even_price")
"""Measures that are compared where there are attackers."""


def known(name: str) -> Measure:
    """Return the measure with this name; one that is not described is called by its column.

    >>> known("something_new").title
    'Something new'
    """
    found = {measure.name: measure for measure in MEASURES}
    return found.get(name) or Measure(name, name.replace("_", " ").capitalize(), "")
