"""What came out, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from simulations.experiment import Results
from simulations.report.measures import known
from simulations.report.statistics import Estimate, estimate, has, paired, values_of


def sentences(results: Results) -> list[str]:
    """Return the summary of an experiment: what was simulated, what does best at what, and how sure that is."""
    runs = results.runs
    said = [_simulated(results), *_best(runs, "welfare_ratio", "Money went where donors value it most")]
    said += [*_equality(runs), *_attacks(runs), *_failures(runs)]
    return said


def cell_text(values: dict[str, Any]) -> str:
    """Return the values of a cell as they are shown.

    >>> cell_text({"identity.price": 0.5, "scenario.mechanisms": ["quadratic"]})
    'identity.price = 0.5, scenario.mechanisms = quadratic'
    """
    return ", ".join(
        f"{key} = {', '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in values.items()
    )


def _simulated(results: Results) -> str:
    experiment = results.experiment
    scenario = experiment.scenario
    donors = getattr(scenario.parts.population, "donors", None)
    who = f"{donors:,} donors" if donors else "donors"
    pool = scenario.rules.pool
    money = f"{pool.amount / 10**pool.decimals:,.0f}"
    rounds = scenario.head.replications * len(experiment.cells)
    mechanisms = results.runs["mechanism"].n_unique()
    ways = "one mechanism" if mechanisms == 1 else f"each of {mechanisms} mechanisms"
    varied = ""
    if experiment.sweep is not None:
        keys = list(experiment.sweep.over)
        varied = (
            f" {' and '.join(keys)} {'was' if len(keys) == 1 else 'were'} varied over {len(experiment.cells)} cells."
        )
    return (
        f"In {rounds:,} simulated rounds {who} gave to {scenario.parts.projects.count:,} projects, and a pool of "
        f"{money} was divided under {ways}.{varied}"
    )


def _best(runs: pl.DataFrame, measure: str, told: str) -> Iterator[str]:
    """Say which mechanism is best, and whether it is surely better than the first."""
    means = _means(runs, measure)
    if not means:
        return
    best = max(means, key=lambda name: means[name].mean)
    text = known(measure).text
    first, *others = means
    if not others:
        yield f"{told}: welfare was {text(means[best].mean)} of the best that the same money could have bought."
        return
    if best == first:
        against = max(others, key=lambda name: means[name].mean)
        found = paired(runs, measure)[against]
        yield (
            f"{told} under {best}: welfare {text(means[best].mean)} of the best possible; next is {against} with "
            f"{text(means[against].mean)}{_sureness(found)}."
        )
        return
    found = paired(runs, measure)[best]
    yield (
        f"{told} under {best}: welfare {text(means[best].mean)} of the best possible, against "
        f"{text(means[first].mean)} under {first}{_sureness(found)}."
    )


def _sureness(difference: Estimate) -> str:
    if difference.sure:
        change = known("welfare_ratio").change
        return f" (in the same rounds the difference is {change(difference.low)} to {change(difference.high)})"
    return " (so few rounds do not tell the two apart)"


def _equality(runs: pl.DataFrame) -> Iterator[str]:
    means = _means(runs, "gini")
    if len(means) < 2:
        return
    order = sorted(means, key=lambda name: means[name].mean)
    text = known("gini").text
    yield (
        f"Payouts were most equal under {order[0]} (Gini {text(means[order[0]].mean)}) and least under {order[-1]} "
        f"({text(means[order[-1]].mean)})."
    )


def _attacks(runs: pl.DataFrame) -> Iterator[str]:
    means = _means(runs, "captured") if has(runs, "attack_cost") and runs["moved"].fill_nan(0).abs().sum() else {}
    if not means:
        return
    order = sorted(means, key=lambda name: means[name].mean)
    shown = "; ".join(f"{100 * means[name].mean:.1f} % under {name}" for name in order)
    yield f"Of the pool, attackers moved to their own projects: {shown}."
    prices = _means(runs, "break_even_price")
    if prices:
        told = "; ".join(f"{known('break_even_price').text(prices[name].mean)} under {name}" for name in prices)
        yield f"The attack pays as long as an account costs less than, on average: {told}."


def _failures(runs: pl.DataFrame) -> Iterator[str]:
    failed = runs.filter(pl.col("error") != "").group_by("mechanism", "error", maintain_order=True).len()
    for name, error, count in failed.iter_rows():
        yield f"{name} had no result in {count:,} rounds: {error}."


def _means(runs: pl.DataFrame, measure: str) -> dict[str, Estimate]:
    found = {name: estimate(values) for name, values in values_of(runs, measure).items()} if has(runs, measure) else {}
    return {name: mean for name, mean in found.items() if mean.count}
