"""`qf settle`: a round's rules and its donations in, integer payouts and a bundle out."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from qf.cli.options import Attributes, Donations, Json, Links, Prices, Projects, Reconciliation, RoundFile, Weights
from qf.cli.output import ROWS_SHOWN, TASK, amount_text, fact, out, print_json, progress, share_text, show, table
from qf.errors import QfError
from qf.result import RoundResult

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder to write the bundle to.")]
OutOfCore = Annotated[bool, typer.Option("--out-of-core", help="Settle a Parquet dataset larger than memory.")]
Scheduler = Annotated[str | None, typer.Option(help="Dask scheduler (tcp://...) to settle out of core on.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that settle out of core on this machine.")]


def settle_command(
    round_file: RoundFile,
    donations: Donations,
    output: Output,
    weights: Weights = None,
    links: Links = None,
    prices: Prices = None,
    projects: Projects = None,
    attributes: Attributes = None,
    reconciliation: Reconciliation = None,
    out_of_core: OutOfCore = False,
    scheduler: Scheduler = None,
    workers: Workers = 1,
    as_json: Json = False,
) -> None:
    """Settle a round: print who gets what, and write the bundle that proves it."""
    evidence = {
        "weights": weights,
        "links": links,
        "prices": prices,
        "projects": projects,
        "attributes": attributes,
        "reconciliation": reconciliation,
    }
    if out_of_core or scheduler or workers > 1:
        result, digest = _settle_large(round_file, donations, output, scheduler, workers, evidence)
    else:
        result, digest = _settle(round_file, donations, output, evidence)
    try:
        _show(result, output, digest, as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise QfError(f"the bundle was written to {output}, but not printed: {error.strerror or error}") from error


def _show(result: RoundResult, output: Path, digest: str, as_json: bool) -> None:
    if as_json:
        print_json(result_summary(result, output, digest))
    else:
        print_result(result)
        fact("bundle", output)
        fact("digest", digest)
    sys.stdout.flush()


def _settle(round_file: Path, donations: Path, output: Path, evidence: dict[str, Any]) -> tuple[RoundResult, str]:
    from qf.allocate import Totals, allocate
    from qf.codec import read_inputs, read_round, result_digest, write_bundle
    from qf.settle import match

    with progress("reading", total=4) as bar:
        round = read_round(round_file)
        inputs = read_inputs(round, donations=donations, **evidence)
        bar.update(TASK, advance=1, description="counting and matching")
        counted, ideal = match(round, inputs)
        bar.update(TASK, advance=1, description="dividing the pool")
        result = allocate(round, ideal, inputs.prices, Totals.of(counted, ideal))
        bar.update(TASK, advance=1, description="writing the bundle")
        write_bundle(output, round, inputs, result, counted=counted)
    return result, result_digest(output)


def _settle_large(
    round_file: Path,
    donations: Path,
    output: Path,
    scheduler: str | None,
    workers: int,
    evidence: dict[str, Any],
) -> tuple[RoundResult, str]:
    from qf.codec import read_round, result_digest
    from qf.outofcore import settle_out_of_core

    with progress("settling out of core") as bar:

        def told(done: int, total: int, stage: str) -> None:
            bar.update(TASK, completed=done, total=total, description=stage)

        result = settle_out_of_core(
            read_round(round_file),
            donations,
            output,
            scheduler=scheduler,
            workers=workers,
            progress=told,
            **evidence,
        )
    return result, result_digest(output)


def print_result(result: RoundResult) -> None:
    """Print the table of matches, largest first, and the totals."""
    round, pool = result.round, result.round.pool
    token = pool.token or round.unit
    shown = table(
        round.title or round.id,
        "project",
        "donors",
        "given",
        "match",
        "of pool",
        "",
        right=("donors", "given", "match", "of pool"),
    )
    ranked = sorted(result.projects, key=lambda project: (-project.payout, project.project))
    for project in ranked[:ROWS_SHOWN]:
        shown.add_row(
            project.project,
            f"{project.donors:,}",
            amount_text(project.contributed, round.unit_decimals, places=min(2, round.unit_decimals)),
            amount_text(project.payout, pool.decimals, places=min(6, pool.decimals)),
            share_text(Fraction(project.payout, pool.amount or 1)),
            "capped" if project.capped else "",
        )
    show(shown)
    if len(ranked) > ROWS_SHOWN:
        out.print(f"... and {len(ranked) - ROWS_SHOWN} more projects, all in the bundle", style="dim")
    out.print()
    _print_totals(result, token)


def _print_totals(result: RoundResult, token: str) -> None:
    pool = result.round.pool
    excluded = sum(result.excluded.values())
    fact("pool", amount_text(pool.amount, pool.decimals, token))
    fact("paid", amount_text(pool.amount - result.unspent, pool.decimals, token))
    fact("unspent", amount_text(result.unspent, pool.decimals, token))
    fact("donations", f"{result.donations:,}")
    fact("counted", f"{result.donations - excluded:,} from {result.donors:,} donors")
    fact("excluded", f"{excluded:,}")
    for reason, count in result.excluded.items():
        fact(f"  {reason}", f"{count:,}")
    fact("mechanism", f"{result.round.mechanism.id} ({result.arithmetic})")
    for note in result.notes:
        fact("note", note)


def result_summary(result: RoundResult, bundle: Path, digest: str) -> dict[str, Any]:
    """Return what `--json` prints: the payouts, the totals and where the rest is."""
    return {
        "round": result.round.id,
        "payouts": result.payouts,
        "pool": result.round.pool.amount,
        "unspent": result.unspent,
        "saturated": result.saturated,
        "donations": result.donations,
        "donors": result.donors,
        "excluded": dict(result.excluded),
        "arithmetic": result.arithmetic,
        "notes": result.notes,
        "bundle": str(bundle),
        "digest": digest,
    }
