"""What a replay of one published round says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from qf.result import RoundResult


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One project: what was published and what was computed, in whole units of the payout token."""

    project: str
    expected: Fraction
    computed: Fraction

    @property
    def difference(self) -> Fraction:
        """Computed minus expected."""
        return self.computed - self.expected


@dataclass(frozen=True, slots=True)
class Replay:
    """One published round.

    Attributes:
        name, source: what the round is called and where its numbers come from, under the data folder.
        unit: what the amounts are in.
        tolerance: the precision of what was published; 0 where it is exact.
        rows: one per project, in the order of their ids.
        note: what the original computation did differently from its stated rule, if anything.
    """

    name: str
    source: str
    unit: str
    tolerance: Fraction
    rows: tuple[ReplayRow, ...]
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether every project agrees within the tolerance."""
        return all(abs(row.difference) <= self.tolerance for row in self.rows)

    @property
    def largest_difference(self) -> Fraction:
        """The largest difference of any project, without its sign."""
        return max((abs(row.difference) for row in self.rows), default=Fraction(0))


def rows_of(result: RoundResult, expected: Mapping[str, Fraction], *, exact: bool) -> tuple[ReplayRow, ...]:
    """Return the rows of a settled round: payouts where the original paid integers, else matches before rounding."""
    unit = 10**result.round.pool.decimals
    computed = {
        project.project: Fraction(project.payout if exact else project.capped_match) / unit
        for project in result.projects
    }
    ids = sorted({*computed, *expected})
    return tuple(ReplayRow(name, expected.get(name, Fraction(0)), computed.get(name, Fraction(0))) for name in ids)
