"""What the replay suite found, as a page: Markdown for the documentation, HTML to show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from simulations.replay.suite import Status, Verdict

INTRODUCTION = """\
<!-- Written by `python -m simulations replay DATA --out docs/reference/replays.md`. -->

# Replays

Published rounds, settled again by this package. Each is a set of data files with their SHA-256, the published
figures and a tolerance; all of it is in `simulations/replay/manifest.toml`. The data itself is not part of the
repository. A round whose figures come out otherwise is marked DIFFERS and makes the command end with 1; so does a
file that is missing or is another.
"""

HEAD = ("round", "settled by", "figures", "largest difference", "tolerance", "")


def markdown(verdicts: Sequence[Verdict]) -> str:
    """Return the page of the documentation."""
    lines = [
        INTRODUCTION,
        *_markdown_table(HEAD, [_row(verdict) for verdict in verdicts]),
        "",
        "## Where it comes from",
        "",
    ]
    for verdict in verdicts:
        entry = verdict.entry
        lines.append(f"- **{entry.name}**: {entry.title}. Published: {entry.source}. Licence: {entry.licence}.")
        lines += [f"    - {name}: {verdict.status}" for name in verdict.changed]
    for verdict in verdicts:
        if verdict.computed:
            lines += ["", f"## {verdict.entry.name}: {verdict.entry.title}", ""]
            lines += _markdown_table(("figure", "published", "here"), _figures(verdict))
    return "\n".join(lines) + "\n"


def html(verdicts: Sequence[Verdict]) -> str:
    """Return the same as one page that needs nothing else."""
    parts = [_html_table(HEAD, [_row(verdict) for verdict in verdicts])]
    for verdict in verdicts:
        if verdict.computed:
            parts.append(f"<h2>{escape(verdict.entry.title)}</h2>")
            parts.append(_html_table(("figure", "published", "here"), _figures(verdict)))
    style = (
        "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #999;padding:.3em;text-align:left}"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Replays</title>'
        f"<style>{style}</style></head><body><h1>Published rounds, settled again</h1>{''.join(parts)}</body></html>\n"
    )


def agree(verdicts: Sequence[Verdict]) -> bool:
    """Return whether every round agrees."""
    return all(verdict.status is Status.AGREES for verdict in verdicts)


def _row(verdict: Verdict) -> tuple[str, ...]:
    entry = verdict.entry
    if verdict.changed:
        return entry.name, entry.mechanism, "-", "-", "-", str(verdict.status)
    tolerance = f"{entry.tolerance:.0e} {entry.unit}" if entry.tolerance else "exact"
    largest = "0" if verdict.largest == 0 else f"below {entry.tolerance:.0e}"
    if verdict.largest > entry.tolerance:
        largest = f"{verdict.largest:.2e}"
    return entry.name, entry.mechanism, str(verdict.figures), largest, tolerance, str(verdict.status)


def _figures(verdict: Verdict) -> list[tuple[str, ...]]:
    expected = verdict.entry.expected
    return [
        (name, f"{expected[name]:.3f}" if name in expected else "-", f"{value:.3f}")
        for name, value in verdict.computed.items()
    ]


def _markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
