"""`qf estimate`: what would one more gift do?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from qf.cli.output import amount_text, out, print_json, progress
from qf.round import Round

if TYPE_CHECKING:
    from qf.estimate import Estimate

Project = Annotated[str, typer.Option("--project", "-p", help="The project given to.")]
Amount = Annotated[str, typer.Option("--amount", "-a", help="Whole units of the round, such as 500 or 12.50.")]
Donor = Annotated[str | None, typer.Option("--donor", help="Who gives; left out: somebody new.")]

PLACES = 6
"""Decimal places of estimates printed for people."""


def estimate_command(
    source: BundleOrRound,
    project: Project,
    amount: Amount,
    donor: Donor = None,
    donations: SomeDonations = None,
    weights: Weights = None,
    links: Links = None,
    prices: Prices = None,
    projects: Projects = None,
    attributes: Attributes = None,
    as_json: Json = False,
) -> None:
    """Estimate what one more gift adds to the match of a project, on the donations so far."""
    from qf.estimate import Estimator

    with progress("reading the donations so far"):
        round, inputs = read_round_or_bundle(source, donations, weights, links, prices, projects, attributes)
        estimate = Estimator.of(round, inputs).estimate(project, amount, donor)
    if as_json:
        print_json(_document(estimate))
    else:
        _print(estimate, round)


def _print(estimate: Estimate, round: Round) -> None:
    token = round.pool.token or round.unit

    def money(value: Any) -> str:
        return amount_text(value, round.pool.decimals, token, places=max(2, min(PLACES, round.pool.decimals)))

    given = amount_text(estimate.amount, round.unit_decimals, round.unit)
    out.print(f"{given} to {estimate.project} from {estimate.donor or 'somebody new'}", style="bold")
    if estimate.exact:
        out.print(f"adds about {money(estimate.gain)} to its match")
    else:
        told = f"adds about {money(estimate.gain)}, between {money(estimate.low)} and {money(estimate.high)}"
        out.print(told)
    out.print(f"match now {money(estimate.match_before)}, then {money(estimate.match_after)}")
    if estimate.note:
        out.print(estimate.note, style="yellow")
    out.print(f"\n{estimate.formula}. An estimate, not a promise; what could change it:", style="dim")
    for sentence in estimate.could_change:
        out.print(f"- {sentence}", style="dim")


def _document(estimate: Estimate) -> dict[str, Any]:
    fields = ("project", "amount", "donor", "weight", "match_before", "match_after", "gain", "low", "high", "exact")
    more = ("formula", "reason", "note", "could_change")
    return {name: getattr(estimate, name) for name in (*fields, *more)}
