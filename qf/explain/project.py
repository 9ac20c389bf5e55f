"""Everything given to one project."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qf.columns import named
from qf.errors import ProjectError
from qf.estimate.book import Book
from qf.estimate.engines import Engine, book_of, engine_of
from qf.estimate.words import did_you_mean
from qf.explain.counting import counted_rows, effects_of, settled
from qf.explain.types import DonorEffect, ProjectExplanation
from qf.inputs import Inputs
from qf.round import Round

SHOWN_DONORS = 20
"""How many donors an explanation names unless it is asked for more."""


def explain_project(round: Round, inputs: Inputs, project: str, *, limit: int = SHOWN_DONORS) -> ProjectExplanation:
    """Return how everything given to `project` was counted, and what the `limit` largest donors did for it.

    A donor costs what an estimate costs; under a mechanism that needs all contributions, a whole settlement each.

    >>> from qf.rules import preset
    >>> round = preset("yen", pool=1_000, policy="leave")
    >>> told = explain_project(round, Inputs.of(round, [("ann", "well", 400), ("bob", "well", 100)]), "well")
    >>> [(effect.identity, int(effect.match), int(effect.match_without)) for effect in told.donors]
    [('ann', 400, 0), ('bob', 400, 0)]

    Raises:
        ProjectError: there is no such project; names similar ones.
    """
    name = named(project, "the project", ProjectError)
    book = book_of(round, inputs)
    if name not in book.projects():
        raise ProjectError.at(f"project {name}", "is not in this round", did_you_mean(name, book.projects()))
    names = inputs.ledger.project.names
    wanted = np.fromiter((entry == name for entry in names), np.bool_, len(names))
    counted = counted_rows(round, inputs, wanted[inputs.ledger.project.codes])
    result, notes = settled(round, inputs)
    engine = engine_of(round, book, always_exact=True)
    largest = sorted(effects_of(counted), key=lambda effect: (-effect.given, effect.identity))
    return ProjectExplanation(
        project=name,
        title=next((listed.title for listed in inputs.projects or () if listed.id == name), ""),
        result=None if result is None else result[name],
        counted=int(np.count_nonzero(counted.screened.counts)),
        excluded=counted.screened.excluded,
        donors=tuple(_with_matches(effect, book, engine) for effect in largest[:limit]),
        notes=notes,
    )


def _with_matches(effect: DonorEffect, book: Book, engine: Engine) -> DonorEffect:
    """Return `effect` with the match of the project now, and without everything the identity gave."""
    giver = book.giver(effect.identity)
    gave = {project: pair for project, pair in book.pairs(giver).items() if book.counts(pair)}
    (now,), (then,) = (engine.shares(giver, before, {}, [effect.project]) for before in ({}, gave))
    return replace(effect, match=now.amount, match_without=then.amount)
