"""The parts of a bundle counted one by one, and the donors who are linked over several parts at last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from qf.codec.frames import COLUMNS, joined, ledger_of
from qf.codec.parts import REASON, excluded_rows
from qf.errors import MissingExtraError
from qf.inputs import Inputs
from qf.outofcore.groups import GroupSums, count_group
from qf.round import Round

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cluster") from None


@dataclass(frozen=True, eq=False)
class PartCount:
    """What is known of a part once it is counted by itself.

    Attributes:
        sums: what its donors add to the round, but for those who are linked to others.
        excluded: which of their donations do not count: row, id and reason.
        held: the donations of linked donors, with their rows; None if there are none.
    """

    sums: GroupSums
    excluded: pl.DataFrame
    held: pl.DataFrame | None


def count_part(round: Round, inputs: Inputs, ordered: pl.DataFrame, linked: frozenset[str]) -> PartCount:
    """Return the count of one part, given its sorted frame.

    Args:
        round: the rules.
        inputs: weights of the donors of the part, at least; the projects of the whole round.
        ordered: the donations.
        linked: the donors of the part, at least, that are linked to others.
    """
    links = inputs.weights.identity if inputs.attributes else {}  # donors here have none, attributes may
    alone = replace(inputs, weights=replace(inputs.weights, identity=links))
    numbered = ordered.with_row_index("row")
    linked_here = [name for name in ordered["donor"].unique().to_list() if name in linked] if linked else []
    is_held = ordered["donor"].is_in(linked_here)
    held, free = numbered.filter(is_held), numbered.filter(~is_held) if is_held.any() else numbered
    reason, sums = count_group(round, replace(alone, ledger=ledger_of(free)))
    excluded = excluded_rows(free["id"], reason).with_columns(free["row"].gather(np.flatnonzero(reason)))
    return PartCount(sums, excluded, held.select("row", *COLUMNS) if len(held) else None)


def count_held(
    round: Round, inputs: Inputs, held: Mapping[int, pl.DataFrame]
) -> tuple[dict[int, pl.DataFrame], GroupSums]:
    """Return the exclusions among the donations held back from each part, and what they all add to the round."""
    together = joined(list(held.values()))
    reason, sums = count_group(round, replace(inputs, ledger=ledger_of(together)))
    excluded, end = {}, 0
    for number, frame in held.items():
        start, end = end, end + len(frame)
        own = reason[start:end]
        excluded[number] = excluded_rows(frame["id"], own).with_columns(frame["row"].gather(np.flatnonzero(own)))
    return excluded, sums


def all_excluded(free: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Return the exclusions of a part in canonical order, those of linked donors among the others."""
    return pl.concat([free, held]).sort("row").select("row", "id", REASON)
