"""The report as one HTML page that needs no network, and its drawings as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined

from qf.cli.output import aside
from simulations.experiment import Results
from simulations.report.drawing import Drawing
from simulations.report.figures import figures
from simulations.report.measures import ATTACK, MEASURES, Measure, known
from simulations.report.statistics import Estimate, estimate, has, mechanisms_of, paired, values_of
from simulations.report.toml import toml_text
from simulations.report.words import cell_text, sentences

REPORT, DRAWINGS = "report.html", "drawings"
"""Names in the folder of an experiment."""

CELL_MEASURES = ("welfare_ratio", "alignment", "gini", "captured", "break_even_price")
"""Measures in the table of cells, where there are several."""

MOST_CELLS = 200
"""Cells in that table; runs.parquet has all."""


def write_report(results: Results) -> Path:
    """Write report.html and the drawings (SVG and PNG) into the folder of the results; return where the report is.

    The same results give the same bytes.
    """
    drawings = list(figures(results))
    folder = results.folder / DRAWINGS
    folder.mkdir(exist_ok=True)
    for drawing in drawings:
        (folder / f"{drawing.name}.svg").write_bytes(drawing.svg)
        (folder / f"{drawing.name}.png").write_bytes(drawing.png)
    with aside(results.folder / REPORT) as file:
        file.write_text(report_html(results, drawings), "utf-8")
    return results.folder / REPORT


def report_html(results: Results, drawings: Sequence[Drawing]) -> str:
    """Return the report as a page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("simulations.report") / "page.html.j2").read_text("utf-8"))
    experiment = results.experiment
    head, parts = experiment.scenario.head, experiment.scenario.parts
    first = results.runs.filter(pl.col("cell") == 0)
    made = json.loads((results.folder / "experiment.json").read_text("utf-8"))
    return template.render(
        title=head.title or head.id,
        about=head.about,
        sentences=sentences(results),
        totals=_totals(results),
        cell=cell_text(experiment.cells[0].values),
        mechanisms=mechanisms_of(first),
        means=_means(first),
        differences=_differences(first),
        cells=_cells(results),
        hidden_cells=max(0, len(experiment.cells) - MOST_CELLS),
        drawings=drawings,
        attacks=[attack.model for attack in parts.attacks],
        document=toml_text(experiment.document),
        id=head.id,
        digest=experiment.digest,
        made=made,
    )


def _totals(results: Results) -> list[tuple[str, str]]:
    experiment = results.experiment
    scenario = experiment.scenario
    pool = scenario.rules.pool
    donors = getattr(scenario.parts.population, "donors", None)
    return [
        ("Donors", f"{donors:,}" if donors else scenario.parts.population.model),
        ("Projects", f"{scenario.parts.projects.count:,}"),
        ("Pool", f"{pool.amount / 10**pool.decimals:,.0f}"),
        ("Mechanisms", f"{results.runs['mechanism'].n_unique():,}"),
        ("Cells", f"{len(experiment.cells):,}"),
        ("Replications of each", f"{scenario.head.replications:,}"),
    ]


def _shown(runs: pl.DataFrame) -> list[Measure]:
    attacked = has(runs, "break_even_price") or bool(has(runs, "moved") and runs["moved"].fill_nan(0).sum())
    return [measure for measure in MEASURES if has(runs, measure.name) and (attacked or measure.name not in ATTACK)]


def _means(runs: pl.DataFrame) -> list[tuple[Measure, list[tuple[str, str]]]]:
    return [
        (measure, [_cell(estimate(values), measure.text) for values in values_of(runs, measure.name).values()])
        for measure in _shown(runs)
    ]


def _differences(runs: pl.DataFrame) -> list[tuple[Measure, list[tuple[str, str, str]]]]:
    """Return for each measure and each mechanism but the first: the difference, its interval, what to make of it."""
    rows = []
    for measure in _shown(runs):
        found = paired(runs, measure.name)
        if any(each.count for each in found.values()):
            told = [(*_cell(each, measure.change), _verdict(each, measure)) for each in found.values()]
            rows.append((measure, told))
    return rows


def _verdict(found: Estimate, measure: Measure) -> str:
    if not found.sure:
        return "same" if found.low == found.high == 0 else "not sure"
    more = found.mean > 0
    if not measure.better:
        return "more" if more else "less"
    return "better" if more == (measure.better > 0) else "worse"


def _cell(found: Estimate, text: Callable[[float], str]) -> tuple[str, str]:
    return text(found.mean), "" if found.count < 2 else f"{text(found.low)} to {text(found.high)}"


def _cells(results: Results) -> dict[str, Any]:
    """Return the table of all cells: swept values, mechanism, and the means of some measures."""
    cells = results.experiment.cells
    if len(cells) < 2:
        return {}
    keys = list(cells[0].values)
    measures = [known(name) for name in CELL_MEASURES if has(results.runs, name)]
    means = [pl.col(measure.name).fill_nan(None).mean() for measure in measures]
    table = results.runs.filter(pl.col("cell") < MOST_CELLS)
    table = table.group_by("cell", *keys, "mechanism", maintain_order=True).agg(means)
    rows = [
        (
            [str(row[key]) for key in keys],
            row["mechanism"],
            [measure.text(float("nan") if row[measure.name] is None else row[measure.name]) for measure in measures],
        )
        for row in table.iter_rows(named=True)
    ]
    return {"keys": keys, "measures": measures, "rows": rows}
