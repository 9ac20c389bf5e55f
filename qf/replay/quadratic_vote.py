"""The quadratic vote of the Beyond Conference 2025 in Japan: 133 people, 7 projects, 250,000 JPY."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from qf.ledger import Donation
from qf.replay.cases import Replay, rows_of
from qf.replay.tables import number, rows
from qf.rules import preset
from qf.settle import settle

FOLDER = "quadratic_vote_2025"
"""Where the tables lie, under the data folder."""

POOL_JPY = 250_000
"""Yen that were divided."""

PRECISION = Fraction(1, 10**9)
"""Yen: the published shares are float64."""


def replays(data: Path) -> Iterator[Replay]:
    """Yield the replay of the vote: v votes cost v**2 credits; the publishers ignored the two negative votes."""
    folder = data / FOLDER
    if not folder.is_dir():
        return
    titles = {row["candidate_id"]: row["title_en"] for row in rows(folder / "candidates.csv")}
    ballots = [
        Donation(ballot["vote_id"], titles[number_of], int(votes) ** 2, against=int(votes) < 0)
        for ballot in rows(folder / "votes.csv")
        for number_of in titles
        if int(votes := ballot[f"candidate_{number_of}"])
    ]
    published = rows(folder / "results/voting_methods_comparison.csv")
    expected = {row["title"]: number(row["budget_allocation_qv"]) for row in published}
    round = preset(
        "yen",
        pool=POOL_JPY,
        unit="",
        convention="on_root",
        parameters={"id": "quadratic_voting", "root_bits": 0, "negative_votes": "ignore", "credits": 100},
    )
    result = settle(round, ballots)
    note = "each ballot counts by itself and negative votes are ignored, as the publishers did"
    found = rows_of(result, expected, exact=False)
    yield Replay("Beyond Conference 2025", f"{FOLDER}/votes.csv", "JPY", PRECISION, found, note)
