"""The replay suite: which published rounds there are, whether their files are the same still, and what comes out."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from qf.errors import InputError
from qf.replay import Replay, replay_folder
from simulations.replay.measured import CHECKS, Figures

MANIFEST = Path(__file__).with_name("manifest.toml")
"""What the suite holds; written by hand."""


class Status(StrEnum):
    """What became of a round."""

    AGREES = "agrees"
    """Everything published comes out again, within the tolerance."""
    DIFFERS = "DIFFERS"
    """The files are the same, the result is not: a regression."""
    CHANGED = "files changed"
    """A file is not the one that the figures are of; nothing was settled."""
    MISSING = "files missing"
    """A file is not in the data folder; nothing was settled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One published round, as the manifest says.

    Attributes:
        name, title: for programs and for people.
        check: "replay", "ranking" or "shares"; the manifest says what they mean.
        source: where the published figures come from.
        licence: of the data.
        mechanism: what it is settled by.
        unit: what the tolerance is in.
        tolerance: what a figure may be off.
        files: path under the data folder -> SHA-256.
        pool: in whole units, where the check needs it.
        expected: figure -> what was published; empty where `qf.replay` reads it from the files.
    """

    name: str
    title: str
    check: str
    source: str
    licence: str
    mechanism: str
    unit: str
    tolerance: float
    files: Mapping[str, str]
    pool: int = 0
    expected: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay says.

    Attributes:
        entry: the round.
        status: what became of it.
        figures: how many figures were compared.
        largest: the largest difference of any, in the unit of the entry.
        computed: figure -> what came out, where the figures are not payouts; those nothing was published of as well.
        changed: files that are missing or are others.
    """

    entry: Entry
    status: Status
    figures: int = 0
    largest: float = 0.0
    computed: Figures = field(default_factory=dict)
    changed: Sequence[str] = ()


def suite(manifest: Path = MANIFEST) -> tuple[Entry, ...]:
    """Return the rounds of the manifest, in its order.

    >>> [entry.name for entry in suite()][:3]
    ['TEGR2', 'TEGR3', 'TEGR3 boosted']
    """
    return tuple(Entry(**table) for table in tomllib.loads(manifest.read_text("utf-8"))["round"])


def replay_all(data: Path, entries: Sequence[Entry] | None = None) -> tuple[Verdict, ...]:
    """Return what became of every round of the suite.

    Args:
        data: the folder of published data.
        entries: which rounds; None: all.
    """
    wanted = suite() if entries is None else entries
    altered = {entry.name: _altered(data, entry) for entry in wanted}
    known: dict[str, Replay] = {}
    if any(entry.check == "replay" and not altered[entry.name] for entry in wanted):
        known = {replay.name: replay for replay in replay_folder(data)}
    return tuple(_verdict(data, entry, altered[entry.name], known) for entry in wanted)


def _verdict(data: Path, entry: Entry, altered: Mapping[str, Status], known: Mapping[str, Replay]) -> Verdict:
    if altered:
        missing = Status.MISSING in altered.values()
        return Verdict(entry, Status.MISSING if missing else Status.CHANGED, changed=tuple(altered))
    if entry.check != "replay":
        computed = CHECKS[entry.check](data, entry.name, entry.pool)
        off = [abs(computed[name] - value) for name, value in entry.expected.items()]
        status = Status.AGREES if max(off) <= entry.tolerance else Status.DIFFERS
        return Verdict(entry, status, len(off), max(off), computed)
    if entry.name not in known:
        raise InputError.at(f"{entry.name} in {MANIFEST.name}", "is no round that qf.replay knows", "mend the name")
    replay = known[entry.name]
    largest = float(replay.largest_difference)
    status = Status.AGREES if largest <= entry.tolerance else Status.DIFFERS
    return Verdict(entry, status, len(replay.rows), largest)


def _altered(data: Path, entry: Entry) -> dict[str, Status]:
    found: dict[str, Status] = {}
    for name, expected in entry.files.items():
        path = data / name
        if not path.is_file():
            found[name] = Status.MISSING
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            found[name] = Status.CHANGED
    return found
