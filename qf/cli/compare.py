"""`qf compare`: the same donations under several rules."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from qf.cli.options import (
    Attributes,
    BundleOrRound,
    Json,
    Links,
    Prices,
    Projects,
    SomeDonations,
    Weights,
    read_round_or_bundle,
)
from qf.cli.output import ROWS_SHOWN, aside, fact, out, print_json, progress, share_text, show, table
from qf.errors import InputError

if TYPE_CHECKING:
    from qf.compare import Comparison, Outcome

Mechanisms = Annotated[
    str,
    typer.Option("--mechanism", "-m", help="Mechanisms or presets: quadratic,pairwise:strength=10,octant."),
]
Plot = Annotated[Path | None, typer.Option(help="Draw the shares into a file that ends in .svg or .png.")]

DRAWINGS = (".svg", ".png", ".pdf")
"""Endings of files a drawing can be written to."""


def compare_command(
    source: BundleOrRound,
    mechanism: Mechanisms,
    donations: SomeDonations = None,
    weights: Weights = None,
    links: Links = None,
    prices: Prices = None,
    projects: Projects = None,
    attributes: Attributes = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Compare rules on the same donations: who gains and who loses, how equal the shares are."""
    from qf.compare import compare
    from qf.compare.plot import plot as draw

    if plot is not None and plot.suffix not in DRAWINGS:
        raise InputError.at(
            f"--plot {plot}", "its ending says no form of drawing", f"end it in {' or '.join(DRAWINGS)}"
        )
    with progress("settling under each rule"):
        round, inputs = read_round_or_bundle(source, donations, weights, links, prices, projects, attributes)
        comparison = compare(round, inputs, choices(mechanism))
        if plot is not None:
            with aside(plot) as drawn:
                draw(comparison, drawn)
    if as_json:
        print_json(_document(comparison))
        return
    _print_shares(comparison)
    _print_summary(comparison)
    if plot is not None:
        out.print()
        fact("plot", plot)


def choices(text: str) -> list[str]:
    """Split a list of rules at its commas; a parameter after a comma belongs to the rule before it.

    >>> choices("quadratic,pairwise:strength=10,variant=bounded,octant")
    ['quadratic', 'pairwise:strength=10,variant=bounded', 'octant']
    """
    found: list[str] = []
    for piece in text.split(","):
        if found and "=" in piece and ":" not in piece.partition("=")[0]:
            found[-1] += f",{piece}"
        else:
            found.append(piece.strip())
    return found


def _print_shares(comparison: Comparison) -> None:
    settled = [outcome for outcome in comparison.outcomes if not outcome.error]
    if not settled:
        return
    names = [outcome.name for outcome in settled]
    title = f"Share of the pool, and the difference to {names[0]}"
    shown = table(title, "project", *names, right=tuple(names))
    most = {project: max(outcome.shares[project] for outcome in settled) for project in comparison.projects}
    largest = sorted(most, key=lambda project: (-most[project], project))
    for project in largest[:ROWS_SHOWN]:
        shown.add_row(project, *(_cell(outcome, settled[0], project) for outcome in settled))
    show(shown)
    if len(largest) > ROWS_SHOWN:
        out.print(f"... and {len(largest) - ROWS_SHOWN} more projects; --json prints all", style="dim")
    out.print()


def _cell(outcome: Outcome, first: Outcome, project: str) -> str | Text:
    share = share_text(outcome.shares[project])
    change = outcome.shares[project] - first.shares[project]
    if outcome is first or not change:
        return share
    sign, colour = ("+", "green") if change > 0 else ("-", "red")
    return Text.assemble(share, " ", (f"{sign}{share_text(abs(change))}", colour))


def _print_summary(comparison: Comparison) -> None:
    columns = ("projects paid", "gain", "lose", "Gini", "top share", "unspent")
    shown = table("How they differ", "rule", *columns, right=columns)
    for outcome in comparison.outcomes:
        if outcome.error:
            shown.add_row(outcome.name, Text("none", "red"))
            continue
        gain = sum(change > 0 for change in outcome.differences.values())
        lose = sum(change < 0 for change in outcome.differences.values())
        unspent = Fraction(outcome.unspent, comparison.round.pool.amount or 1)
        shown.add_row(
            outcome.name,
            str(outcome.paid),
            str(gain),
            str(lose),
            f"{float(outcome.gini):.3f}",
            share_text(outcome.top_share),
            share_text(unspent),
        )
    show(shown)
    for outcome in comparison.outcomes:
        if outcome.error:
            out.print(f"{outcome.name}: {outcome.error}", style="red", soft_wrap=True)
        for note in outcome.notes:
            out.print(f"{outcome.name}: {note}", style="dim", soft_wrap=True)


def _document(comparison: Comparison) -> dict[str, Any]:
    fields = ("name", "mechanism", "title", "parameters", "payouts", "shares", "differences", "gini", "top_share")
    more = ("hhi", "paid", "unspent", "notes", "error")
    return {
        "projects": list(comparison.projects),
        "outcomes": [{name: getattr(outcome, name) for name in (*fields, *more)} for outcome in comparison.outcomes],
    }
