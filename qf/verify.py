"""Recompute a bundle: every digest, every exclusion, every number. Part by part, so that it may exceed memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qf.canonical import canonical_json, digest
from qf.codec.bundle import part_ids, read_donations_part
from qf.codec.facts import FACTS, Facts, read_facts
from qf.codec.ids import id_hashes, refuse_repeated
from qf.codec.layout import files_in, parts_in, read_file
from qf.codec.parts import exclusions_bytes, part_name
from qf.codec.result_file import RESULT, STAGES, TABLES, Digests, read_result, result_document
from qf.errors import QfError, VerificationError
from qf.outofcore.counting import all_excluded, count_held, count_part
from qf.outofcore.groups import GroupSums, linked_accounts, named_projects, result_of
from qf.outofcore.scratch import repeated_hashes, save_hashes
from qf.reconciliation import require_reconciled
from qf.result import RoundResult

NOTHING = "nothing"
"""What is published or computed where the other side has something."""


def verify(folder: Path | str) -> RoundResult:
    """Return the result of the round in a bundle, recomputed and found equal to what was published.

    Compared in this order: the digests of all files, their canonical form, the exclusions, the numbers of every
    project, and the totals.

    Raises:
        BundleError: `folder` is no bundle: a file is missing, or does not belong there.
        VerificationError: naming the first thing that differs.
    """
    folder = Path(folder)
    parts = parts_in(folder)
    with _naming_what_differs():
        document = read_result(read_file(folder, RESULT))
        digests = _digests(folder, parts)
        _compare_digests(document, digests)
        facts = read_facts({name: read_file(folder, name) for name in digests.files})
        given = facts.inputs
        require_reconciled(facts.round.reconciled, given.reconciliation, digests.document()[TABLES[0]], given.projects)
        result = _recomputed(folder, parts, facts, document)
        _compare_results(document, json.loads(canonical_json(result_document(result, digests))))
    return result


def _digests(folder: Path, parts: int) -> Digests:
    files = {name: digest(read_file(folder, name)) for name in files_in(folder) if name in FACTS}
    tables = {
        table: tuple(digest(read_file(folder, part_name(table, number))) for number in range(parts)) for table in TABLES
    }
    return Digests(files, tables)


def _compare_digests(document: Mapping[str, Any], digests: Digests) -> None:
    for table, computed in digests.parts.items():
        published = document["part_digests"][table]
        _compare(f"{RESULT}, number of parts of {table}", str(len(published)), str(len(computed)))
        for number, (given, found) in enumerate(zip(published, computed, strict=True)):
            _compare(f"{part_name(table, number)}, digest", given, found)
    _compare_objects("digest", document["digests"], digests.document())


def _recomputed(folder: Path, parts: int, facts: Facts, document: Mapping[str, Any]) -> RoundResult:
    """Return the result, having compared the exclusions."""
    with TemporaryDirectory() as scratch:
        counting = _Counting(folder, facts, document)
        for number in range(parts):
            ordered = read_donations_part(folder, number, parts)
            save_hashes(Path(scratch), number, id_hashes(ordered["id"]))
            counting.count(number, ordered)
        refuse_repeated(repeated_hashes(Path(scratch), parts), part_ids(folder, parts))
    return counting.finish()


class _Counting:
    """A bundle being recounted. Where the round lists no projects, those published are the list, then compared."""

    def __init__(self, folder: Path, facts: Facts, document: Mapping[str, Any]) -> None:
        self._folder, self._round = folder, facts.round
        published = frozenset(_by_project(document))
        self._occurring: set[str] | None = set() if facts.inputs.projects is None else None
        listed = facts.inputs.projects if facts.inputs.projects is not None else named_projects(published)
        self._inputs = replace(facts.inputs, projects=listed)
        self._linked = linked_accounts(facts.inputs)
        self._listed = {project.id for project in listed}
        self._sums: GroupSums | None = None
        self._excluded: dict[int, Any] = {}
        self._held: dict[int, Any] = {}

    def count(self, number: int, ordered: Any) -> None:
        """Count a part, given its sorted frame, and compare its exclusions unless they have to wait."""
        if self._occurring is not None:
            self._occurring.update(ordered["project"].unique())
            self._compare_projects(self._occurring - self._listed)
        part = count_part(self._round, self._inputs, ordered, self._linked)
        self._sums = part.sums if self._sums is None else self._sums + part.sums
        if part.held is None:
            self._compare_exclusions(number, part.excluded)
        else:
            self._held[number], self._excluded[number] = part.held, part.excluded

    def finish(self) -> RoundResult:
        """Count the donations that were held back, and return the result."""
        assert self._sums is not None
        if self._occurring is not None:
            self._compare_projects(self._occurring ^ self._listed)
        if self._held:
            held, sums = count_held(self._round, self._inputs, self._held)
            self._sums += sums
            for number, excluded in held.items():
                self._compare_exclusions(number, all_excluded(self._excluded[number], excluded))
        return result_of(self._round, self._inputs.prices, sorted(self._listed), self._sums)

    def _compare_projects(self, differing: set[str]) -> None:
        for name in sorted(differing):
            here = [name if there else NOTHING for there in (name in self._listed, name not in self._listed)]
            _compare(f"{RESULT}, project {name}", *here)

    def _compare_exclusions(self, number: int, excluded: Any) -> None:
        name = part_name(TABLES[1], number)
        published, computed = read_file(self._folder, name), exclusions_bytes(excluded)
        if published != computed:
            here, there = published.splitlines(), computed.splitlines()
            row = next((at for at, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]), -1)
            at = row if row >= 0 else min(len(here), len(there))
            shown = [lines[at].decode("utf-8", "replace") if at < len(lines) else NOTHING for lines in (here, there)]
            raise VerificationError(f"{name} line {at + 1}", *shown)


def _compare_results(document: Mapping[str, Any], computed: Mapping[str, Any]) -> None:
    published = _by_project(document)
    for name in ("project", *STAGES):
        for entry in computed["projects"]:
            given = published.get(entry["project"], {}).get(name)
            _compare(f"{RESULT}, project {entry['project']}, {name}", _shown(given), _shown(entry[name]))
    _compare_objects("totals", document.get("totals"), computed["totals"])
    for name in sorted({*document, *computed} - {"projects", "totals"}):
        _compare(f"{RESULT}, {name}", _shown(document.get(name)), _shown(computed.get(name)))
    if document != computed:
        raise VerificationError(f"{RESULT}, projects", _shown(document["projects"]), _shown(computed["projects"]))


def _by_project(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(entry.get("project")): entry for entry in document["projects"] if isinstance(entry, dict)}


def _compare_objects(what: str, published: Any, computed: Mapping[str, Any]) -> None:
    if not isinstance(published, dict):
        raise VerificationError(f"{RESULT}, {what}", _shown(published), "an object")
    for name in sorted({*published, *computed}):
        _compare(f"{RESULT}, {what}, {name}", _shown(published.get(name)), _shown(computed.get(name)))


def _compare(where: str, published: Any, computed: str) -> None:
    if published != computed:
        raise VerificationError(where, str(published), computed)


def _shown(value: Any) -> str:
    return NOTHING if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextmanager
def _naming_what_differs() -> Iterator[None]:
    """What cannot be read or settled differs as well from what can."""
    try:
        yield
    except VerificationError:
        raise
    except QfError as error:
        raise VerificationError("form", str(error), "a bundle in canonical form that settles") from error
