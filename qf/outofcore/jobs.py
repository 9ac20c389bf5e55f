"""What is done to one batch and to one bucket: in this process, in another one, or on another machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from qf.codec.bundle import write_donations, write_exclusions
from qf.codec.frames import sorted_frame
from qf.codec.ids import id_hashes
from qf.errors import DonationError, MissingExtraError, Problem
from qf.outofcore.counting import count_part
from qf.outofcore.dataset import read_batch
from qf.outofcore.groups import GroupSums
from qf.outofcore.scratch import PART, Setup, load, read_bucket, save_hashes, spill
from qf.weights import DonorWeights

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cluster") from None


@dataclass(frozen=True)
class Spilled:
    """What is known of a batch once it is spilled: the projects that occur in it, or what is wrong with it."""

    number: int
    rows: int
    projects: frozenset[str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class BucketFacts:
    """What is known of the donors of a bucket: their weights, and which of them are linked to others."""

    weights: DonorWeights
    linked: frozenset[str]


@dataclass(frozen=True, eq=False)
class BucketCount:
    """What is known of a bucket once it is counted.

    Attributes:
        sums: what its donors add to the round, but for those who are linked to others.
        digests: part -> digests of its donations and exclusions; None where exclusions have to wait.
        held: part -> the donations of linked donors.
        excluded: part -> the exclusions of the others, in a part that has to wait.
        rows: donations in all.
    """

    sums: GroupSums
    digests: dict[int, tuple[str, str | None]]
    held: dict[int, pl.DataFrame]
    excluded: dict[int, pl.DataFrame]
    rows: int


def spill_batch(scratch: Path, number: int) -> Spilled:
    """Read batch `number` and spill it."""
    setup: Setup = load(scratch, "setup")
    batch = setup.batches[number]
    try:
        ledger = read_batch(batch, setup.round.unit_decimals, setup.inputs.prices.decimals)
        spill(scratch, number, ledger, setup)
    except DonationError as error:
        return Spilled(number, batch.rows, frozenset(), error.problems)
    return Spilled(number, batch.rows, frozenset(ledger.project.names), ())


def count_bucket(scratch: Path, folder: Path, bucket: int) -> BucketCount:
    """Count a bucket, and write its parts of the bundle to `folder`."""
    setup: Setup = load(scratch, "counting")
    facts: BucketFacts = load(scratch, f"{bucket}.facts")
    inputs = replace(setup.inputs, weights=facts.weights)
    rows = read_bucket(scratch, bucket, len(setup.batches))
    first = bucket * setup.bucket_parts
    numbers = range(first, min(first + setup.bucket_parts, setup.parts))
    digests, counts, hashes = {}, {}, []
    for number in numbers:
        ordered = sorted_frame(rows.filter(pl.col(PART) == number).drop(PART))
        hashes.append(id_hashes(ordered["id"]))
        counts[number] = part = count_part(setup.round, inputs, ordered, facts.linked)
        written = None if part.held is not None else write_exclusions(folder, number, part.excluded)
        digests[number] = write_donations(folder, number, ordered), written
    save_hashes(scratch, bucket, np.concatenate(hashes))
    return BucketCount(
        sums=reduce(add, (part.sums for part in counts.values())),
        digests=digests,
        held={number: part.held for number, part in counts.items() if part.held is not None},
        excluded={number: part.excluded for number, part in counts.items() if part.held is not None},
        rows=len(rows),
    )
