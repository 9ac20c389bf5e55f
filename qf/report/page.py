"""Fill the report template: every number comes from the result, none is computed a second way."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from importlib.resources import files
from typing import Any

from qf.eligibility import REASON_WORDS
from qf.errors import MissingExtraError
from qf.mechanisms import Arithmetic, mechanism
from qf.reconciliation import Reconciliation
from qf.report.chart import Bar, bar_chart
from qf.result import ProjectResult, RoundResult
from qf.rule_values import moment_text
from qf.rules import document_of
from qf.units import format_decimal

CHART_BARS = 20
"""How many of the largest matches the chart shows; the table below it has all."""

ARITHMETIC_WORDS: Mapping[Arithmetic, str] = {
    Arithmetic.INTEGER: "whole numbers, which give the same result everywhere",
    Arithmetic.FLOAT64: "floating point, rounded to 12 digits before anything was divided",
}
"""How ideal matches were computed, for people."""


def report_html(
    result: RoundResult,
    digest: str,
    input_digests: Mapping[str, str],
    titles: Mapping[str, str] | None = None,
    reconciliation: Reconciliation | None = None,
) -> str:
    """Return the report of `result` as one HTML page that needs no network.

    Args:
        result: the settled round.
        digest: digest of result.json in the bundle.
        input_digests: digest of every input.
        titles: project id -> title for people.
        reconciliation: the donations compared with where they came from, if that was done.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise MissingExtraError("jinja2", "cli") from None
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["moment"] = lambda text: text.replace("T", " ").replace("Z", " UTC").replace(":00 UTC", " UTC")
    template = environment.from_string((files("qf.report") / "page.html.j2").read_text("utf-8"))
    return template.render({**_facts(result, digest, input_digests, titles or {}), "found": reconciliation})


def _facts(
    result: RoundResult, digest: str, input_digests: Mapping[str, str], titles: Mapping[str, str]
) -> dict[str, Any]:
    round, pool = result.round, result.round.pool
    ranked = sorted(result.projects, key=lambda project: (-project.payout, project.project))
    rows = [_row(project, result, titles) for project in ranked]
    bars = [Bar(row["title"], row["share"], row["payout"], row["capped"]) for row in rows[:CHART_BARS]]
    paid = pool.amount - result.unspent
    return {
        "title": round.title or round.id,
        "round": round,
        "unit": round.unit,
        "token": pool.token or round.unit,
        "opens": None if round.opens is None else moment_text(round.opens),
        "closes": None if round.closes is None else moment_text(round.closes),
        "pool": money(pool.amount, pool.decimals),
        "paid": money(paid, pool.decimals),
        "unspent": money(result.unspent, pool.decimals),
        "saturated": result.saturated,
        "counted": f"{result.donations - sum(result.excluded.values()):,}",
        "donations": f"{result.donations:,}",
        "donors": f"{result.donors:,}",
        "rows": rows,
        "bars": len(bars),
        "chart": bar_chart(bars),
        "excluded": [(str(reason), REASON_WORDS[reason], f"{n:,}") for reason, n in result.excluded.items()],
        "mechanism": mechanism(round.mechanism.id).title,
        "arithmetic": ARITHMETIC_WORDS[result.arithmetic],
        "notes": result.notes,
        "capped": any(row["capped"] for row in rows),
        "rules": _rules(result),
        "digest": digest,
        "input_digests": sorted(input_digests.items()),
    }


def _row(project: ProjectResult, result: RoundResult, titles: Mapping[str, str]) -> dict[str, Any]:
    round, pool = result.round, result.round.pool
    return {
        "id": project.project,
        "title": titles.get(project.project) or project.project,
        "donors": f"{project.donors:,}",
        "contributed": money(project.contributed, round.unit_decimals, 2),
        "payout": money(project.payout, pool.decimals, 6),
        "share": Fraction(project.payout, pool.amount or 1),
        "percent": f"{float(Fraction(project.payout, pool.amount or 1)) * 100:.2f} %",
        "capped": project.capped,
    }


def _rules(result: RoundResult) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (section, [(key, _plain(value)) for key, value in values.items() if value not in ("", [])])
        for section, values in document_of(result.round).items()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(" → ".join(item) if isinstance(item, list) else str(item) for item in value)
    return str(value)


def money(amount: int, decimals: int, places: int | None = None) -> str:
    """Return base units as whole units with thousands separators, cut and padded to `places`.

    >>> money(123456780, 2, 2)
    '1,234,567.80'
    """
    shown = decimals if places is None else min(places, decimals)
    whole, _, part = format_decimal(Fraction(amount, 10**decimals), shown).partition(".")
    part = part if places is None else part.ljust(shown, "0")
    return f"{int(whole):,}" + (f".{part}" if part else "")
