"""The donations of one person, whatever names they were given under, and how each counts.

Once a round is published, they are told as they were settled: the donations as they stood then, and the weights and
links of the bundle. Before that, as things stand. Either way nobody else's donations are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session, col, select

from api.access import Asking
from api.inputs import facts_of, rules_of
from api.ledger import ledger_of
from api.settlement.bundles import bundle_of
from api.settlement.changes import published
from api.states import State
from api.tables import Credential, Entry, Round
from qf.codec.facts import FACTS, Facts, read_facts
from qf.codec.layout import files_in, read_file
from qf.errors import QfError
from qf.explain import DonationExplanation, explain_donations
from qf.inputs import Inputs
from qf.round import Round as Rules

FACTS_KEPT = 4
"""Published rounds whose weights and links are kept in memory; with a million donors, some 100 MB each."""


@dataclass(frozen=True, slots=True)
class Gifts:
    """What one person gave in a round.

    Attributes:
        round: the round.
        rules: its rules.
        final: whether this is how it was settled.
        donations: each with its weight, and why it does not count if it does not.
        problem: why that cannot be told now, such as a price that is missing; then there are no donations.
    """

    round: Round
    rules: Rules
    final: bool
    donations: tuple[DonationExplanation, ...]
    problem: str = ""


def names_of(session: Session, account: str) -> list[str]:
    """Return all names that an account gives under."""
    query = select(Credential.donor).where(Credential.account_id == account, Credential.donor != "")
    return sorted(set(session.exec(query)))


def rounds_of(session: Session, names: Sequence[str], after: tuple[int, str] | None, limit: int) -> list[Round]:
    """Return rounds in which somebody of these names gave, newest first, from a place in that order on."""
    gave = select(Entry.position).where(col(Entry.round_id) == col(Round.id), col(Entry.donor).in_(names)).exists()
    query = select(Round).where(gave).order_by(col(Round.created_at).desc(), col(Round.id).desc())
    if after is not None:
        at, name = after
        query = query.where((col(Round.created_at) < at) | ((col(Round.created_at) == at) & (col(Round.id) < name)))
    return list(session.exec(query.limit(limit)))


def gifts_of(asking: Asking, round: Round, names: Sequence[str]) -> Gifts:
    """Return what somebody of these names gave in a round, and how it counts."""
    rules, inputs, final = inputs_of(asking, round, names)
    try:
        return Gifts(round, rules, final, told(rules, inputs))
    except QfError as error:
        return Gifts(round, rules, final, (), str(error))


def inputs_of(asking: Asking, round: Round, names: Sequence[str]) -> tuple[Rules, Inputs, bool]:
    """Return the rules of a round, what is known of these names in it, and whether that is what was settled."""
    session = asking.session
    if round.state != State.PUBLISHED:
        facts = facts_of(session, asking.services.secrecy, round, names)
        return rules_of(round), replace(facts, ledger=ledger_of(session, round.id, None, names)), False
    settlement = published(session, round.id)
    kept = facts_in(bundle_of(asking.services, settlement))
    return kept.round, replace(kept.inputs, ledger=ledger_of(session, round.id, settlement.entries, names)), True


@lru_cache(FACTS_KEPT)
def facts_in(bundle: Path) -> Facts:
    """Return the rules, weights and links of a bundle, which never change."""
    return read_facts({name: read_file(bundle, name) for name in files_in(bundle) if name in FACTS})


def told(rules: Rules, inputs: Inputs) -> tuple[DonationExplanation, ...]:
    """Return how all donations in `inputs` count, by project and time within each identity.

    Raises:
        QfError: it cannot be told, such as where a price is missing.
    """
    found: dict[str, tuple[DonationExplanation, ...]] = {}
    for name in inputs.ledger.donor.names:
        identity = inputs.weights.identity.get(name, name)
        if identity not in found:
            found[identity] = explain_donations(rules, inputs, name).donations
    return tuple(donation for identity in sorted(found) for donation in found[identity])
