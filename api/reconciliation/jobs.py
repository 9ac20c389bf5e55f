"""What a worker does for reconciliations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.queue import Handler
from api.reconciliation.reports import run
from api.services import Services


def reconcile(services: Services, work: Mapping[str, Any]) -> None:
    """Compare a round with its sources."""
    run(services, work["round"])


JOBS: Mapping[str, Handler] = {"round.reconcile": reconcile}
