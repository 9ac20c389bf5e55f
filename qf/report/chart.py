"""A horizontal bar chart as inline SVG: no script, no network, readable without colour."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from html import escape

WIDTH, BAR, GAP, LABEL, VALUE = 860, 20, 8, 300, 130
"""Pixels: the chart, one bar, between bars, room for the name, room for the number."""

LABEL_CHARACTERS = 40
"""Names are cut to this many characters in the chart; the table has them whole."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a name, its share of the pool, the number to print, and whether it was capped."""

    name: str
    share: Fraction
    text: str
    capped: bool


def bar_chart(bars: list[Bar]) -> str:
    """Return the SVG of `bars`, in the order given.

    >>> bar_chart([Bar("well", Fraction(1, 2), "500", False)]).count("<rect")
    1
    """
    if not bars:
        return ""
    height = len(bars) * (BAR + GAP) + GAP
    longest = max((bar.share for bar in bars), default=Fraction(0)) or Fraction(1)
    drawn = "".join(_bar(bar, place, longest) for place, bar in enumerate(bars))
    described = "; ".join(f"{bar.name} {bar.text}" for bar in bars)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="chart-title chart-text">'
        f'<title id="chart-title">Largest matches</title><desc id="chart-text">{escape(described)}</desc>{drawn}</svg>'
    )


def _bar(bar: Bar, place: int, longest: Fraction) -> str:
    top = GAP + place * (BAR + GAP)
    width = max(1, round((WIDTH - LABEL - VALUE) * bar.share / longest)) if bar.share else 0
    name = bar.name if len(bar.name) <= LABEL_CHARACTERS else bar.name[: LABEL_CHARACTERS - 1] + "…"
    baseline = top + BAR - 5
    kind = "bar capped" if bar.capped else "bar"
    mark = " (capped)" if bar.capped else ""
    return (
        f'<text x="{LABEL - 8}" y="{baseline}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{kind}" x="{LABEL}" y="{top}" width="{width}" height="{BAR}"/>'
        f'<text x="{LABEL + width + 6}" y="{baseline}">{escape(bar.text)}{mark}</text>'
    )
