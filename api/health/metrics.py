"""Numbers about the service, for Prometheus: of requests as they happen, of the rest when somebody looks.

No label says who: routes are templates, and sources are named as everybody sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from api.health.checks import lags
from api.services import Services
from api.tables import Job, Round

BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Seconds until an answer begins."""

STATES = ("queued", "running", "done", "failed")
"""What a job can be."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that have a label of their own; whoever asks can make up others."""


class Metrics:
    """The numbers of one process, and what all processes share."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "qf_requests", "Requests that were answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "qf_request_seconds",
            "Seconds until an answer began.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Shared(services))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Return all numbers in the text format of Prometheus."""
        return generate_latest(self._registry)


class _Shared(Collector):
    """What stands in the database, and how many listen to this process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers as they are now; those of the database only while it answers."""
        yield _gauge("qf_listeners", "Who listens to events of rounds in this process.", self._services.feed.listeners)
        try:
            with self._services.database.reading() as session:
                found = list(self._stored(session, self._services.clock()))
        except SQLAlchemyError:
            found = []
        yield _gauge("qf_database_up", "Whether the database answers.", bool(found))
        yield from found

    def _stored(self, session: Session, at: int) -> Iterator[Metric]:
        by_state = select(Job.state, func.count()).group_by(col(Job.state))
        counted = dict(session.exec(by_state).all())
        yield _labelled("qf_jobs", "Jobs.", "state", [((state,), counted.get(state, 0)) for state in STATES])
        due = session.exec(select(Job.due_at).where(Job.state == "queued").order_by(col(Job.due_at)).limit(1)).first()
        waits = 0 if due is None else max(0, at - due)
        yield _gauge("qf_job_oldest_seconds", "For how long the job has been due that waits longest.", waits)
        entries = session.exec(select(func.coalesce(func.sum(Round.entries), 0))).one()
        yield _gauge("qf_entries", "Donations that were recorded, and corrections.", int(entries))
        behind = [((source.round_id, source.name), lag) for source, lag in lags(session, at)]
        yield _labelled("qf_chain_lag_seconds", "Age of the newest block that was read.", "round source", behind)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=float(value))


def _labelled(name: str, told: str, labels: str, values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels.split())
    for label, value in values:
        family.add_metric(label, value)
    return family
