"""What a study found, beside what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure.

    Attributes:
        name: what it is.
        published: what another program found; None: nobody published it.
        computed: what comes out here.
        tolerance: how far apart the two may be, relative to what was published.
    """

    name: str
    published: float | None
    computed: float
    tolerance: float

    @property
    def off(self) -> float:
        """How far apart they are, relative to what was published; 0 if nothing was.

        >>> Finding("gini", 0.5, 0.505, 0.01).off
        0.01
        """
        return round(abs(self.computed - self.published) / abs(self.published), 12) if self.published else 0.0

    @property
    def agrees(self) -> bool:
        """Whether they are near enough."""
        return self.off <= self.tolerance


@dataclass(frozen=True, slots=True)
class Study:
    """A published study, made again.

    Attributes:
        title: what was studied, by whom.
        setting: how it was made again, and what had to be assumed.
        findings: the figures.
        open: what is not reproduced, and why; empty: nothing is missing.
    """

    title: str
    setting: str
    findings: Sequence[Finding]
    open: str = ""


def page(studies: Sequence[Study]) -> str:
    """Return the page of the documentation about all studies, in Markdown."""
    lines = [
        "<!-- Written by `python -m simulations studies DATA --out docs/reference/studies.md`. -->",
        "",
        "# Studies made again",
        "",
        "Figures of published studies, and what the same setting gives here; `off` is relative to the published.",
    ]
    for study in studies:
        lines += ["", f"## {study.title}", "", study.setting, "", "| figure | published | here | off | allowed |"]
        lines += ["| --- | ---: | ---: | ---: | ---: |", *map(_line, study.findings)]
        lines += ["", f"Not reproduced: {study.open}"] if study.open else []
    return "\n".join(lines) + "\n"


def _line(finding: Finding) -> str:
    if finding.published is None:
        return f"| {finding.name} | - | {_number(finding.computed)} | - | - |"
    mark = "" if finding.agrees else " **differs**"
    cells = (
        _number(finding.published),
        _number(finding.computed),
        f"{finding.off:.2%}{mark}",
        f"{finding.tolerance:.2%}",
    )
    return f"| {finding.name} | {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
