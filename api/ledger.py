"""What stands of the entries of a round, as the ledger that `qf` settles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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

AT_ONCE = 2_000
"""Rows that are read at once; measured: with more, collecting garbage takes longer than reading."""


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


def ledger_of(
    session: Session, round_id: str, upto: int | None = None, donors: Collection[str] | None = None
) -> DonationLedger:
    """Return the ledger of a round, as things were at position `upto`, or now; that of some donors if they are named.

    Its rows are in the order of the positions, or in none, which the result does not depend on.
    """
    query = standing(round_id, upto, *_COLUMNS)
    query = query.order_by(col(Entry.position)) if donors is None else query.where(col(Entry.donor).in_(donors))
    givers, projects, tokens = _Names(), _Names(), _Names()
    ids: list[str] = []
    amounts, sides, times = [integers(())], [np.zeros(0, np.bool_)], [np.zeros(0, np.int64)]
    # Past the objects of the ORM, and in parts, so that a million rows never exist as Python objects at once.
    for rows in session.connection().execute(query, execution_options={"yield_per": AT_ONCE}).partitions():
        names, *named, amount, side, time = zip(*rows, strict=True)
        ids.extend(names)
        for column, values in zip((givers, projects, tokens), named, strict=True):
            column.add(values)
        amounts.append(integers(amount))
        sides.append(np.array(side, np.bool_))
        times.append(np.array(time, np.int64))
    against = np.concatenate(sides)
    return DonationLedger(
        donor=givers.column(),
        project=projects.column(),
        amount=np.concatenate(amounts),
        token=tokens.column(token_column) if any(tokens.index) else None,
        time=np.concatenate(times),
        id=np.array([*ids, ""], dtype=object)[:-1],
        against=against if against.any() else None,
    )


class _Names:
    """A column of names that grows."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self._codes = [np.zeros(0, np.int32)]

    def add(self, names: Sequence[str]) -> None:
        codes = (self.index.setdefault(name, len(self.index)) for name in names)
        self._codes.append(np.fromiter(codes, np.int32, len(names)))

    def column(self, of: Callable[[list[str]], Column] = Column.of) -> Column:
        spelled = of(list(self.index))
        return Column(spelled.codes[np.concatenate(self._codes)], spelled.names)
