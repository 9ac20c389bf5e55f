"""The report as text, for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from qf.cli.output import fact, out, show, table
from simulations.experiment import Results
from simulations.report.measures import ATTACK, USUAL, known
from simulations.report.statistics import Estimate, estimate, has, mechanisms_of, paired, values_of
from simulations.report.words import cell_text, sentences

SHOWN_CELLS = 6
"""Cells whose tables are printed; the report and runs.parquet have all."""


def print_summary(results: Results) -> None:
    """Print what came out, in sentences and a table for each cell."""
    head = results.experiment.scenario.head
    out.print(head.title or head.id, style="bold")
    for sentence in sentences(results):
        out.print(sentence)
    out.print()
    wanted = [*USUAL, *(ATTACK if has(results.runs, "break_even_price") else ())]
    for title, runs in _cells(results):
        _print_means(runs, wanted, title)
    fact("digest", results.experiment.digest)


def print_comparison(results: Results, measures: Sequence[str]) -> None:
    """Print means and paired differences of some measures, a table of each for every cell."""
    for title, runs in _cells(results):
        _print_means(runs, measures, title)
        _print_differences(runs, measures, title)


def print_attack(results: Results) -> None:
    """Print what the attack gains and costs under each mechanism, and how often it pays."""
    for title, runs in _cells(results):
        _print_means(runs, ATTACK, title)
        pays = table(_titled("How often the attack pays", title), "mechanism", "of rounds", right=("of rounds",))
        for name, profit in values_of(runs, "attack_profit").items():
            there = profit[profit == profit]
            pays.add_row(name, f"{100 * float((there > 0).mean()):.1f} %" if len(there) else "–")
        show(pays)
        out.print()


def _print_means(runs: pl.DataFrame, measures: Sequence[str], title: str) -> None:
    there = [known(name) for name in measures if has(runs, name)]
    names = mechanisms_of(runs)
    shown = table(
        _titled("Means over replications, with half of their 95 % interval", title), "", *names, right=tuple(names)
    )
    for measure in there:
        found = {name: estimate(values) for name, values in values_of(runs, measure.name).items()}
        shown.add_row(measure.title, *(_cell(found[name], measure.text) for name in names))
    show(shown)
    out.print()


def _print_differences(runs: pl.DataFrame, measures: Sequence[str], title: str) -> None:
    first, *others = mechanisms_of(runs)
    if not others:
        return
    shown = table(_titled(f"Difference to {first} in the same rounds", title), "", *others, right=tuple(others))
    for measure in (known(name) for name in measures if has(runs, name)):
        found = paired(runs, measure.name)
        shown.add_row(measure.title, *(_cell(found[name], measure.change, mark=True) for name in others))
    show(shown)
    out.print("*: the interval leaves out 0", style="dim")
    out.print()


def _cell(found: Estimate, text: Callable[[float], str], *, mark: bool = False) -> str:
    reach = f" ± {text(found.high - found.mean).lstrip('+')}" if found.count > 1 else ""
    star = ("*" if found.sure else " ") if mark else ""
    return f"{text(found.mean)}{reach}{star}"


def _cells(results: Results) -> Iterator[tuple[str, pl.DataFrame]]:
    cells = results.experiment.cells
    for cell in cells[:SHOWN_CELLS]:
        yield cell_text(cell.values), results.runs.filter(pl.col("cell") == cell.number)
    if len(cells) > SHOWN_CELLS:
        out.print(f"... and {len(cells) - SHOWN_CELLS} more cells; the tables have all", style="dim")


def _titled(title: str, cell: str) -> str:
    return f"{title}, {cell}" if cell else title
