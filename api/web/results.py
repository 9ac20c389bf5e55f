"""What the page of a published result shows: every number on the way to the payouts, and how to check them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from api.access import RoundAsking
from api.settlement.changes import published
from api.web.rounds import frame_of, reconciled_of, titles_of
from api.web.view import View
from api.weights.evidence import curve_of


def result_of(asking: RoundAsking, view: View) -> dict[str, Any]:
    """Return what the page of a result shows.

    Raises:
        NotFound: nothing is published yet.
    """
    row = published(asking.session, asking.round.id)
    summary = row.summary
    paid = sorted(summary["projects"], key=lambda each: (-int(each["payout"]), each["project"]))
    largest = max((int(each["payout"]) for each in paid), default=0)
    return {
        **frame_of(asking, view),
        "summary": summary,
        "rows": [(each, _width(int(each["payout"]), largest)) for each in paid],
        "paid": sum(int(each["payout"]) for each in paid),
        "titles": titles_of(asking),
        "digest": row.result_digest,
        "published_at": row.published_at or 0,
        "reconciled": reconciled_of(asking),
        "curve": curve_of(asking.round),
        "public_url": asking.services.settings.public_url,
    }


def _width(payout: int, largest: int) -> str:
    """Return how long the bar of a payout is, the largest being 100."""
    return f"{float(Fraction(payout * 100, largest)):.1f}" if largest else "0"
