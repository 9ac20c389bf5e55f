"""What the page of a donor shows: their gifts, how each counted and why, and how much they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.access import Asking, RoundAsking
from api.accounts.reading import account_of
from api.applications.reading import mine as applications_of
from api.giving.gifts import mine
from api.giving.schema import GiftOut
from api.history.gifts import Gifts, gifts_of, names_of, rounds_of
from api.inputs import projects_of, rules_of
from api.states import State
from api.tables import Round
from api.weights.appeals import own, shown
from api.weights.evidence import own_weight
from api.weights.schema import AppealOut, OwnWeightOut
from qf.units import WEIGHT_ONE

ROUNDS = 20
"""Rounds on the page, the newest."""

UNDER_WAY = (State.OPEN, State.CLOSED)
"""Rounds in which a weight can still change."""


@dataclass(frozen=True, slots=True)
class InRound:
    """What somebody gave in a round, how much they count in it, and what they said about that."""

    gifts: Gifts
    titles: dict[str, str]
    weight: OwnWeightOut | None
    appeals: list[AppealOut]
    can_appeal: bool


def donor_of(asking: Asking) -> dict[str, Any]:
    """Return what the page of whoever is signed in shows."""
    names = names_of(asking.session, asking.account)
    rounds = rounds_of(asking.session, names, None, ROUNDS)
    return {
        "account_shown": account_of(asking),
        "rounds": [_in_round(asking, round, names) for round in rounds],
        "applications": applications_of(asking),
    }


def _in_round(asking: Asking, round: Round, names: list[str]) -> InRound:
    gifts = gifts_of(asking, round, names)
    rule = rules_of(round).weights
    weighed = bool(rule.curve) or rule.default != WEIGHT_ONE
    weight = own_weight(asking.session, round, asking.account) if weighed else None
    appeals = [shown(row) for row in own(asking.session, round.id, asking.account)]
    waiting = {appeal.donor for appeal in appeals if appeal.decision is None}
    can_appeal = weight is not None and round.state in UNDER_WAY and any(name not in waiting for name in names)
    titles = {project.id: project.title or project.id for project in projects_of(asking.session, round.id)}
    return InRound(gifts, titles, weight, appeals, can_appeal)


def followed_of(asking: RoundAsking) -> list[GiftOut]:
    """Return the transactions of whoever is signed in that are followed in a round; none if nobody is."""
    return mine(asking, None, 20).items if asking.actor.account else []
