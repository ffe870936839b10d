"""Telemetry: spans and metrics of public calls by OpenTelemetry, once ``instrument`` switched them on; the extra ``telemetry`` brings its API.

Names follow OpenTelemetry's semantic conventions for database clients (https://opentelemetry.io/docs/specs/semconv/database/): a span for each call,
named by the call, and the histogram ``db.client.operation.duration`` in seconds. Nothing in them identifies a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnitrack import observing
from omnitrack.errors import BackendError
from omnitrack.observing import Facts

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

#: The boundaries that the conventions advise, in seconds.
_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0]

#: What the counts of ``observing`` are called as metrics: name, unit, and what it says.
_COUNTS = {
    "conflicts": ("omnitrack.conflicts", "{conflict}", "Transactions that met a conflict and were tried again"),
    "connections lost": ("omnitrack.connections.lost", "{connection}", "Connections that broke in use"),
    "load units": ("omnitrack.load.units", "{unit}", "Units of loads, by outcome"),
}


def instrument(*, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None) -> None:
    """Make spans and metrics of every call in this process from now on. Calling it again replaces the providers.

    Args:
        tracer_provider: where spans go; None for the global provider.
        meter_provider: where metrics go; None for the global provider.

    Raises:
        BackendError: the extra ``telemetry`` is not installed.
    """
    try:
        from opentelemetry import metrics, trace
    except ImportError as error:
        raise BackendError(
            "telemetry: opentelemetry-api is not installed; it comes with the extra telemetry of omnitrack-timeline"
        ) from error
    tracer = trace.get_tracer("omnitrack", tracer_provider=tracer_provider)
    meter = metrics.get_meter("omnitrack", meter_provider=meter_provider)
    observing.watch(_OpenTelemetry(tracer, meter))


def uninstrument() -> None:
    """Make no more spans and metrics."""
    observing.watch(None)


class _OpenTelemetry:
    """Makes a span and a measurement of each call."""

    def __init__(self, tracer: Any, meter: Any) -> None:
        from opentelemetry import context, trace

        self._tracer = tracer
        self._trace = trace
        self._context = context
        self._durations = meter.create_histogram(
            "db.client.operation.duration",
            unit="s",
            description="Duration of the public calls of omnitrack",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._counts = {
            what: meter.create_counter(name, unit=unit, description=description)
            for what, (name, unit, description) in _COUNTS.items()
        }

    def began(self, call: str, store: Facts) -> Any:
        """See ``Watcher``."""
        facts = {**store, "db.operation.name": call}
        span = self._tracer.start_span(call, kind=self._trace.SpanKind.CLIENT, attributes=facts)
        # What the driver does in the call is a child of this span.
        token = self._context.attach(self._trace.set_span_in_context(span))
        return span, token, facts

    def ended(self, begun: Any, seconds: float, error: BaseException | None) -> None:
        """See ``Watcher``."""
        span, token, facts = begun
        if error is not None:
            # The type alone: a span is kept elsewhere, and for long.
            facts["error.type"] = type(error).__name__
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(self._trace.StatusCode.ERROR)
        self._durations.record(seconds, facts)
        self._context.detach(token)
        span.end()

    def counted(self, what: str, number: int, facts: Facts) -> None:
        """See ``Watcher``."""
        self._counts[what].add(number, dict(facts))
