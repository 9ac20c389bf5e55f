"""What projects were given and are matched with: as the round was settled, or as it would be now."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO

from api.access import RoundAsking
from api.settlement.changes import published
from api.states import State
from qf.units import format_decimal

PLACES = 6
"""Decimal places of a match that is no whole base unit yet."""

COLUMNS = ("project", "match_base", "contributed", "donors")
"""Columns of the table."""


@dataclass(frozen=True, slots=True)
class Matches:
    """What every project is matched with.

    Attributes:
        final: whether the round is settled, and these are its payouts.
        entries: how many donations and corrections they are made of.
        made_of: names all else they are made of.
        match: project -> base units of the payout token; whole ones if they are final.
        given: project -> what counts of all it was given, in round units, and how many people gave it.
    """

    final: bool
    entries: int
    made_of: str
    match: dict[str, str]
    given: dict[str, tuple[int, int]]


def matches_of(asking: RoundAsking) -> Matches:
    """Return the payouts of a settled round, or what its projects would be matched with if it ended now.

    Raises:
        QfError: the round cannot be estimated, such as where a price is missing.
    """
    round = asking.round
    if round.state == State.PUBLISHED:
        row = published(asking.session, round.id)
        payouts = {each["project"]: each["payout"] for each in row.summary["projects"]}
        given = {each["project"]: (int(each["contributed"]), each["donors"]) for each in row.summary["projects"]}
        return Matches(True, row.entries, row.result_digest, payouts, given)
    book = asking.services.books.of(round.id)
    match, given, entries = book.standing()
    return Matches(
        False,
        entries,
        f"{book.rules_digest}/{book.facts}",
        {name: format_decimal(each, PLACES) for name, each in match.items()},
        given,
    )


def table_of(matches: Matches) -> str:
    """Return matches as CSV."""
    text = StringIO()
    rows = ((name, match, *matches.given[name]) for name, match in matches.match.items())
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    return text.getvalue()
