"""`qf report`: one self-contained page about a settled round."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qf.cli.options import BundleFolder, Json
from qf.cli.output import aside, fact, print_json, progress

Output = Annotated[Path, typer.Option("--output", "-o", help="File to write the page to.")]


def report_command(bundle: BundleFolder, output: Output = Path("report.html"), as_json: Json = False) -> None:
    """Write a page with totals, chart, table, exclusions and how to verify. The bundle is verified first."""
    from qf.codec import read_bundle, result_digest
    from qf.codec.bundle import refuse_inside_bundle
    from qf.report import report_html
    from qf.verify import verify

    refuse_inside_bundle(output)
    with progress("recomputing and writing"):
        result = verify(bundle)
        opened = read_bundle(bundle)
        titles = {project.id: project.title for project in opened.inputs.projects or ()}
        digests, reconciled = opened.document["digests"], opened.inputs.reconciliation
        page = report_html(result, result_digest(bundle), digests, titles, reconciled)
        with aside(output) as written:
            written.write_bytes(page.encode())
    if as_json:
        print_json({"report": str(output), "digest": result_digest(bundle)})
    else:
        fact("report", output)
