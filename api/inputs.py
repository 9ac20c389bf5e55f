"""Everything a settlement of a round reads, from the tables; what `qf` then makes of it is not decided here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import exists
from sqlmodel import Session, col, select

from api.ledger import ledger_of
from api.secrecy import Secrecy
from api.states import Application as ApplicationState
from api.tables import Application, Credential, Entry, Round, Score, WeightOverride
from qf import Inputs, Project, round_of
from qf.canonical import canonical_json, digest, fraction_text
from qf.round import Round as Rules
from qf.units import WEIGHT_ONE


@dataclass(frozen=True, slots=True)
class Standing:
    """A round as it stands: its rules, what is known, and how many entries that is made of."""

    rules: Rules
    inputs: Inputs
    entries: int


def rules_of(round: Round) -> Rules:
    """Return the rules of a round, as `qf` knows them.

    Raises:
        RoundError: a draft whose rules are malformed.
    """
    return round_of(round.rules)


def standing_of(session: Session, secrecy: Secrecy, round: Round, upto: int | None = None) -> Standing:
    """Return a round as it stands, or as it was when it had `upto` entries.

    Raises:
        InputError: the rules are malformed, or do not go with the prices and scores.
    """
    entries = round.entries if upto is None else upto
    facts = facts_of(session, secrecy, round)
    return Standing(rules_of(round), replace(facts, ledger=ledger_of(session, round.id, entries)), entries)


def facts_of(session: Session, secrecy: Secrecy, round: Round, donors: Collection[str] | None = None) -> Inputs:
    """Return everything that is known of a round but its donations; of some donors alone if they are named.

    Raises:
        InputError: the rules are malformed, or do not go with the prices and scores.
    """
    rules = rules_of(round)
    return Inputs.of(
        rules,
        [],
        weights=weights_of(session, round.id, donors),
        scores=scores_of(session, round.id, donors) if rules.weights.curve else None,
        links=links_of(session, secrecy, round, donors),
        prices={token: tuple(price) for token, price in round.prices.items()},
        projects=projects_of(session, round.id),
    )


def facts_digest(inputs: Inputs) -> str:
    """Return the digest of everything a settlement reads but its donations, which are named by how many there are."""
    facts = {
        "prices": {name: [str(price.value), price.decimals] for name, price in inputs.prices.prices.items()},
        "weights": {name: int(weight) for name, weight in inputs.weights.weight.items()},
        "links": dict(inputs.weights.identity),
        "projects": [[each.id, each.title, each.payout_address, list(each.owners)] for each in inputs.projects or ()],
    }
    return digest(canonical_json(facts))


def projects_of(session: Session, round_id: str) -> tuple[Project, ...]:
    """Return the approved projects of a round, by id."""
    approved = select(Application).where(
        Application.round_id == round_id, Application.state == ApplicationState.APPROVED
    )
    rows = session.exec(approved.order_by(col(Application.project)))
    return tuple(Project(row.project, row.title, row.payout_address, tuple(row.owners)) for row in rows)


def links_of(session: Session, secrecy: Secrecy, round: Round, donors: Collection[str] | None = None) -> dict[str, str]:
    """Return donor -> person for everybody who gave in this round under more than one name.

    The person is a pseudonym of this round: the bundle says which wallets are one person, and not who that is. Names
    that gave nothing here are left out: nobody learns of them from this round.
    """
    gave = exists().where(col(Entry.round_id) == round.id, col(Entry.donor) == Credential.donor)
    owned = select(Credential.account_id, Credential.donor).where(gave, *_among(Credential.donor, donors))
    names: dict[str, list[str]] = defaultdict(list)
    for account, donor in session.execute(owned):
        names[account].append(donor)
    return {
        donor: person_of(secrecy, round, account)
        for account, donors in names.items()
        if len(donors) > 1
        for donor in donors
    }


def person_of(secrecy: Secrecy, round: Round, account: str) -> str:
    """Return what a person is called in the bundle of a round."""
    return f"person-{secrecy.mark(f'person/{round.id}', account)[:16]}"


def scores_of(session: Session, round_id: str, donors: Collection[str] | None = None) -> dict[str, str]:
    """Return donor -> newest score."""
    wanted = select(Score.donor, Score.score).where(Score.round_id == round_id, *_among(Score.donor, donors))
    rows = session.execute(wanted.order_by(col(Score.id)))
    return {row.donor: row.score for row in rows}


def weights_of(session: Session, round_id: str, donors: Collection[str] | None = None) -> dict[str, Any]:
    """Return donor -> weight (0 to 1, as text) of those about whom an operator decided."""
    rows = session.execute(
        select(WeightOverride.donor, WeightOverride.weight_bps)
        .where(WeightOverride.round_id == round_id, *_among(WeightOverride.donor, donors))
        .order_by(col(WeightOverride.id))
    )
    newest = {row.donor: row.weight_bps for row in rows}
    return {
        donor: fraction_text(Fraction(weight, WEIGHT_ONE)) for donor, weight in newest.items() if weight is not None
    }


def _among(column: Any, donors: Collection[str] | None) -> list[Any]:
    return [] if donors is None else [col(column).in_(donors)]
