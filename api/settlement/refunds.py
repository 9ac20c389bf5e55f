"""What is to be given back when a round is cancelled: to whom, by which source; it adds up to what stands."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO

from sqlmodel import col

from api.access import RoundAsking
from api.applications.tables import defused
from api.ledger import standing
from api.problems import Conflict
from api.sources.changes import sources_of
from api.states import State
from api.tables import Entry

COLUMNS = ("source", "kind", "donor", "token", "amount_base", "donations")
"""Columns of the list as CSV; donations are what the source calls them, joined by |."""


@dataclass(slots=True)
class Refund:
    """What a donor gets back through a source.

    Attributes:
        source, kind: where the donations came from.
        donor: as in the ledger.
        token: what was given; "" is the unit of the round.
        amount_base: base units of the token, or round units.
        donations: what the source calls them.
    """

    source: str
    kind: str
    donor: str
    token: str
    amount_base: int = 0
    donations: list[str] = field(default_factory=list)


def refunds_of(asking: RoundAsking) -> list[Refund]:
    """Return what is to be given back of a cancelled round, by source, donor and token.

    Raises:
        Conflict: the round is not cancelled.
    """
    round = asking.round
    if round.state != State.CANCELLED:
        raise Conflict(f"The round is {round.state}; a round is refunded when it is cancelled.", "not_cancelled")
    sources = {source.id: source for source in sources_of(asking.session, round.id)}
    query = standing(round.id, None, "source_id", "donor", "token", "amount", "external_id")
    refunds: dict[tuple[str, str, str], Refund] = {}
    rows = asking.session.connection().execute(query.order_by(col(Entry.position)))
    for source_id, donor, token, amount, name in rows:
        source = sources[source_id]
        refund = refunds.setdefault((source.name, donor, token), Refund(source.name, source.kind, donor, token))
        refund.amount_base += amount
        refund.donations.append(name)
    return [refunds[key] for key in sorted(refunds)]


def table_of(refunds: Sequence[Refund]) -> str:
    """Return refunds as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in refunds:
        cells = (each.source, each.kind, each.donor, each.token, str(each.amount_base), "|".join(each.donations))
        writer.writerow(map(defused, cells))
    return text.getvalue()
