"""Where bundles are kept, and what of them is shown."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from api.problems import NotFound
from api.services import Services
from api.tables import Settlement
from qf.canonical import digest
from qf.codec.facts import FACTS, read_facts
from qf.codec.layout import files_in, read_file
from qf.codec.result_file import RESULT
from qf.eligibility import Project
from qf.errors import VerificationError
from qf.result import RoundResult
from qf.units import format_decimal
from qf.verify import verify

VERIFIED = 8
"""Bundles whose result is kept in memory once it was recomputed; with 2,000 projects, some megabytes each."""

PLACES = 6
"""Decimal places of matches where they are shown; the bundle has more."""


def bundle_path(services: Services, settlement: str) -> Path:
    """Return where the bundle of a settlement is, or will be."""
    return services.settings.data_dir / "bundles" / settlement


def bundle_of(services: Services, settlement: Settlement) -> Path:
    """Return the bundle of a settlement.

    Raises:
        NotFound: there is none yet.
    """
    path = bundle_path(services, settlement.id)
    if not settlement.result_digest or not path.is_dir():
        raise NotFound("There is no bundle of this settlement.")
    return path


def verified(path: Path, approved: str) -> tuple[RoundResult, tuple[Project, ...]]:
    """Return the result and the projects of a bundle, which recomputes, and is the one that was approved.

    Recomputing takes as long as settling. It is done once for what the files hold: as long as every byte of them is the
    same, so is the result.

    Args:
        path: where the bundle is.
        approved: digest of the result.

    Raises:
        VerificationError: the bundle does not recompute, or is another one.
    """
    digests = {name: digest(read_file(path, name)) for name in files_of(path)}
    if digests.get(RESULT) != approved:
        raise VerificationError(f"{RESULT}, digest", approved, digests.get(RESULT, "nothing"))
    with _VERIFYING:
        return _verified(path, tuple(digests.items()))


_VERIFYING = threading.Lock()
"""One at a time: it takes memory, and who waits perhaps finds it done."""


@lru_cache(VERIFIED)
def _verified(path: Path, _: tuple[tuple[str, str], ...]) -> tuple[RoundResult, tuple[Project, ...]]:
    result = verify(path)
    facts = read_facts({name: read_file(path, name) for name in files_in(path) if name in FACTS})
    return result, tuple(facts.inputs.projects or ())


def files_of(path: Path) -> list[str]:
    """Return the files of a bundle, by name."""
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def summary_of(result: RoundResult) -> dict[str, Any]:
    """Return what a page shows of a result: all amounts as text."""
    return {
        "pool": str(result.round.pool.amount),
        "token": result.round.pool.token,
        "decimals": result.round.pool.decimals,
        "unspent": str(result.unspent),
        "donations": result.donations,
        "donors": result.donors,
        "excluded": {str(reason): count for reason, count in result.excluded.items()},
        "saturated": result.saturated,
        "notes": list(result.notes),
        "projects": [
            {
                "project": each.project,
                "contributed": str(each.contributed),
                "donors": each.donors,
                "ideal_match": format_decimal(each.ideal_match, PLACES),
                "scaled_match": format_decimal(each.scaled_match, PLACES),
                "capped_match": format_decimal(each.capped_match, PLACES),
                "payout": str(each.payout),
                "capped": each.capped,
            }
            for each in result.projects
        ],
    }
