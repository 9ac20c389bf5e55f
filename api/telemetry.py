"""Traces of requests, for who runs a collector of OpenTelemetry; they are made only if one is named.

FastAPI makes the spans. What of them could say who asked, or what for, is taken out before they are sent.
"""

from __future__ import annotations

from typing import Any

from fastapi.telemetry import TelemetryConfig

from api.settings import Settings
from qf.errors import MissingExtraError

HIDDEN = ("url.path", "url.query", "client.address", "user_agent.original")
"""Attributes of a span that are emptied; `http.route` says what was asked for."""


def telemetry(settings: Settings) -> TelemetryConfig:
    """Return what of FastAPI's telemetry is on: spans if a collector is named, and never logs, which quote errors.

    Raises:
        MissingExtraError: a collector is named, but what sends spans is not installed.
    """
    off = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
    if not settings.otlp_endpoint:
        return off
    return {**off, "tracing": True, "tracer_provider": _provider(settings.otlp_endpoint)}


def _provider(endpoint: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise MissingExtraError("opentelemetry", "telemetry") from None

    class Hiding(SpanProcessor):
        """Empties attributes before anything else sees them."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            for name in HIDDEN:
                if name in (span.attributes or {}):
                    span.set_attribute(name, "")

    provider = TracerProvider(resource=Resource.create({"service.name": "qf"}))
    provider.add_span_processor(Hiding())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    return provider
