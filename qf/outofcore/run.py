"""A round larger than memory, settled: read in batches, spilled by donor, counted by bucket, merged, published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from qf.codec.aside import written_aside
from qf.codec.bundle import new_place, part_ids, write_exclusions, write_facts, write_result
from qf.codec.evidence import read_attributes, read_links, read_prices, read_projects, read_weights
from qf.codec.facts import NO_DONATIONS, facts_files
from qf.codec.ids import refuse_repeated
from qf.codec.parts import PART_ROWS, part_count, parts_of
from qf.codec.reconciliation_file import read_reconciliation
from qf.codec.tables import FilePath
from qf.errors import DonationError, Problem
from qf.inputs import Inputs
from qf.outofcore.counting import all_excluded, count_held
from qf.outofcore.dataset import BATCH_ROWS, batches_of
from qf.outofcore.groups import NO_SUMS, GroupSums, linked_accounts, named_projects, result_of
from qf.outofcore.jobs import BucketCount, BucketFacts, count_bucket, spill_batch
from qf.outofcore.schedule import Run, runner
from qf.outofcore.scratch import Setup, repeated_hashes, save
from qf.reconciliation import require_reconciled
from qf.result import RoundResult
from qf.round import Round
from qf.weights import DonorWeights

Progress = Callable[[int, int, str], None]
"""Told how many rows are done, of how many, and what is being done with them."""

MAX_PROBLEMS = 10_000
"""After so many malformed cells reading stops."""


@dataclass(frozen=True)
class Sizes:
    """How a round is cut. The bundle depends on `part_rows` only, and that is not a choice but its format."""

    part_rows: int = PART_ROWS
    batch_rows: int = BATCH_ROWS
    bucket_parts: int = 4


def settle_dataset(
    round: Round,
    donations: FilePath,
    folder: Path | str,
    evidence: Mapping[str, Any],
    *,
    scheduler: str | None,
    workers: int,
    progress: Progress,
    sizes: Sizes,
) -> RoundResult:
    """Return the result of `round`, having written its bundle; see `qf.outofcore.settle_out_of_core`."""
    inputs = facts_of(round, evidence)
    require_reconciled(round.reconciled, inputs.reconciliation, projects=inputs.projects)
    place = new_place(folder)
    batches = batches_of(donations, sizes.batch_rows)
    parts = part_count(sum(batch.rows for batch in batches), sizes.part_rows)
    without = replace(inputs, weights=DonorWeights())
    setup = Setup(round, without, batches, parts, sizes.bucket_parts)
    with written_aside(place) as aside:
        facts = write_facts(aside, facts_files(round, inputs))
        scratch = aside / "scratch"
        scratch.mkdir()
        with runner(scheduler, workers) as run:
            settlement = _Settlement(setup, inputs, aside, scratch, run, progress)
            settlement.spill()
            result, written = settlement.count()
        shutil.rmtree(scratch)
        write_result(aside, facts, written, result, inputs.reconciliation)
    return result


def facts_of(round: Round, evidence: Mapping[str, Any]) -> Inputs:
    """Return what is known besides the donations, each from a file or as plain values.

    Raises:
        InputError: naming everything malformed in one of them.
    """
    files = {name: given for name, given in evidence.items() if isinstance(given, str | os.PathLike)}
    plain = {name: given for name, given in evidence.items() if name not in files}
    inputs = Inputs.of(round, NO_DONATIONS, **plain)
    known = inputs.weights
    for name in ("scores", "weights"):
        if name in files:
            known = replace(known, weight={**known.weight, **read_weights(files[name], round.weights)})
    if "links" in files:
        known = replace(known, identity=read_links(files["links"]))
    read = {
        "prices": read_prices,
        "projects": read_projects,
        "attributes": read_attributes,
        "reconciliation": read_reconciliation,
    }
    rest: dict[str, Any] = {name: reader(files[name]) for name, reader in read.items() if name in files}
    return replace(inputs, weights=known, **rest)


class _Settlement:
    """The jobs of one settlement, and what comes of them."""

    def __init__(self, setup: Setup, inputs: Inputs, aside: Path, scratch: Path, run: Run, progress: Progress) -> None:
        self._setup, self._aside, self._scratch, self._run, self._progress = setup, aside, scratch, run, progress
        self._rows = sum(batch.rows for batch in setup.batches)
        self._linked = linked_accounts(inputs)
        self._save_facts(inputs.weights)
        held = {name: weight for name, weight in inputs.weights.weight.items() if name in self._linked}
        self._held_weights = DonorWeights(held, inputs.weights.identity)

    def spill(self) -> None:
        """Read all batches, and learn which projects there are."""
        save(self._scratch, "setup", self._setup)
        problems: dict[int, tuple[Problem, ...]] = {}
        occurring: set[str] = set()
        done = faults = 0
        self._progress(done, self._rows, "reading donations")
        for spilled in self._run(spill_batch, [(self._scratch, number) for number in range(len(self._setup.batches))]):
            occurring |= spilled.projects
            problems[spilled.number] = spilled.problems
            done, faults = done + spilled.rows, faults + len(spilled.problems)
            self._progress(done, self._rows, "reading donations")
            if faults >= MAX_PROBLEMS:
                break
        if faults:
            stopped = [Problem("donations", f"reading stopped after {faults} faults")] if done < self._rows else []
            raise DonationError(chain(*(problems[number] for number in sorted(problems)), stopped))
        inputs = self._setup.inputs
        listed = inputs.projects if inputs.projects is not None else named_projects(occurring)
        self._setup = replace(self._setup, inputs=replace(inputs, projects=listed))
        save(self._scratch, "counting", self._setup)

    def count(self) -> tuple[RoundResult, list[tuple[str, str]]]:
        """Count all buckets, then the donors that are linked over several; return result and digests of all parts."""
        counts: list[BucketCount] = []
        sums: GroupSums | None = None
        buckets = range(self._setup.buckets)
        done = 0
        self._progress(done, self._rows, "counting donations")
        for count in self._run(count_bucket, [(self._scratch, self._aside, bucket) for bucket in buckets]):
            sums = count.sums if sums is None else sums + count.sums
            counts.append(replace(count, sums=NO_SUMS))
            done += count.rows
            self._progress(done, self._rows, "counting donations")
        self._refuse_repeated_ids()
        written, held = self._count_held(counts)
        assert sums is not None
        everything = sums if held is None else sums + held
        inputs = self._setup.inputs
        projects = [project.id for project in inputs.projects or ()]
        return result_of(self._setup.round, inputs.prices, projects, everything), written

    def _save_facts(self, weights: DonorWeights) -> None:
        """Keep for each bucket what is known of its donors."""
        setup, links = self._setup, weights.identity if self._setup.inputs.attributes else {}
        weight: list[dict[str, Any]] = [{} for _ in range(setup.buckets)]
        linked: list[set[str]] = [set() for _ in range(setup.buckets)]
        names = list(weights.weight)
        for name, bucket in zip(names, (parts_of(names, setup.parts) // setup.bucket_parts).tolist(), strict=True):
            weight[bucket][name] = weights.weight[name]
        names = list(self._linked)
        for name, bucket in zip(names, (parts_of(names, setup.parts) // setup.bucket_parts).tolist(), strict=True):
            linked[bucket].add(name)
        for bucket in range(setup.buckets):
            facts = BucketFacts(DonorWeights(weight[bucket], links), frozenset(linked[bucket]))
            save(self._scratch, f"{bucket}.facts", facts)

    def _refuse_repeated_ids(self) -> None:
        suspects = repeated_hashes(self._scratch, self._setup.buckets)
        refuse_repeated(suspects, part_ids(self._aside, self._setup.parts))

    def _count_held(self, counts: list[BucketCount]) -> tuple[list[tuple[str, str]], GroupSums | None]:
        """Count the donations of linked donors, and write the exclusions that waited for it."""
        digests = {number: pair for count in counts for number, pair in count.digests.items()}
        held = dict(sorted((number, frame) for count in counts for number, frame in count.held.items()))
        sums = None
        if held:
            inputs = replace(self._setup.inputs, weights=self._held_weights)
            excluded, sums = count_held(self._setup.round, inputs, held)
            for number, free in ((number, frame) for count in counts for number, frame in count.excluded.items()):
                told = write_exclusions(self._aside, number, all_excluded(free, excluded[number]))
                digests[number] = digests[number][0], told
        return [(digests[number][0], digests[number][1] or "") for number in range(self._setup.parts)], sums
