"""The figures of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulations.experiment import Results
from simulations.report.drawing import Drawing, Look, drawn, figure, legend, looks, panels
from simulations.report.measures import ATTACK, USUAL, Measure, known
from simulations.report.statistics import Estimate, has, mechanisms_of, paired, values_of, varies
from simulations.report.sweeps import sweep_figures
from simulations.report.words import cell_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 9.0
"""Inches across."""

TICKS = 5
"""Numbers along an axis of a small panel; more would run into each other."""

PRICES = 200
"""Places at which curves over the price of an account are drawn."""

PRICE_QUANTILE = 0.99
"""Prices are drawn up to this quantile of break-even prices: a few lucky attacks would hide the rest."""


def figures(results: Results) -> Iterator[Drawing]:
    """Return the drawings of an experiment; those of single runs show its first cell."""
    cell = results.experiment.cells[0]
    runs = results.runs.filter(pl.col("cell") == 0)
    curves = results.curves.filter(pl.col("cell") == 0)
    look = looks(mechanisms_of(runs))
    where = f" In the cell {cell_text(cell.values)}." if cell.values else ""
    yield from sweep_figures(results)
    yield from _distributions(runs, look, where)
    if len(look) > 1:
        yield from _differences(runs, look, where)
    yield from _shares(curves, look, where)
    yield from _lorenz(curves, look, where)
    if has(runs, "break_even_price"):
        yield from _prices(runs, look, where)


def _distributions(runs: pl.DataFrame, look: dict[str, Look], where: str) -> Iterator[Drawing]:
    measures = _varying(runs, USUAL)
    if not measures:
        return
    rows = -(-len(measures) // 2)
    with figure(WIDTH, rows * (0.9 + 0.32 * len(look))) as made:
        for place, (axes, measure) in enumerate(zip(panels(made, len(measures)), measures, strict=True)):
            values = values_of(runs, measure.name)
            for height, (name, found) in enumerate(values.items()):
                _box(axes, found[~np.isnan(found)], height, look[name])
            axes.set_yticks(range(len(values)), list(values) if place % 2 == 0 else [""] * len(values))
            axes.invert_yaxis()
            axes.locator_params(axis="x", nbins=TICKS)
            axes.set_title(measure.title)
        caption = (
            "Each box holds the middle half of the replications, the line in it is the median, whiskers reach from the "
            f"5 % to the 95 % quantile, the dot is the mean.{where}"
        )
        yield drawn(made, "distributions", "How measures are distributed over replications", caption)


def _box(axes: Axes, values: np.ndarray, height: int, look: Look) -> None:
    """Draw where the values lie: whiskers, box, median and mean."""
    if not len(values):
        return
    low, first, middle, third, high = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
    axes.plot([low, high], [height, height], color=look.colour, linewidth=1.2)
    axes.barh(height, third - first, left=first, height=0.55, color=look.colour, alpha=0.45, edgecolor=look.colour)
    axes.plot([middle, middle], [height - 0.275, height + 0.275], color=look.colour, linewidth=2)
    axes.plot([values.mean()], [height], marker=look.marker, color=look.colour, markersize=4)


def _differences(runs: pl.DataFrame, look: dict[str, Look], where: str) -> Iterator[Drawing]:
    first, *others = look
    measures = _varying(runs, [*USUAL, *(ATTACK if has(runs, "break_even_price") else ())])
    measures = [measure for measure in measures if measure.name != "attack_cost"]
    if not measures:
        return
    rows = -(-len(measures) // 2)
    with figure(WIDTH, rows * (0.9 + 0.28 * len(others))) as made:
        for place, (axes, measure) in enumerate(zip(panels(made, len(measures)), measures, strict=True)):
            found = paired(runs, measure.name)
            axes.axvline(0, color="#8c8c8c", linewidth=1)
            for height, name in enumerate(others):
                _whisker(axes, found[name], height, look[name])
            axes.set_yticks(range(len(others)), others if place % 2 == 0 else [""] * len(others))
            axes.set_ylim(len(others) - 0.5, -0.5)
            axes.locator_params(axis="x", nbins=TICKS)
            axes.set_title(measure.title + {1: " (right is better)", -1: " (left is better)", 0: ""}[measure.better])
        caption = (
            f"Mean difference to {first} in the same replications, with its 95 % interval. Where the interval does not "
            f"touch the line, the mechanisms differ by more than chance explains.{where}"
        )
        yield drawn(made, "differences", f"How mechanisms differ from {first}", caption)


def _whisker(axes: Axes, found: Estimate, height: float, look: Look) -> None:
    axes.plot([found.low, found.high], [height, height], color=look.colour, linewidth=2)
    axes.plot([found.mean], [height], marker=look.marker, color=look.colour, markersize=6)


def _shares(curves: pl.DataFrame, look: dict[str, Look], where: str) -> Iterator[Drawing]:
    mean = _mean_curves(curves, "share")
    if not mean:
        return
    worth = next(iter(_mean_curves(curves, "worth").values()))
    with figure(WIDTH, 3.6) as made:
        (axes,) = panels(made, 1)
        axes.plot(*worth, color="#8c8c8c", linewidth=5, alpha=0.4, label="of what donors value")
        for name, (ranks, share) in mean.items():
            axes.plot(ranks, share, label=name, color=look[name].colour, linestyle=look[name].dash, marker="", lw=1.8)
        axes.set_xlabel("project, by what it is worth to donors (1: most)")
        axes.set_ylabel("part of all payouts")
        axes.locator_params(axis="x", integer=True)
        axes.set_ylim(bottom=0)
        legend(made, axes)
        caption = (
            "Mean share of the project that donors value most, second most, and so on. A mechanism above the grey band "
            f"gives more to such projects than their part of what donors value, below it less.{where}"
        )
        yield drawn(made, "shares", "Who is paid what", caption)


def _lorenz(curves: pl.DataFrame, look: dict[str, Look], where: str) -> Iterator[Drawing]:
    mean = _mean_curves(curves, "lorenz")
    if not mean:
        return
    with figure(WIDTH * 0.62, 4.2) as made:
        (axes,) = panels(made, 1)
        axes.plot([0, 1], [0, 1], color="#8c8c8c", linewidth=1)
        for name, (part, payout) in mean.items():
            axes.plot(part, payout, label=name, color=look[name].colour, linestyle=look[name].dash, lw=1.8)
        axes.set_xlabel("part of the projects, smallest payouts first")
        axes.set_ylabel("part of all payouts")
        legend(made, axes)
        caption = (
            "Lorenz curves, averaged over replications: the further below the diagonal, the more unequal payouts are. "
            f"The Gini coefficient is twice the area between the two.{where}"
        )
        yield drawn(made, "lorenz", "How unequal payouts are", caption)


def _prices(runs: pl.DataFrame, look: dict[str, Look], where: str) -> Iterator[Drawing]:
    prices = {name: found[~np.isnan(found)] for name, found in values_of(runs, "break_even_price").items()}
    prices = {name: found for name, found in prices.items() if len(found)}
    most = max(float(np.quantile(found, PRICE_QUANTILE)) for found in prices.values())
    price = np.linspace(0, max(most, 0.01), PRICES)
    with figure(WIDTH, 3.8) as made:
        pays, profit = panels(made, 2)
        for name, found in prices.items():
            style: Any = {"color": look[name].colour, "linestyle": look[name].dash, "lw": 1.8}
            pays.plot(price, (found[:, None] > price).mean(axis=0), label=name, **style)
            profit.plot(price, found.mean() - price, **style)
        profit.axhline(0, color="#8c8c8c", linewidth=1)
        pays.set_title("How often the attack pays")
        pays.set_ylabel("part of the rounds")
        profit.set_title("Mean profit from one account, in units")
        for axes in (pays, profit):
            axes.set_xlabel("price of an account, in units")
        legend(made, pays)
        caption = (
            "What an account has to cost for an attack not to pay. Where a line on the right crosses zero is the "
            f"break-even price; on the left is in how many rounds the attacker still makes a profit.{where}"
        )
        yield drawn(made, "prices", "Profit of the attack, by the price of an account", caption)


def _varying(runs: pl.DataFrame, names: Sequence[str]) -> list[Measure]:
    """Return the measures of which not all runs have the same value."""
    there = [name for name in names if has(runs, name)]
    return [known(name) for name in there if varies(runs[name])]


def _mean_curves(curves: pl.DataFrame, which: str) -> dict[str, tuple[list[float], list[float]]]:
    points = curves.filter(pl.col("curve") == which)
    mean = points.group_by("mechanism", "x", maintain_order=True).agg(pl.col("y").mean())
    return {
        str(name): (part["x"].to_list(), part["y"].to_list())
        for (name,), part in mean.group_by("mechanism", maintain_order=True)
    }
