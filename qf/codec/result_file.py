"""result.json: what a round decided, and the digest of everything it was decided from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qf.canonical import canonical_json, digest_of_parts
from qf.errors import BundleError
from qf.result import ProjectResult, RoundResult
from qf.units import format_decimal

RESULT = "result.json"
"""Name of the file. Its SHA-256 is the digest of the result."""

PLACES = 18
"""Decimal places of an exact rational in the file; the rest is cut off. Payouts are integers, and what decides."""

STAGES = ("contributed", "donors", "ideal_match", "scaled_match", "capped_match", "capped", "payout")
"""The numbers of a project, in the order in which they are computed."""

TABLES = ("donations", "exclusions")
"""The tables that are kept in parts."""


@dataclass(frozen=True)
class Digests:
    """SHA-256 of every file but result.json.

    Attributes:
        files: name -> digest.
        parts: table -> the digest of each of its parts.
    """

    files: Mapping[str, str]
    parts: Mapping[str, tuple[str, ...]]

    def document(self) -> dict[str, str]:
        """Return one digest per file, and one per table in parts."""
        return {**self.files, **{table: digest_of_parts(parts) for table, parts in self.parts.items()}}


def result_document(result: RoundResult, digests: Digests) -> dict[str, Any]:
    """Return the content of result.json: the decision, and no more than the decision."""
    return {
        "arithmetic": result.arithmetic,
        "digests": digests.document(),
        "excluded": dict(result.excluded),
        "part_digests": {table: list(parts) for table, parts in digests.parts.items()},
        "projects": [_project_document(project) for project in result.projects],
        "saturated": result.saturated,
        "totals": _totals(result),
        "unspent": result.unspent,
        **({"notes": list(result.notes)} if result.notes else {}),
    }


def result_bytes(result: RoundResult, digests: Digests) -> bytes:
    """Return the bytes of result.json."""
    return canonical_json(result_document(result, digests))


def read_result(data: bytes) -> dict[str, Any]:
    """Return the document in the bytes of a result.json, which have to be canonical.

    Raises:
        BundleError: naming the file.
    """
    document = read_document(RESULT, data)
    parts = document.get("part_digests")
    sound = (
        isinstance(parts, dict) and set(parts) == set(TABLES) and all(isinstance(row, list) for row in parts.values())
    )
    if not sound or not isinstance(document.get("digests"), dict) or not isinstance(document.get("projects"), list):
        raise BundleError(f"{RESULT}: digests, part_digests or projects are missing")
    return document


def read_document(name: str, data: bytes) -> dict[str, Any]:
    r"""Return the object in a document in canonical JSON.

    >>> read_document("x.json", b'{"a":"1"}\n')
    {'a': '1'}

    Raises:
        BundleError: not JSON, no object, or not in canonical form; names the file.
    """
    try:
        document = json.loads(data)
        canonical = canonical_json(document)
    except (ValueError, TypeError, RecursionError) as error:
        raise BundleError(f"{name}: not canonical JSON: {error}") from None
    if not isinstance(document, dict) or canonical != data:
        raise BundleError(f"{name}: not an object in canonical JSON (see docs/reference/bundle.md)")
    return document


def _project_document(project: ProjectResult) -> dict[str, Any]:
    return {
        "capped": project.capped,
        "capped_match": format_decimal(project.capped_match, PLACES),
        "contributed": project.contributed,
        "donors": project.donors,
        "ideal_match": format_decimal(project.ideal_match, PLACES),
        "payout": project.payout,
        "project": project.project,
        "scaled_match": format_decimal(project.scaled_match, PLACES),
    }


def _totals(result: RoundResult) -> dict[str, int]:
    return {
        "contributed": sum(project.contributed for project in result.projects),
        "donations": result.donations,
        "donors": result.donors,
        "excluded": sum(result.excluded.values()),
        "payout": sum(project.payout for project in result.projects),
        "pool": result.round.pool.amount,
        "projects": len(result.projects),
    }
