"""reconciliation.json: a ledger compared with its sources, and the operator's words on what differs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from qf.canonical import canonical_json, digest, digest_of_parts
from qf.codec.parts import donations_bytes, ledger_parts, part_count
from qf.codec.result_file import read_document
from qf.codec.tables import FilePath
from qf.errors import BundleError, InputError, Problem
from qf.ledger import DonationLedger
from qf.reconciliation import Evidence, Finding, Line, Override, Reconciliation

RECONCILIATION = "reconciliation.json"
"""Name of the file in a bundle."""

_OVERRIDE = {"finding", "place", "reason"}
"""The keys of an override."""


def donations_digest(ledger: DonationLedger) -> str:
    """Return the digest of a ledger, as result.json has it under `digests`, `donations`.

    Raises:
        DonationError: two donations have the same id.
    """
    nothing_excluded = np.zeros(len(ledger), np.uint8)
    parts = ledger_parts(ledger, nothing_excluded, part_count(len(ledger)))
    return digest_of_parts(digest(donations_bytes(part)) for part in parts)


def reconciliation_bytes(found: Reconciliation) -> bytes:
    """Return the file of a reconciliation, in canonical JSON."""
    return canonical_json(asdict(found))


def reconciliation_in(data: bytes, name: str = RECONCILIATION) -> Reconciliation:
    """Return the reconciliation in the bytes of its file.

    Raises:
        BundleError: not what `reconciliation_bytes` writes; names the file.
    """
    document = read_document(name, data)
    try:
        found = Reconciliation(
            donations=str(document["donations"]),
            compared=int(document["compared"]),
            elsewhere=int(document["elsewhere"]),
            evidence=tuple(_evidence(entry) for entry in document["evidence"]),
            lines=tuple(Line(**{**entry, "finding": Finding(entry["finding"])}) for entry in document["lines"]),
            projects=document["projects"],
            sources=dict(document["sources"]),
        )
        same = reconciliation_bytes(found) == data
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{name}: not a reconciliation: {error}") from None
    if not same:
        raise BundleError(f"{name}: not in the form that `qf chain reconcile` writes")
    return found


def read_reconciliation(path: FilePath) -> Reconciliation:
    """Return the reconciliation in a file.

    Raises:
        InputError: it cannot be read, or is no reconciliation.
    """
    try:
        return reconciliation_in(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise InputError.at(str(path), f"cannot be read: {error.strerror or error}") from None
    except BundleError as error:
        where, _, told = str(error).partition(": ")
        raise InputError.at(where, told, "give the file that `qf chain reconcile` wrote, unchanged") from None


def read_overrides(path: FilePath) -> tuple[Override, ...]:
    """Return the operator's words in a TOML file of [[override]] tables: finding, place, reason.

    Raises:
        InputError: naming everything malformed.
    """
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError.at(str(path), f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError.at(str(path), f"is not TOML in UTF-8: {error}") from None
    problems = [
        Problem(f"{path}", f"{key!r} is not known", "write [[override]] tables")
        for key in document
        if key != "override"
    ]
    given = document.get("override", [])
    entries = given if isinstance(given, list) else [given]
    read = [_override(entry, f"{path}, override {number}", problems.append) for number, entry in enumerate(entries, 1)]
    if problems:
        raise InputError(problems)
    return tuple(override for override in read if override is not None)


def _evidence(entry: Mapping[str, Any]) -> Evidence:
    return Evidence(**{**entry, "donations": int(entry["donations"]), "block": int(entry["block"])})


def _override(entry: Any, where: str, tell: Callable[[Problem], None]) -> Override | None:
    if not isinstance(entry, Mapping) or set(entry) != _OVERRIDE or not all(isinstance(v, str) for v in entry.values()):
        tell(Problem(where, "does not hold the texts finding, place and reason, and nothing else", "write all three"))
        return None
    try:
        return Override(Finding(entry["finding"]), entry["place"], entry["reason"])
    except ValueError:
        known = ", ".join(Finding)
        tell(Problem(where, f"{entry['finding']!r} is no finding", f"known: {known}"))
        return None
