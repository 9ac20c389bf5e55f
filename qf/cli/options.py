"""Arguments that several commands share."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from qf.errors import InputError, MissingExtraError, Problem
from qf.inputs import Inputs
from qf.round import Round


def is_there(path: Path) -> Path:
    """Return `path`, if there is something."""
    if not path.exists():
        raise InputError.at(str(path), "there is no such file or folder", "name one that is there")
    return path


def require_chain() -> None:
    """Raise, naming the extra to install, unless what talks to nodes is installed."""
    if find_spec("web3") is None:
        raise MissingExtraError("web3", "chain")


RoundFile = Annotated[Path, typer.Argument(metavar="ROUND.toml", help="The rules of the round.")]
BundleFolder = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A bundle written by `qf settle`.", callback=is_there)
]
BundleOrRound = Annotated[
    Path,
    typer.Argument(metavar="BUNDLE|ROUND.toml", help="A bundle, or the rules of a round.", callback=is_there),
]
Donations = Annotated[Path, typer.Option("--donations", "-d", help="CSV, Parquet or JSON lines.")]
SomeDonations = Annotated[Path | None, typer.Option("--donations", "-d", help="Needed with ROUND.toml.")]
Weights = Annotated[Path | None, typer.Option(help="Table of donor and weight, or donor and score.")]
Links = Annotated[Path | None, typer.Option(help="Table of account and identity.")]
Prices = Annotated[Path | None, typer.Option(help="Table of token, price and decimals.")]
Projects = Annotated[Path | None, typer.Option(help="Table of project, title, payout_address and owners.")]
Attributes = Annotated[Path | None, typer.Option(help="Table of donor, attribute and value.")]
Reconciliation = Annotated[Path | None, typer.Option(help="Report written by `qf chain reconcile`.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def read_round_or_bundle(
    path: Path,
    donations: Path | None,
    weights: Path | None = None,
    links: Path | None = None,
    prices: Path | None = None,
    projects: Path | None = None,
    attributes: Path | None = None,
) -> tuple[Round, Inputs]:
    """Return the round and inputs in a bundle, or those in a round file and the files beside it."""
    from qf.codec import read_bundle, read_inputs, read_round

    evidence = {
        "weights": weights,
        "links": links,
        "prices": prices,
        "projects": projects,
        "attributes": attributes,
    }
    if path.is_dir():
        _refuse([f"--{name}" for name, file in {"donations": donations, **evidence}.items() if file is not None])
        bundle = read_bundle(path)
        return bundle.round, bundle.inputs
    if donations is None:
        raise InputError.at(
            "--donations", "is missing", "a round file says nothing of who gave; name the donations too"
        )
    round = read_round(path)
    return round, read_inputs(round, donations=donations, **evidence)


def _refuse(names: list[str]) -> None:
    """A bundle holds all that was read; it is not mixed with anything else."""
    if names:
        raise InputError(
            Problem(name, "a bundle holds this already", "leave it out, or give ROUND.toml") for name in names
        )
