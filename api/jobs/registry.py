"""All kinds of job, and what does them."""

from __future__ import annotations

from collections.abc import Mapping

from api.jobs.queue import Handler
from api.reconciliation.jobs import JOBS as RECONCILIATION
from api.settlement.computing import JOBS as SETTLEMENT
from api.sources.jobs import JOBS as SOURCES

HANDLERS: Mapping[str, Handler] = {**SOURCES, **RECONCILIATION, **SETTLEMENT}
"""Kind of job -> what does it."""
