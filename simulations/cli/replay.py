"""`replay` and `studies`: published rounds settled again, and published studies made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qf.cli.options import is_there
from qf.cli.output import Exit, fact, out, progress

Data = Annotated[Path, typer.Argument(metavar="DATA", help="The folder of published data.", callback=is_there)]
Page = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write the page: .md or .html.")]
StudyPage = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write the page: .md.")]


def replay_command(data: Data, page: Page = None) -> None:
    """Settle all published rounds again, and compare. Exit 1 if a file is another, or a figure comes out otherwise."""
    from simulations.replay import agree, html, markdown, replay_all

    with progress("settling published rounds"):
        verdicts = replay_all(data)
    _write(page, html(verdicts) if page is not None and page.suffix == ".html" else markdown(verdicts))
    if not agree(verdicts):
        raise typer.Exit(Exit.NO)


def studies_command(data: Data, page: StudyPage = None) -> None:
    """Make published studies again: about half a minute."""
    from simulations.replay.studies import govxs, influence, need, sybils
    from simulations.replay.studies.study import page as page_of

    with progress("making studies again"):
        text = page_of([govxs(), influence(), need(data), sybils(data)])
    _write(page, text)


def _write(page: Path | None, text: str) -> None:
    if page is None:
        out.print(text)
    else:
        page.write_text(text, "utf-8")
        fact("page", page)
