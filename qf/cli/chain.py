"""`qf chain`: read donations from chains, and compare a ledger with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qf.cli.options import Donations, Json, Prices, Projects, RoundFile, is_there, require_chain
from qf.cli.output import TASK, Exit, aside, fact, out, print_json, progress, show, table
from qf.errors import InputError

if TYPE_CHECKING:
    from qf.chain.chain_file import ChainFile
    from qf.chain.ledger import SourceLedger
    from qf.chain.node.reader import ChainReader
    from qf.chain.sync import ReadChain
    from qf.reconciliation import Reconciliation

LINES_SHOWN = 30
"""Lines printed for people; the report holds all."""

ChainFilePath = Annotated[
    Path, typer.Argument(metavar="CHAIN.toml", help="Which contracts on which chains.", callback=is_there)
]
StorePath = Annotated[Path, typer.Option("--store", "-s", help="File that keeps what was read; made if it is new.")]
Until = Annotated[str | None, typer.Option(help="finalized, safe, latest or a number; otherwise what the file says.")]
Written = Annotated[Path | None, typer.Option("--donations", "-d", help="Where to write the donations that were read.")]
ProjectsFile = Annotated[Path, typer.Option("--output", "-o", help="Where to write the file of projects.")]
Metadata = Annotated[
    str, typer.Option(help="Where descriptions are: a folder, or a gateway such as https://host/ipfs/{cid}.")
]
Overrides = Annotated[
    Path | None, typer.Option(help="Why some lines are no hindrance: TOML, published with the result.")
]
Report = Annotated[Path, typer.Option("--output", "-o", help="Where to write the report.")]

chain_app = typer.Typer(no_args_is_help=True)
"""The commands about chains."""


@chain_app.callback()
def chain_group() -> None:
    """Read donations from chains, and compare a ledger with them."""
    require_chain()


@chain_app.command("sync")
def sync_command(
    chain_file: ChainFilePath,
    store: StorePath,
    until: Until = None,
    donations: Written = None,
    as_json: Json = False,
) -> None:
    """Read the donations of a round from its chains. Can be stopped and started again at any time."""
    from qf.chain.chain_file import read_chain_file
    from qf.chain.ledger import ledger_of_chain, write_donations

    file = read_chain_file(chain_file)
    with _read(file, store, until) as (kept, chains):
        ledgers = [
            each for chain in chains for each in ledger_of_chain(file, chain.entry, kept, chain.synced.last.number)
        ]
    entries = [entry for each in ledgers for entry in each.donations]
    unnamed = sum(not entry.known_token for entry in entries)
    if donations is not None:
        with aside(donations) as path:
            write_donations(path, entries)
    if as_json:
        sources = list(map(_read_of, ledgers))
        print_json({"chains": [_synced(chain) for chain in chains], "sources": sources, "unknown_token": unnamed})
        return
    _print_chains(chains)
    shown = table("sources", "source", "donations", "unreadable", right=("donations", "unreadable"))
    for each in ledgers:
        shown.add_row(each.entry.name, f"{len(each.donations):,}", f"{len(each.decoded.unreadable):,}")
    show(shown)
    if unnamed:
        out.print(
            f"{unnamed:,} donations are in tokens that the chain file does not name, and were left out of the file"
        )
    if donations is not None:
        fact("donations", donations)


@chain_app.command("projects")
def projects_command(
    chain_file: ChainFilePath,
    store: StorePath,
    output: ProjectsFile,
    metadata: Metadata = "",
    as_json: Json = False,
) -> None:
    """Write the accepted projects of a round as its contracts list them, with title and payee."""
    from qf.chain.chain_file import read_chain_file
    from qf.chain.ledger import ledger_of_chain
    from qf.chain.metadata import library
    from qf.chain.projects import listed_projects, write_projects

    file = read_chain_file(chain_file)
    descriptions = library(metadata) if metadata else None
    with _read(file, store, None) as (kept, chains):
        ledgers = [
            each for chain in chains for each in ledger_of_chain(file, chain.entry, kept, chain.synced.last.number)
        ]
    with progress("reading descriptions"):
        listed = listed_projects(file, ledgers, descriptions)
    with aside(output) as path:
        written = write_projects(path, listed)
    doubts = {each.project.id: each.doubt for each in listed if each.doubt}
    if as_json:
        counts = Counter(each.status.value for each in listed)
        print_json({"written": written, "statuses": dict(counts), "doubts": doubts, "projects": str(output)})
        return
    shown = table("projects", "project", "title", "paid at", "status")
    for each in listed[:LINES_SHOWN]:
        shown.add_row(each.project.id, each.project.title, each.project.payout_address, each.status)
    show(shown)
    if len(listed) > LINES_SHOWN:
        out.print(f"... and {len(listed) - LINES_SHOWN} more projects", style="dim")
    for name, doubt in doubts.items():
        out.print(f"{name}: {doubt}", style="yellow", soft_wrap=True)
    fact("accepted", f"{written:,} of {len(listed):,}")
    fact("projects", output)


@chain_app.command("reconcile")
def reconcile_command(
    round_file: RoundFile,
    chain_file: ChainFilePath,
    donations: Donations,
    store: StorePath,
    output: Report,
    prices: Prices = None,
    projects: Projects = None,
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Compare a ledger with its chains, both ways. Exit 1 if anything is left unresolved."""
    from qf.chain.chain_file import read_chain_file
    from qf.chain.reconcile import reconcile
    from qf.codec import read_inputs, read_round
    from qf.codec.reconciliation_file import read_overrides, reconciliation_bytes

    file, round = read_chain_file(chain_file), read_round(round_file)
    inputs = read_inputs(round, donations=donations, prices=prices, projects=projects)
    words = read_overrides(overrides) if overrides else ()
    with _read(file, store, None) as (kept, chains), progress("comparing"):
        found = reconcile(round, inputs.ledger, file, chains, kept, words, inputs.projects)
    with aside(output) as path:
        path.write_bytes(reconciliation_bytes(found))
    _show(found, output, as_json)
    if found.unresolved:
        raise typer.Exit(Exit.NO)


@contextmanager
def _read(file: ChainFile, path: Path, until: str | None) -> Iterator[tuple[Any, Sequence[ReadChain]]]:
    """Read all chains of a file into the store at `path`; it is open, and so are the nodes, while the block runs."""
    from qf.chain.store import Store
    from qf.chain.sync import readers, sync_all

    with Store(path) as store, readers(file) as opened:
        yield store, _synced_all(file, opened, store, until, sync_all)


def _synced_all(file: ChainFile, opened: Sequence[ChainReader], store: Any, until: str | None, sync_all: Any) -> Any:
    with progress("reading chains") as bar:

        def told(source: str, done: int, last: int) -> None:
            bar.update(TASK, completed=done, total=last, description=f"{source}, block {done:,} of {last:,}")

        return sync_all(file, opened, store, until=_block(until), progress=told)


def _block(until: str | None) -> str | int | None:
    """Return the block that is meant; what is none never reaches a node."""
    from qf.chain.chain_file import FINALITY

    if until is None or until in FINALITY:
        return until
    if until.isascii() and until.isdigit() and len(until) < 18:
        return int(until)
    raise InputError.at("--until", f"{until[:40]!r} is no block", f"give a number, or one of {', '.join(FINALITY)}")


def _read_of(read: SourceLedger) -> dict[str, Any]:
    told = {"donations": len(read.donations), "unreadable": len(read.decoded.unreadable)}
    return {"source": read.entry.name, **told}


def _synced(chain: ReadChain) -> dict[str, Any]:
    synced = chain.synced
    return {
        "chain": synced.chain,
        "block": synced.last.number,
        "block_hash": synced.last.hash,
        "final": synced.final,
        "added": synced.added,
        "forgotten": synced.forgotten,
        "dropped": synced.dropped,
    }


def _print_chains(chains: Sequence[ReadChain]) -> None:
    right = ("block", "new logs", "reorganised away", "dropped")
    shown = table("chains", "chain", "block", "final", "new logs", "reorganised away", "dropped", right=right)
    for chain in chains:
        synced = chain.synced
        numbers = (f"{number:,}" for number in (synced.added, synced.forgotten, synced.dropped))
        shown.add_row(str(synced.chain), f"{synced.last.number:,}", "yes" if synced.final else "not yet", *numbers)
    show(shown)


def _show(found: Reconciliation, output: Path, as_json: bool) -> None:
    unresolved = found.unresolved
    if as_json:
        print_json(
            {
                "compared": found.compared,
                "elsewhere": found.elsewhere,
                "found": dict(found.counts),
                "unresolved": [
                    {"finding": line.finding, "place": line.place, "ledger": line.ledger, "source": line.source}
                    for line in unresolved
                ],
                "report": str(output),
            }
        )
        return
    fact("compared", f"{found.compared:,} donations")
    fact("from elsewhere", f"{found.elsewhere:,} donations, not compared")
    for each in found.evidence:
        fact(each.source, f"{each.donations:,} donations up to block {each.block:,}; proof: {each.proof}")
    for line in found.lines[:LINES_SHOWN]:
        out.print()
        out.print(f"{line.finding}  {line.place}", style="yellow" if line.override else "red", soft_wrap=True)
        for name, text in (("ledger", line.ledger), ("chain", line.source)):
            if text:
                fact(f"  {name}", text)
        fact("  overridden" if line.override else "  to do", line.override or line.advice)
    if len(found.lines) > LINES_SHOWN:
        out.print(f"... and {len(found.lines) - LINES_SHOWN} more lines, all in the report", style="dim")
    out.print()
    told = f"{len(unresolved):,} lines unresolved" if unresolved else "reconciled"
    out.print(told, style="red" if unresolved else "green")
    fact("report", output)
