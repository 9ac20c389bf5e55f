"""Donations on their way from batches to parts, in files of their own.

Every batch leaves one file, in which its rows lie by bucket; a bucket is a few neighbouring parts, counted together.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qf.codec.frames import COLUMNS, LedgerFrames
from qf.codec.ids import repeated
from qf.codec.parts import parts_of
from qf.errors import MissingExtraError
from qf.inputs import Inputs
from qf.ledger import DonationLedger
from qf.outofcore.dataset import Batch
from qf.round import Round

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cluster") from None

HASH_RANGES = 64
"""Ranges of hashes that are compared one by one: 100 million ids are 12 MB each time. A power of two."""

PART = "part"
"""Column of a bucket: the part a row belongs to."""


@dataclass(frozen=True)
class Setup:
    """What every job of a settlement knows.

    Attributes:
        round: the rules.
        inputs: prices, attributes, and the projects once they are known; no donations, no weights.
        batches: what is read.
        parts: how many parts the bundle has.
        bucket_parts: how many neighbouring parts make a bucket.
    """

    round: Round
    inputs: Inputs
    batches: tuple[Batch, ...]
    parts: int
    bucket_parts: int

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return -(-self.parts // self.bucket_parts)


def save(scratch: Path, name: str, value: Any) -> None:
    """Keep a value for the jobs to come."""
    (scratch / f"{name}.pickle").write_bytes(pickle.dumps(value))


@lru_cache(maxsize=2)
def load(scratch: Path, name: str) -> Any:
    """Return a value that was kept."""
    return pickle.loads((scratch / f"{name}.pickle").read_bytes())


def spill(scratch: Path, number: int, ledger: DonationLedger, setup: Setup) -> None:
    """Write the rows of batch `number`, those of each bucket together."""
    frames = LedgerFrames.of(ledger)
    part = parts_of(frames.donors.to_list(), setup.parts)[frames.ledger.donor.codes]
    order = np.argsort(part, kind="stable")
    frame = frames.frame(order).select(COLUMNS).with_columns(pl.Series(PART, part[order], dtype=pl.Int32))
    frame = frame.with_columns(pl.col("amount").cast(pl.String))
    rows = np.bincount(part // setup.bucket_parts, minlength=setup.buckets)
    ends = np.cumsum(rows)
    offsets = [0]
    with (scratch / f"{number}.batch").open("wb") as file:
        for end, count in zip(ends.tolist(), rows.tolist(), strict=True):
            if count:
                frame.slice(end - count, count).write_ipc_stream(file, compression="lz4")
            offsets.append(file.tell())
    np.save(scratch / f"{number}.offsets.npy", np.array(offsets))


def read_bucket(scratch: Path, bucket: int, batches: int) -> pl.DataFrame:
    """Return the rows of a bucket, in the order they were read in."""
    frames = [frame for number in range(batches) if (frame := _piece(scratch, number, bucket)) is not None]
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)
    small = frame["amount"].cast(pl.Int64, strict=False)
    return frame if small.null_count() else frame.with_columns(small)


SCHEMA = dict.fromkeys(COLUMNS, pl.String()) | {"time": pl.Int64(), PART: pl.Int32()}
"""Columns of a bucket."""


def _piece(scratch: Path, number: int, bucket: int) -> pl.DataFrame | None:
    start, end = np.load(scratch / f"{number}.offsets.npy", mmap_mode="r")[bucket : bucket + 2].tolist()
    if start == end:
        return None
    with (scratch / f"{number}.batch").open("rb") as file:
        file.seek(start)
        return pl.read_ipc_stream(io.BytesIO(file.read(end - start)))


def save_hashes(scratch: Path, number: int, hashes: NDArray[np.uint64]) -> None:
    """Keep the hashes of ids of group `number` for `repeated_hashes`."""
    ordered = np.sort(hashes)
    cuts = np.arange(HASH_RANGES, dtype=np.uint64) << np.uint64(64 - HASH_RANGES.bit_length() + 1)
    ordered.tofile(scratch / f"{number}.hashes")
    np.save(scratch / f"{number}.cuts.npy", np.append(np.searchsorted(ordered, cuts), len(ordered)))


def repeated_hashes(scratch: Path, groups: int) -> NDArray[np.uint64]:
    """Return the hashes that occur more than once in groups 0, 1, ..., found one range of hashes at a time."""
    cuts = [np.load(scratch / f"{number}.cuts.npy") for number in range(groups)]
    found = []
    for low, high in pairwise(range(HASH_RANGES + 1)):
        pieces = [
            np.fromfile(scratch / f"{number}.hashes", np.uint64, int(cut[high] - cut[low]), offset=int(cut[low]) * 8)
            for number, cut in enumerate(cuts)
        ]
        found.append(repeated(np.concatenate(pieces)))
    return np.concatenate(found)
