"""The mechanisms, by id. Adding one is one file and one line here (see `qf.mechanisms.base`)."""

from __future__ import annotations

import difflib

from qf.errors import RoundError
from qf.mechanisms import (
    alpha_constrained,
    cluster_connection,
    cluster_declared,
    cluster_profile,
    equal,
    headcount,
    mix,
    pairwise,
    proportional,
    quadratic,
    quadratic_voting,
    tunable,
)
from qf.mechanisms.base import Arithmetic, Axiom, IdealMatch, Mechanism, Terms
from qf.round import Round

__all__ = ["REGISTRY", "Arithmetic", "Axiom", "IdealMatch", "Mechanism", "Terms", "mechanism", "mechanism_of"]

REGISTRY: dict[str, Mechanism] = {
    entry.id: entry
    for entry in (
        quadratic.MECHANISM,
        pairwise.MECHANISM,
        cluster_connection.MECHANISM,
        cluster_profile.MECHANISM,
        cluster_declared.MECHANISM,
        proportional.MECHANISM,
        headcount.MECHANISM,
        equal.MECHANISM,
        tunable.MECHANISM,
        alpha_constrained.MECHANISM,
        quadratic_voting.MECHANISM,
        mix.MECHANISM,
    )
}
"""Every mechanism, by id."""


def mechanism(id: str) -> Mechanism:
    """Return the mechanism called `id`.

    >>> mechanism("quadratic").title
    'Quadratic funding'

    Raises:
        RoundError: there is none of that name.
    """
    if id not in REGISTRY:
        close = difflib.get_close_matches(id, REGISTRY, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(REGISTRY)}"
        raise RoundError.at("[mechanism] id", f"{id!r} is not a mechanism", hint)
    return REGISTRY[id]


def mechanism_of(round: Round) -> tuple[Mechanism, Terms]:
    """Return the mechanism of `round` and its terms."""
    found = mechanism(round.mechanism.id)
    return found, found.terms(round.mechanism.parameters, round.weights.convention)
