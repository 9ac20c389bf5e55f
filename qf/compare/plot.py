"""A drawing of a comparison: the share of the pool of each project under each mechanism."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from qf.errors import MissingExtraError

if TYPE_CHECKING:
    from qf.compare import Comparison

SHOWN_PROJECTS = 25
"""How many projects are drawn: those with the largest share under any mechanism."""

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000")
"""Colours that stay apart for colour-blind readers. Okabe and Ito (2008)."""

ROW_INCHES = 0.16
"""Height of one bar."""


def plot(comparison: Comparison, path: Path) -> None:
    """Write the drawing to `path`; its ending (.svg, .png, .pdf) says the format. The same comparison, the same bytes.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    outcomes = [outcome for outcome in comparison.outcomes if not outcome.error]
    largest = {name: max((outcome.shares[name] for outcome in outcomes), default=0) for name in comparison.projects}
    shown = sorted(comparison.projects, key=lambda name: (-largest[name], name))[:SHOWN_PROJECTS]
    step = 1 / (len(outcomes) + 1)
    height = 1.4 + ROW_INCHES * len(shown) * (len(outcomes) + 1)
    with matplotlib.rc_context({"svg.hashsalt": "qf", "svg.fonttype": "none"}):
        figure = Figure(figsize=(8, height), layout="constrained")
        axes = figure.add_subplot()
        for number, (outcome, colour) in enumerate(zip(outcomes, cycle(COLOURS))):
            rows = [place + (number - (len(outcomes) - 1) / 2) * step for place in range(len(shown))]
            axes.barh(
                rows, [100 * float(outcome.shares[name]) for name in shown], step, label=outcome.name, color=colour
            )
        axes.set_yticks(range(len(shown)), shown)
        axes.invert_yaxis()
        axes.set_xlabel("% of the pool")
        axes.set_title(comparison.round.title or comparison.round.id)
        if outcomes:
            axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
