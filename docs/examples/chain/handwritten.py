"""A ledger that somebody kept by hand, with the mistakes that people make, and one that somebody wants them to make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chain.people import read_table, write_table

Row = dict[str, str]
"""A row of a file of donations."""


@dataclass(frozen=True)
class Mistakes:
    """What goes wrong in the ledger, beside a row left out, a digit dropped and a gift entered twice.

    Attributes:
        orphan: a gift that a reorganisation took away.
        forged: a gift whose event somebody else's contract wrote.
        failed: a gift whose transaction did not succeed.
    """

    orphan: Row
    forged: Row
    failed: Row


def write_by_hand(path: Path, truth: Path, mistakes: Mistakes) -> None:
    """Write the ledger: what is on the chain, with six mistakes in it."""
    rows = read_table(truth)
    rows[40]["amount_base"] = rows[40]["amount_base"][:-1]
    rows.append({**rows[70], "id": "desk/17"})
    rows += [mistakes.orphan, mistakes.forged, mistakes.failed]
    del rows[25]
    write_table(path, [tuple(rows[0]), *(tuple(row.values()) for row in rows)])


def vanished(before: Path, after: Path) -> Row:
    """Return a gift of which the earlier file knows and the later one has nothing, not even another by its donor."""
    stayed = {row["donor"] for row in read_table(after)}
    return next(row for row in read_table(before) if row["donor"] not in stayed)
