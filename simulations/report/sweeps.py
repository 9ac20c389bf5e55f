"""Figures of what a sweep varies: how measures change with each swept value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulations.experiment import Results
from simulations.report.drawing import Drawing, Look, drawn, figure, legend, looks, panels
from simulations.report.measures import known
from simulations.report.statistics import estimate, has, mechanisms_of, values_of, varies

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = ("welfare_ratio", "alignment", "gini", "unspent_fraction", "captured", "attack_profit", "break_even_price")
"""Measures that are drawn against what is swept, where they have values that differ."""

MANY_VALUES = 25
"""A key with more values than this is drawn as points: a Latin hypercube has as many values as cells."""


def sweep_figures(results: Results) -> Iterator[Drawing]:
    """Return a drawing for each swept key: its values across, measures up, a line for each mechanism."""
    sweep = results.experiment.sweep
    if sweep is None:
        return
    look = looks(mechanisms_of(results.runs))
    keys = list(sweep.over)
    for place, key in enumerate(keys):
        if key != "scenario.mechanisms":
            others = [other for other in keys if other != key]
            yield from _sweep_figure(results.runs, key, others, look, f"sweep-{place + 1}")


def _sweep_figure(
    runs: pl.DataFrame, key: str, others: list[str], look: dict[str, Look], name: str
) -> Iterator[Drawing]:
    measures = [known(measure) for measure in SHOWN if has(runs, measure) and varies(runs[measure])]
    values = runs[key].unique(maintain_order=True).to_list()
    if not measures:
        return
    rows = -(-len(measures) // 2)
    with figure(9.0, 0.6 + 2.3 * rows) as made:
        every = panels(made, len(measures))
        for axes, measure in zip(every, measures, strict=True):
            for mechanism, style in look.items():
                part = runs.filter(pl.col("mechanism") == mechanism)
                if len(values) > MANY_VALUES:
                    _points(axes, part, key, measure.name, mechanism, style)
                else:
                    _line(axes, part, key, measure.name, mechanism, style, values)
            axes.set_title(measure.title)
            axes.set_xlabel(key)
        legend(made, every[0])
        yield drawn(made, name, f"What changes with {key}", _caption(len(values) > MANY_VALUES, others))


def _caption(points: bool, others: list[str]) -> str:
    varied = f", over which {' and '.join(others)} {'varies' if len(others) == 1 else 'vary'} as well" if others else ""
    if points:
        return f"Each point is the mean over the replications of a cell{varied}."
    return (
        f"Lines are means over replications{varied}; the bands are their 95 % intervals. All cells met the same donors."
    )


def _line(
    axes: Axes, runs: pl.DataFrame, key: str, measure: str, mechanism: str, look: Look, values: list[Any]
) -> None:
    at = [value for value in values if (runs[key] == value).any()]
    found = [estimate(values_of(runs.filter(pl.col(key) == value), measure)[mechanism]) for value in at]
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    x = at if numbers else [values.index(value) for value in at]
    axes.fill_between(
        x, [each.low for each in found], [each.high for each in found], color=look.colour, alpha=0.2, lw=0
    )
    style: Any = {"color": look.colour, "linestyle": look.dash if numbers else "none", "marker": look.marker}
    axes.plot(x, [each.mean for each in found], label=mechanism, markersize=4, **style)
    if not numbers:
        axes.set_xticks(range(len(values)), [str(value) for value in values])


def _points(axes: Axes, runs: pl.DataFrame, key: str, measure: str, mechanism: str, look: Look) -> None:
    mean = runs.group_by("cell", maintain_order=True).agg(pl.col(key).first(), pl.col(measure).fill_nan(None).mean())
    y = mean[measure].cast(pl.Float64).fill_null(np.nan)
    axes.plot(
        mean[key],
        y,
        label=mechanism,
        color=look.colour,
        marker=look.marker,
        linestyle="none",
        markersize=3.5,
        alpha=0.8,
    )
