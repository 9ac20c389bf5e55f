"""Everything a settlement reads, from files. What is wrong with any of them is told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from qf.codec.donations import DONATIONS, ledger_in
from qf.codec.evidence import read_attributes, read_links, read_prices, read_projects, read_weights
from qf.codec.reconciliation_file import read_reconciliation
from qf.codec.tables import FilePath, read_table
from qf.errors import DonationError, InputError, Problem
from qf.inputs import Inputs
from qf.ledger import DonationLedger
from qf.prices import PriceSnapshot
from qf.round import Round
from qf.weights import DonorWeights

Found = TypeVar("Found")


def read_inputs(
    round: Round,
    *,
    donations: FilePath,
    weights: FilePath | None = None,
    links: FilePath | None = None,
    prices: FilePath | None = None,
    projects: FilePath | None = None,
    attributes: FilePath | None = None,
    reconciliation: FilePath | None = None,
) -> Inputs:
    """Return the inputs of a round from the files they stand in; see docs/reference/files.md.

    Raises:
        InputError: naming every malformed row of every file by file, line and column.
        MissingExtraError: Polars is not installed.
    """
    problems: list[Problem] = []
    snapshot = _attempt(read_prices, prices, problems)
    # Where the prices cannot be read, no token is blamed for having none.
    decimals = None if snapshot is None and prices is not None else (snapshot or PriceSnapshot()).decimals

    def read_ledger(path: FilePath) -> DonationLedger | None:
        table = read_table(path, DONATIONS)
        ledger = ledger_in(table, round.unit_decimals, decimals)
        table.check(DonationError)
        return ledger

    ledger = _attempt(read_ledger, donations, problems)
    weight = _attempt(lambda path: read_weights(path, round.weights), weights, problems)
    identity = _attempt(read_links, links, problems)
    listed = _attempt(read_projects, projects, problems)
    known = _attempt(read_attributes, attributes, problems)
    reconciled = _attempt(read_reconciliation, reconciliation, problems)
    if problems or ledger is None:
        raise InputError(problems)
    weights_known = DonorWeights(weight or {}, identity or {})
    return Inputs(ledger, weights_known, snapshot or PriceSnapshot(), listed, known or {}, reconciled)


def _attempt(read: Callable[[FilePath], Found], path: FilePath | None, problems: list[Problem]) -> Found | None:
    if path is None:
        return None
    try:
        return read(path)
    except InputError as error:
        problems += error.problems
        return None
