"""A bundle: the folder from which anybody can recompute a round.

    round.json                what was decided beforehand: the rules
    donations/0000.csv ...    what was given, in parts
    exclusions/0000.csv ...   which of it does not count, and why, in the same parts
    weights.csv  links.csv  prices.json  projects.csv  attributes.csv      what else is known, where anything is
    reconciliation.json       what was found comparing the donations with where they came from, if that was done
    result.json               what was decided, and the digest of every other file

The same round gives the same bytes, whatever order or form its donations came in; see docs/reference/bundle.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qf.canonical import digest
from qf.codec.aside import write_file, written_aside
from qf.codec.facts import FACTS, ROUND, facts_files, read_facts
from qf.codec.frames import joined, ledger_of
from qf.codec.ids import Hashes, id_hashes, refuse_repeated, repeated
from qf.codec.layout import files_in, parts_in, read_file
from qf.codec.parts import (
    REASON,
    donations_bytes,
    excluded_rows,
    exclusions_bytes,
    ledger_parts,
    part_count,
    part_name,
    read_part,
)
from qf.codec.result_file import RESULT, TABLES, Digests, read_result, result_bytes
from qf.contributions import Counted, count
from qf.errors import BundleError, DonationError, MissingExtraError
from qf.inputs import Inputs
from qf.mechanisms import mechanism_of
from qf.reconciliation import Reconciliation, require_reconciled
from qf.result import RoundResult
from qf.round import Round

try:
    import polars as pl
except ImportError:
    raise MissingExtraError("polars", "cli") from None


@dataclass(frozen=True, eq=False)
class Bundle:
    """What a bundle holds.

    Attributes:
        round, inputs: what the round was settled from; the donations in the order of the parts.
        document: the content of result.json, as published.
    """

    round: Round
    inputs: Inputs
    document: Mapping[str, Any]


def write_bundle(
    folder: Path | str, round: Round, inputs: Inputs, result: RoundResult, *, counted: Counted | None = None
) -> Path:
    """Return the folder to which the bundle of a settled round was written, all of it or nothing.

    Args:
        folder: a new folder, or a bundle, which is replaced.
        round: the rules it was settled by.
        inputs: what was settled.
        result: what came out.
        counted: what `qf.settle.match` counted on the way; counted again if it is not at hand.

    Raises:
        BundleError: there is something else at `folder`, or the file system refused; what was there still is.
        DonationError: two donations have the same id.
        UnreconciledError: the reconciliation is of other donations.
    """
    counted = counted or count(round, inputs, takes_against=mechanism_of(round)[0].takes_against)
    folder = new_place(folder)
    facts = facts_files(round, inputs)
    with written_aside(folder) as aside:
        written: list[tuple[str, str]] = []
        hashes: list[Hashes] = []
        for part in ledger_parts(counted.ledger, counted.screened.reason, part_count(len(counted.ledger))):
            number, excluded = len(written), excluded_rows(part["id"], part[REASON].to_numpy())
            written.append((write_donations(aside, number, part), write_exclusions(aside, number, excluded)))
            hashes.append(id_hashes(part["id"]))
        refuse_repeated(repeated(np.concatenate(hashes)), part_ids(aside, len(written)))
        write_result(aside, write_facts(aside, facts), written, result, inputs.reconciliation)
    return folder


def read_bundle(folder: Path | str) -> Bundle:
    """Return what a bundle holds. Its form is checked, its numbers are not: see `qf.verify`.

    Raises:
        BundleError: a file is missing, unknown, or not in canonical form; names it.
    """
    folder = Path(folder)
    number = parts_in(folder)
    facts = read_facts({name: read_file(folder, name) for name in sorted(FACTS & set(files_in(folder)))})
    document = read_result(read_file(folder, RESULT))
    frames = [read_donations_part(folder, part, number) for part in range(number)]
    _require_unique_ids(frames)
    return Bundle(facts.round, replace(facts.inputs, ledger=ledger_of(joined(frames), with_ids=True)), document)


def result_digest(folder: Path | str) -> str:
    """Return the digest of a bundle: SHA-256 of its result.json, which holds the digest of every other file."""
    return digest(read_file(Path(folder), RESULT))


def write_donations(aside: Path, number: int, ordered: pl.DataFrame) -> str:
    """Write one part of the donations, and return its digest."""
    return _write_table(aside, TABLES[0], number, donations_bytes(ordered))


def write_exclusions(aside: Path, number: int, excluded: pl.DataFrame) -> str:
    """Write the exclusions of one part, and return their digest."""
    return _write_table(aside, TABLES[1], number, exclusions_bytes(excluded))


def write_facts(aside: Path, facts: Mapping[str, bytes]) -> dict[str, str]:
    """Write the small files, and return their digests."""
    for name, data in facts.items():
        write_file(aside / name, data)
    return {name: digest(data) for name, data in facts.items()}


def write_result(
    aside: Path,
    facts: Mapping[str, str],
    parts: Iterable[tuple[str, str]],
    result: RoundResult,
    reconciliation: Reconciliation | None,
) -> None:
    """Write result.json, given the digests of the small files, and those of all parts in order.

    Raises:
        UnreconciledError: the reconciliation is missing, or is of other donations.
    """
    digests = Digests(facts, dict(zip(TABLES, zip(*parts, strict=True), strict=True)))
    require_reconciled(result.round.reconciled, reconciliation, digests.document()[TABLES[0]])
    write_file(aside / RESULT, result_bytes(result, digests))


def new_place(folder: Path | str) -> Path:
    """Return where a bundle may be written: nothing is there, or a bundle.

    Raises:
        BundleError: something else is there.
    """
    place = Path(folder).resolve()
    refuse_inside_bundle(place)
    if place.exists() or place.is_symlink():
        try:
            parts_in(place)
        except BundleError as error:
            raise BundleError(f"{folder}: is there already and not a bundle ({error}); nothing was written") from None
    return place


def refuse_inside_bundle(path: Path) -> None:
    """Raise if `path` lies in a bundle: whatever is added to one makes it no bundle.

    Raises:
        BundleError: it does; names the bundle.
    """
    for folder in path.resolve().parents:
        if (folder / ROUND).is_file() and (folder / RESULT).is_file():
            raise BundleError(f"{path}: lies in the bundle {folder}, which would not verify any more; write elsewhere")


def read_donations_part(folder: Path, number: int, parts: int) -> pl.DataFrame:
    """Return the sorted frame of one part of the donations."""
    name = part_name(TABLES[0], number)
    return read_part(name, read_file(folder, name), number, parts)


def _write_table(aside: Path, table: str, number: int, data: bytes) -> str:
    (aside / table).mkdir(exist_ok=True)
    write_file(aside / part_name(table, number), data)
    return digest(data)


def part_ids(folder: Path, parts: int) -> Iterator[pl.Series]:
    """Yield the ids of each part in turn."""
    return (read_donations_part(folder, number, parts)["id"] for number in range(parts))


def _require_unique_ids(frames: list[pl.DataFrame]) -> None:
    try:
        refuse_repeated(
            repeated(np.concatenate([id_hashes(frame["id"]) for frame in frames])), (frame["id"] for frame in frames)
        )
    except DonationError as error:
        raise BundleError(f"{TABLES[0]}: {error}") from None
