"""Rounds whose ballots are secret (MACI, clr.fund): only sums per project are published, and they are enough.

A round under `alpha_constrained` needs no more of its donations than, per project, the sum T of the votes and the sum
S of their squares, the credits spent. Both are what the tally of such a round publishes, with a proof of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qf.allocate import Totals, allocate
from qf.columns import canonical_name
from qf.errors import InputError, Problem, RoundError
from qf.kernels.tally import Tally
from qf.mechanisms import mechanism_of
from qf.prices import PriceSnapshot
from qf.result import RoundResult
from qf.round import Round

READS_SUMS = ("alpha_constrained",)
"""The mechanisms that take nothing but T and S."""

NOTE = "settled from published sums of secret ballots: who gave is not known, so donors and donations are 0"
"""What every such result says."""


def settle_sums(round: Round, sums: Mapping[str, tuple[int, int]], *, prices: Any = None) -> RoundResult:
    """Return the result of `round` from T and S of every project, as `settle` gives it from the donations.

    Two donors spent 4 credits each on the well, and one 9 on the bus: T = 2 + 2, S = 4 + 4, and T = 3, S = 9.

    >>> from qf.rules import preset
    >>> round = preset("clrfund", pool=100, parameters={"voice_credit_factor": 1})
    >>> settle_sums(round, {"well": (4, 8), "bus": (3, 9)}).payouts
    {'bus': 9, 'well': 91}

    Args:
        round: the rules; its mechanism is `alpha_constrained`. The pool is the whole balance, contributions included.
        sums: project -> (T, S): whole votes, and whole credits spent.
        prices: as for `qf.settle`.

    Raises:
        RoundError: the mechanism needs more than these sums.
        InputError: naming every project whose sums are negative, or cannot belong to one set of ballots.
        NoMatchError: nobody voted, no project has more than one vote, or the pool is smaller than the contributions.
    """
    mechanism, terms = mechanism_of(round)
    if mechanism.id not in READS_SUMS or mechanism.ideal_of_sums is None:
        told = f"{mechanism.id} cannot be settled from sums of votes and credits"
        raise RoundError.at("[mechanism] id", told, f"use {' or '.join(READS_SUMS)}")
    rows = _checked(sums)
    roots, spent = [total for _, total, _ in rows], [credits for _, _, credits in rows]
    nothing = [0] * len(rows)
    ideal = mechanism.ideal_of_sums(Tally(roots, spent, nothing, nothing, nothing), terms)
    given = [numerator // ideal.direct.denominator for numerator in ideal.direct.numerators]
    totals = Totals(
        projects=tuple(project for project, _, _ in rows),
        contributed=given,
        donors=nothing,
        excluded={},
        donations=0,
        identities=0,
    )
    return allocate(round, replace(ideal, notes=(NOTE,)), PriceSnapshot.of(prices), totals)


def _checked(sums: Mapping[str, tuple[int, int]]) -> list[tuple[str, int, int]]:
    """Return (project, T, S) in the order of the ids.

    S is a sum of squares of the whole numbers that T is the sum of: T <= S <= T**2.
    """
    problems: list[Problem] = []
    rows: dict[str, tuple[str, int, int]] = {}
    for project, (total, spent) in sums.items():
        try:
            name = canonical_name(project)
        except ValueError as error:
            problems.append(Problem(f"project {project!r}", str(error), "give its id"))
            continue
        if not all(isinstance(number, int) for number in (total, spent)):
            problems.append(Problem(f"project {name}", f"{total!r} and {spent!r} are not integers", "give int"))
            continue
        if name in rows:
            problems.append(Problem(f"project {name}", "is given twice", "give its sums once"))
        if not 0 <= total <= spent <= total**2:
            told = f"{total} votes for {spent} credits: no ballots add up to that"
            problems.append(Problem(f"project {name}", told, "give votes and spent credits, as published"))
        rows[name] = (name, total, spent)
    if problems:
        raise InputError(problems)
    return [rows[name] for name in sorted(rows)]
