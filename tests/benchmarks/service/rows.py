"""The table that the benchmark publishes: what is measured, and the bars it has to meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAGE = """\
# Performance of the service

Measured on {date} by

```sh
{command}
```

in one run of {minutes:.0f} minutes, which wrote this page: {machine}; Python {python}; {databases}. In the database are
two rounds with {donations:,} donations and {projects:,} projects each: one that is open, and one that is closed and
settled. Load, PostgreSQL and service share the machine; its load average was {load} before and {load_after} afterwards.

| | bar | {kinds} |
|---|---|{lines}
{rows}

- Requests go out at fixed times, and one counts from the moment it was due: a server that stalls cannot hide whom it
  keeps waiting. The generator's own figures say that it was not what was measured: how late it was itself, how much of
  one core it took, and what it measures with a server that does nothing.
- Half of the estimates are for donors who gave before. One process answers all requests; another settles.
- Deliveries are signed webhooks, from clients that send the next one when they have the answer. Each is one transaction
  that is on the disk before it is answered; deliveries of one round wait for each other, since each gets its place.
- While the round settles, {settling:.0f} lists of projects and as many estimates a second are asked for, from when it
  is asked for until it is published.
- The soak takes {soak:.0f} seconds: each second 50 estimates, 10 lists of projects, and one delivery of ten donations.
"""
"""The page."""

MISSED = " **missed**"
"""What is said of a figure that does not meet its bar."""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure: its unit, and the least or the most it may be."""

    name: str
    unit: str
    most: float | None = None
    least: float | None = None

    def bar(self) -> str:
        """Return the bar as it is shown."""
        if self.most is not None:
            return f"at most {shown(self.most, self.unit)}"
        return f"at least {shown(self.least, self.unit)}" if self.least is not None else ""

    def met(self, value: float) -> bool:
        """Whether a figure meets the bar."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def line(self, values: list[float]) -> str:
        """Return the line of the table."""
        told = [shown(value, self.unit) + ("" if self.met(value) else MISSED) for value in values]
        return f"| {' | '.join([self.name, self.bar(), *told])} |"


FIRST = "first estimate after the start, all donations read"
ESTIMATES = "estimates, 200 a second: median"
ESTIMATES_99 = "estimates, 200 a second: 99 %"
LISTS_99 = "list of projects, 50 a second: 99 %"
INTAKE = "donations a second, in deliveries of 1,000 from 4 clients"
INTAKE_8 = "deliveries of one donation a second, from 8 clients"
INTAKE_32 = "deliveries of one donation a second, from 32 clients"
BEHIND = "estimates know them all after"
SETTLED = "settlement, from asked for to published"
SETTLING_LISTS_99 = "list of projects meanwhile: 99 %"
SETTLING_ESTIMATES_99 = "estimates meanwhile: 99 %"
SOAKED_99 = "estimates in the soak: 99 %"
MEMORY = "memory of the API, a tenth into the soak"
GROWTH = "its growth until the end of the soak"
FAILED = "answers that were no success"
LATE = "generator: late with a request of the estimates, 99 %"
BUSY = "generator: share of a core meanwhile"
NOTHING = "generator: the same with a server that does nothing, 99 %"

ROWS = (
    Row(FIRST, "s"),
    Row(ESTIMATES, "ms"),
    Row(ESTIMATES_99, "ms", most=0.020),
    Row(LISTS_99, "ms", most=0.050),
    Row(INTAKE, "", least=2_000),
    Row(INTAKE_8, ""),
    Row(INTAKE_32, ""),
    Row(BEHIND, "s"),
    Row(SETTLED, "s", most=60),
    Row(SETTLING_LISTS_99, "ms", most=0.050),
    Row(SETTLING_ESTIMATES_99, "ms", most=0.020),
    Row(SOAKED_99, "ms", most=0.020),
    Row(MEMORY, "MiB"),
    Row(GROWTH, "%", most=0.05),
    Row(FAILED, "", most=0),
    Row(LATE, "ms"),
    Row(BUSY, "%"),
    Row(NOTHING, "ms"),
)
"""What is measured, with each database."""


def shown(value: float, unit: str) -> str:
    """Return a figure as it is shown; times and shares are seconds and fractions.

    >>> shown(0.0123, "ms"), shown(12345.6, ""), shown(0.05, "%")
    ('12.3 ms', '12,346', '5.0 %')
    """
    if unit in {"ms", "%"}:
        return f"{value * (1_000 if unit == 'ms' else 100):.1f} {unit}"
    return f"{value:.1f} s" if unit == "s" else f"{value:,.0f} {unit}".strip()


def table(measured: Mapping[str, Mapping[str, float]]) -> str:
    """Return the rows of the table, with a column for each database."""
    return "\n".join(row.line([found[row.name] for found in measured.values()]) for row in ROWS)
