"""`bench`: QF-Bench, and the page about it. `fit`: what the generated rounds are fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qf.cli.output import fact
from simulations.cli.options import Jobs

Page = Annotated[Path, typer.Option("--out", "-o", metavar="FILE.md", help="The page.")]
Data = Annotated[
    Path, typer.Argument(metavar="DATA", exists=True, file_okay=False, help="The folder of published rounds.")
]


def bench_command(out: Page = Path("docs/reference/qf-bench.md"), jobs: Jobs = -1) -> None:
    """Run QF-Bench: every mechanism on rounds like real ones, under every attack. Takes some minutes."""
    from simulations.bench import write_page

    fact("page", write_page(out, jobs=jobs))


def fit_command(data: Data) -> None:
    """Count the published rounds again that generated rounds are fitted to."""
    from simulations.population.fit import fit_published

    for path in fit_published(data):
        fact("fit", path)
