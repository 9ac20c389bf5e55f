"""Where bundles are kept, and what of them is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.problems import NotFound
from api.services import Services
from api.tables import Settlement
from qf.result import RoundResult
from qf.units import format_decimal

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
