"""What stands of the entries of a round, as the ledger that `qf` settles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api.tables import Entry
from qf.columns import Column
from qf.ledger import DonationLedger, integers
from qf.plain import token_column

_COLUMNS = ("ledger_id", "donor", "project", "token", "amount", "against", "time")


def standing(round_id: str, upto: int | None = None, *columns: str) -> Select[Any]:
    """Return the query of the entries of a round that stand: the last revision of each donation that is not 0.

    Args:
        round_id: the round.
        upto: as things were at this position; None is now.
        columns: what of each entry; all of it if there are none.
    """
    later = aliased(Entry)
    revisions = [
        col(later.source_id) == Entry.source_id,
        col(later.external_id) == Entry.external_id,
        col(later.revision) > Entry.revision,
    ]
    limits = [col(Entry.round_id) == round_id, col(Entry.amount) != 0]
    if upto is not None:
        revisions.append(col(later.position) <= upto)
        limits.append(col(Entry.position) <= upto)
    wanted = [getattr(Entry, name) for name in columns] or [Entry]
    return select(*wanted).where(*limits, ~exists().where(*revisions))


def ledger_of(session: Session, round_id: str, upto: int | None = None) -> DonationLedger:
    """Return the ledger of a round, as things were at position `upto`, or now.

    Its rows are in the order of the positions, which the result does not depend on.
    """
    query = standing(round_id, upto, *_COLUMNS).order_by(col(Entry.position))
    rows = session.execute(query).all()
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [() for _ in _COLUMNS]
    ids, donors, projects, tokens, amounts, against, times = columns
    return DonationLedger(
        donor=Column.of(donors),
        project=Column.of(projects),
        amount=integers(amounts),
        token=token_column(tokens) if any(tokens) else None,
        time=np.fromiter(times, np.int64, len(times)),
        id=np.array([*ids, ""], dtype=object)[:-1],
        against=np.fromiter(against, np.bool_, len(against)) if any(against) else None,
    )
