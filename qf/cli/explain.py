"""`qf explain`: how one donor's or one project's donations were counted."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qf.cli.options import BundleFolder, Json
from qf.cli.output import ROWS_SHOWN, amount_text, out, print_json, progress, show, table
from qf.eligibility import REASON_WORDS
from qf.errors import InputError
from qf.round import Round
from qf.units import WEIGHT_ONE, format_decimal

if TYPE_CHECKING:
    from qf.explain import DonorExplanation, ProjectExplanation

Donor = Annotated[str | None, typer.Option("--donor", help="An account, or the identity behind accounts.")]
Project = Annotated[str | None, typer.Option("--project", "-p", help="A project.")]
Limit = Annotated[int, typer.Option(min=1, help="How many of a project's largest donors to explain.")]


def explain_command(
    bundle: BundleFolder, donor: Donor = None, project: Project = None, limit: Limit = 20, as_json: Json = False
) -> None:
    """Explain a donor or a project: each donation counted with its weight, or excluded with its reason.

    Also says what the match of each project would be without the donor.
    """
    from qf.codec import read_bundle
    from qf.explain import explain_donor, explain_project

    if (donor is None) == (project is None):
        raise InputError.at("--donor, --project", "give one of them", "explain one donor, or one project")
    with progress("settling without them"):
        opened = read_bundle(bundle)
        round, inputs = opened.round, opened.inputs
        of_donor = explain_donor(round, inputs, donor) if donor is not None else None
        of_project = explain_project(round, inputs, project, limit=limit) if project is not None else None
    if as_json:
        print_json(_document(of_donor or of_project))
    elif of_donor is not None:
        _print_donor(of_donor, round)
    elif of_project is not None:
        _print_project(of_project, round)


def _print_donor(donor: DonorExplanation, round: Round) -> None:
    out.print(f"{donor.donor}, weight {_weight(donor.weight)}", style="bold")
    if donor.identity != donor.donor or len(donor.accounts) > 1:
        out.print(f"identity {donor.identity}, accounts {', '.join(donor.accounts)}")
    gifts = table("Donations", "donation", "project", "amount", "", right=("amount",))
    for gift in donor.donations[:ROWS_SHOWN]:
        amount = amount_text(gift.amount, gift.decimals, gift.token or round.unit)
        gifts.add_row(gift.id, gift.project, amount, "counted" if gift.reason is None else f"excluded: {gift.sentence}")
    show(gifts)
    _more(len(donor.donations))
    columns = ("given", "payout", "without", "difference", "per unit given")
    effects = table("What they did", "project", *columns, right=columns)
    pool = round.pool
    for effect in donor.projects[:ROWS_SHOWN]:
        now, without = effect.payout or 0, effect.payout_without or 0
        effects.add_row(
            effect.project,
            amount_text(effect.given, round.unit_decimals, round.unit, places=min(2, round.unit_decimals)),
            *(
                amount_text(value, pool.decimals, places=min(6, pool.decimals))
                for value in (now, without, now - without)
            ),
            "" if effect.leverage is None else format_decimal(effect.leverage, 2),
        )
    show(effects)
    _more(len(donor.projects))
    _print_notes(donor.notes)


def _print_project(project: ProjectExplanation, round: Round) -> None:
    pool = round.pool
    token = pool.token or round.unit
    out.print(project.title or project.project, style="bold")
    if project.result is not None:
        result = project.result
        given = amount_text(result.contributed, round.unit_decimals, round.unit)
        out.print(f"{given} from {result.donors:,} donors, {project.counted:,} donations counted")
        capped = ", at the cap" if result.capped else ""
        out.print(f"payout {amount_text(result.payout, pool.decimals, token)}{capped}")
    for reason, number in project.excluded.items():
        out.print(f"{number:,} excluded: {reason}. {REASON_WORDS[reason]}")
    columns = ("given", "weight", "match without", "difference")
    shown = table("Largest donors", "donor", *columns, right=columns)
    for effect in project.donors:
        shown.add_row(
            effect.identity,
            amount_text(effect.given, round.unit_decimals, places=min(2, round.unit_decimals)),
            _weight(effect.weight),
            amount_text(effect.match_without, pool.decimals, places=min(6, max(2, pool.decimals))),
            amount_text(effect.match - effect.match_without, pool.decimals, places=min(6, max(2, pool.decimals))),
        )
    show(shown)
    _print_notes(project.notes)


def _weight(weight: int) -> str:
    return format_decimal(Fraction(weight, WEIGHT_ONE), 4)


def _more(rows: int) -> None:
    if rows > ROWS_SHOWN:
        out.print(f"... and {rows - ROWS_SHOWN} more; --json prints all", style="dim")


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        out.print(f"- {note}", style="dim")


def _document(record: Any) -> Any:
    """Return an explanation as plain values for JSON."""
    if is_dataclass(record):
        return {field.name: _document(getattr(record, field.name)) for field in fields(record)}
    if isinstance(record, tuple):
        return [_document(item) for item in record]
    if isinstance(record, dict):
        return {str(key): _document(value) for key, value in record.items()}
    return record
