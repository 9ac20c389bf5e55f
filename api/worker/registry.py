"""All kinds of job, what does them, and what it means when one fails for good."""

from __future__ import annotations

from collections.abc import Mapping

from api.giving.jobs import JOBS as GIVING
from api.hooks.jobs import FAILURES as HOOK_FAILURES
from api.hooks.jobs import JOBS as HOOKS
from api.queue import Failure, Handler
from api.reconciliation.jobs import JOBS as RECONCILIATION
from api.rounds.jobs import JOBS as ROUNDS
from api.settlement.computing import FAILURES as SETTLEMENT_FAILURES
from api.settlement.computing import JOBS as SETTLEMENT
from api.sources.jobs import JOBS as SOURCES
from api.worker.tidying import JOBS as TIDYING

HANDLERS: Mapping[str, Handler] = {**TIDYING, **ROUNDS, **SOURCES, **RECONCILIATION, **SETTLEMENT, **HOOKS, **GIVING}
"""Kind of job -> what does it."""

FAILURES: Mapping[str, Failure] = {**SETTLEMENT_FAILURES, **HOOK_FAILURES}
"""Kind of job -> what is written down when it has failed for good; for the others, the job itself says it."""

LONG = frozenset({"round.settle", "round.preview", "round.reconcile", "source.sync"})
"""The kinds that may take minutes. The others do not wait for them."""

SENDING = frozenset({"hook.deliver"})
"""The kinds that wait for somebody else's server. The others do not wait for them either."""
