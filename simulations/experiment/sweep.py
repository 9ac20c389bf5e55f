"""What is varied in an experiment: every combination of some values, or a Latin hypercube over some ranges.

[sweep]
model = "grid"                # or "latin_hypercube", which takes `cells`, how many points are drawn
[sweep.over]
"identity.price" = [0.0, 0.5, 1.0]                              # grid: the values
"population.donors" = { from = 100, to = 10000, scale = "log" } # latin_hypercube: the range, both ends included
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np

from qf.errors import Problem
from simulations.parts import key, read_part, unknown

POINTS = 2**31
"""Spawn key of the stream that Latin hypercubes are drawn from; replications have smaller ones."""

SCALES = ("linear", "log")
"""How a range is divided: into equal steps, or into equal ratios."""

DIGITS = 6
"""Drawn numbers have so many significant digits, so that a cell can be written down and run alone."""

MOST_CELLS = 100_000
"""More cells than this are a slip."""

Values = dict[str, Any]
"""Dotted key -> value."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of the values of each key; the last key changes fastest."""

    model: ClassVar[str] = "grid"
    over: Mapping[str, list[Any]]

    def cells(self, seed: int) -> list[Values]:
        """Return the values of each cell.

        >>> Grid({"identity.price": [0, 1], "population.donors": [5]}).cells(seed=1)
        [{'identity.price': 0, 'population.donors': 5}, {'identity.price': 1, 'population.donors': 5}]
        """
        return [dict(zip(self.over, values, strict=True)) for values in product(*self.over.values())]


@dataclass(frozen=True, slots=True)
class Range:
    """A range of numbers; whole numbers, if both ends are."""

    low: float = key("the smallest value")
    high: float = key("the largest value")
    scale: str = key("how the range is divided", "linear", options=SCALES)
    whole: bool = key("whether only whole numbers are drawn", False)

    def at(self, place: float) -> float:
        """Return the value at `place`, from 0 (low) to 1 (high).

        >>> Range(1, 10_000, "log").at(0.5), Range(0, 1).at(0.25), Range(1, 3, whole=True).at(0.99)
        (100.0, 0.25, 3)
        """
        low, high = (self.low, self.high + 1) if self.whole else (self.low, self.high)
        value = low * (high / low) ** place if self.scale == "log" else low + (high - low) * place
        return min(math.floor(value), int(self.high)) if self.whole else float(f"{value:.{DIGITS}g}")


@dataclass(frozen=True, slots=True)
class LatinHypercube:
    """So many points of a space of ranges; each range, cut into as many parts, has one point in each part.

    Source: McKay, Beckman and Conover (1979), drawn by `scipy.stats.qmc.LatinHypercube`.
    """

    model: ClassVar[str] = "latin_hypercube"
    points: int
    over: Mapping[str, Range]

    def cells(self, seed: int) -> list[Values]:
        """Return the values of each cell: the same for the same seed of the scenario."""
        from scipy.stats import qmc

        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(POINTS,)))
        drawn = qmc.LatinHypercube(len(self.over), rng=rng).random(self.points)
        return [
            {name: span.at(float(place)) for (name, span), place in zip(self.over.items(), row, strict=True)}
            for row in drawn
        ]


Sweep = Grid | LatinHypercube
"""What is varied."""


def sweep_of(table: Any, problems: list[Problem]) -> Sweep | None:
    """Return the sweep that a table describes, or None after adding everything that is wrong with it."""
    before = len(problems)
    table = _table("[sweep]", table, ("model", "over", "cells"), problems)
    over = _table("[sweep.over]", table.get("over"), (), problems)
    model, points = table.get("model", Grid.model), table.get("cells")
    problems += [Problem("[sweep.over]", "is empty", 'write a key and its values: "identity.price" = [0.0, 1.0]')] * (
        not over and len(problems) == before
    )
    made: Sweep | None = None
    if model == Grid.model:
        if points is not None:
            problems.append(Problem("[sweep] cells", "means nothing in a grid", "leave it out"))
        made = _grid(over, problems)
    elif model == LatinHypercube.model:
        if type(points) is not int or not 1 <= points <= MOST_CELLS:
            told = "is missing" if points is None else f"{points!r} is not a whole number from 1 to {MOST_CELLS}"
            problems.append(Problem("[sweep] cells", told, "say how many points are drawn"))
        made = LatinHypercube(points or 0, {name: _range(name, span, problems) for name, span in over.items()})
    else:
        problems.append(unknown("[sweep] model", str(model), (Grid.model, LatinHypercube.model)))
    return made if len(problems) == before else None


def document_of_sweep(sweep: Sweep) -> dict[str, Any]:
    """Return the sweep as plain values; `sweep_of` reads it back."""
    if isinstance(sweep, Grid):
        return {"model": sweep.model, "over": dict(sweep.over)}
    over = {name: {"from": span.low, "to": span.high, "scale": span.scale} for name, span in sweep.over.items()}
    return {"model": sweep.model, "cells": sweep.points, "over": over}


def _table(where: str, table: Any, known: tuple[str, ...], problems: list[Problem]) -> Mapping[str, Any]:
    if table is None or isinstance(table, Mapping):
        found = table or {}
        problems += [unknown(where, name, known) for name in found if known and name not in known]
        return found
    problems.append(Problem(where, f"{table!r} is not a table", "write its keys and values"))
    return {}


def _grid(over: Mapping[str, Any], problems: list[Problem]) -> Grid:
    for name, values in over.items():
        where = f"[sweep.over] {name}"
        if not isinstance(values, list) or not values:
            problems.append(Problem(where, f"{values!r} is not a list of values", "write [0.0, 0.5, 1.0]"))
        elif any(value in values[:place] for place, value in enumerate(values)):
            problems.append(Problem(where, "a value is listed twice", "list each once"))
    cells = math.prod(len(values) for values in over.values() if isinstance(values, list))
    if cells > MOST_CELLS:
        problems.append(Problem("[sweep.over]", f"makes {cells} cells", f"no more than {MOST_CELLS} are run"))
    return Grid(dict(over))


def _range(name: str, table: Any, problems: list[Problem]) -> Range:
    where = f"[sweep.over] {name}"
    found = _table(where, table, ("from", "to", "scale"), problems)
    low: Any = found.get("from")
    high: Any = found.get("to")
    inner = {"low": low, "high": high, **({"scale": found["scale"]} if "scale" in found else {})}
    span: Range | None = None
    if low is None or high is None:
        problems.append(Problem(where, "has no range", "write { from = 0.0, to = 1.0 }"))
    else:
        span = read_part(Range, inner, where, problems)
    if span is not None and span.low >= span.high:
        problems.append(Problem(where, f"{low} is not below {high}", "write { from = smallest, to = largest }"))
    elif span is not None and span.scale == "log" and span.low <= 0:
        problems.append(Problem(where, f"{low} is not above 0", "a logarithmic range begins above 0"))
    whole = type(low) is int and type(high) is int
    return Range(low, high, span.scale, whole) if span else Range(0, 1)
