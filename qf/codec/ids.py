"""Every donation has an id of its own: checked over all parts by 64 bits of hash, and exactly where hashes meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qf.errors import DonationError, MissingExtraError, Problem

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cli") from None

Hashes = NDArray[np.uint64]
"""Shape (rows,)."""


def id_hashes(ids: pl.Series) -> Hashes:
    """Return 64 bits of hash of each id. Equal within one version of Polars; never written to a bundle."""
    return ids.hash().to_numpy()


def repeated(hashes: Hashes) -> Hashes:
    """Return those that occur more than once.

    >>> repeated(np.array([5, 1, 5, 5], dtype=np.uint64)).tolist()
    [5]
    """
    ordered = np.sort(hashes)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def refuse_repeated(suspects: Hashes, parts: Iterable[pl.Series]) -> None:
    """Raise a `DonationError` naming each id that occurs more than once in `parts`, given all hashes that do."""
    if not len(suspects):
        return
    seen: Counter[str] = Counter()
    for ids in parts:
        seen.update(ids.filter(pl.Series(np.isin(id_hashes(ids), suspects))).to_list())
    twice = sorted(name for name, count in seen.items() if count > 1)
    if twice:
        raise DonationError(
            Problem(f"donation {name!r}", "the id occurs more than once", "every donation needs an id of its own")
            for name in twice
        )
