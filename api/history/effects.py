"""What one person's gifts move: what each project is matched with, and what it would be without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.access import RoundAsking
from api.history.gifts import inputs_of
from api.problems import Conflict
from api.settlement.bundles import bundle_of
from api.settlement.changes import published
from qf.codec import read_bundle
from qf.explain import explain_donor
from qf.units import format_decimal

PLACES = 6
"""Decimal places of a match that is no whole base unit yet."""

MOST = 200_000
"""Donations of a published round that is settled again while somebody waits, which takes about a second."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a project is matched with, and would be without the person; base units of the payout token."""

    project: str
    match_base: str
    without_base: str


def effects_of(asking: RoundAsking, names: Sequence[str]) -> list[Effect]:
    """Return what the gifts of somebody of these names move, project by project.

    Raises:
        Conflict: the round is published, and too large to be settled again while somebody waits.
        QfError: the round cannot be estimated, such as where a price is missing.
    """
    _, inputs, final = inputs_of(asking, asking.round, names)
    identity = inputs.weights.identity
    people = {identity.get(name, name): name for name in inputs.ledger.donor.names}.values()
    effects_on = _as_settled if final else _as_things_stand
    return [effect for person in people for effect in effects_on(asking, person)]


def _as_settled(asking: RoundAsking, donor: str) -> list[Effect]:
    row = published(asking.session, asking.round.id)
    if row.summary["donations"] > MOST:
        told = (
            f"A round of more than {MOST} donations takes a while to settle again: `qf explain` does it on the bundle."
        )
        raise Conflict(told, "too_large")
    bundle = read_bundle(bundle_of(asking.services, row))
    found = explain_donor(bundle.round, bundle.inputs, donor).projects
    return [Effect(each.project, str(each.payout), str(each.payout_without)) for each in found]


def _as_things_stand(asking: RoundAsking, donor: str) -> list[Effect]:
    moved = asking.services.books.of(asking.round.id).effects(donor)
    return [
        Effect(project, format_decimal(now, PLACES), format_decimal(without, PLACES))
        for project, (now, without) in moved.items()
    ]
