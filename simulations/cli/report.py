"""`report`: the report of an experiment that was run before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qf.cli.output import fact, out
from simulations.experiment import read_results

Folder = Annotated[Path, typer.Argument(metavar="RESULTS", help="The folder that `run` wrote to.")]


def report_command(folder: Folder) -> None:
    """Write the report and its drawings again, from the tables of a run, and print the summary."""
    from simulations.report import print_summary, write_report

    results = read_results(folder)
    report = write_report(results)
    print_summary(results)
    out.print()
    fact("report", report)
