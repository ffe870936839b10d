"""What omnitrack tells a logger and OpenTelemetry, and what it never tells."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.pymysql import PyMySQLInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import omnitrack
import omnitrack.tracker
import servers
from omnitrack import ConflictError, Interaction, Policy, RetentionRule, Tracker, telemetry
from omnitrack.storage.contract import retrying
from omnitrack.storage.memory import MemoryBackend

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
SECRET = "Xylophon-Zwetschge"  # in everything that a person writes here
JANE = f"{SECRET}@example.com".lower()


class Seen:
    """The spans and metrics that were made."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self._reader])

    def spans(self) -> list[ReadableSpan]:
        return list(self._spans.get_finished_spans())

    def forget(self) -> None:
        self._spans.clear()

    def points(self, name: str) -> list[Any]:
        data = self._reader.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def seen() -> Iterator[Seen]:
    found = Seen()
    telemetry.instrument(tracer_provider=found.tracers, meter_provider=found.meters)
    yield found
    telemetry.uninstrument()


def live(tracker: Tracker) -> None:
    """Use a store for what leaves traces, with the secret in everything that a person wrote."""
    call = {"channel": "phone", "customer": [JANE, "+442079460958"], "traits": {"name": SECRET}}
    tracker.record(occurred_at=T0, body=SECRET, subject=SECRET, agent=SECRET, source="t", source_id=SECRET, **call)  # type: ignore[arg-type]
    tracker.record(occurred_at=T0, customer=[f"phone:{SECRET}"], channel="phone")
    tracker.record_many(
        [Interaction(channel="web", occurred_at=T0 + timedelta(days=1), customer=[JANE, f"phone:{SECRET}"])],
        on_error="collect",
    )
    assert tracker.search(name=SECRET)
    list(tracker.timeline(JANE, text=SECRET))
    tracker.link(JANE, f"account:{SECRET}@bt", by=SECRET, reason=SECRET)
    tracker.note(JANE, SECRET, agent=SECRET)
    for asked in (lambda: tracker.customer("x:xylophon"), lambda: tracker.interaction(SECRET)):
        with pytest.raises(LookupError):
            asked()
    with pytest.raises(ValueError, match="got"):
        tracker.record(channel=SECRET * 99, occurred_at=T0)
    with pytest.raises(omnitrack.TimedOutError), tracker.within(1e-9):
        tracker.customer(JANE)
    tracker.apply_retention([RetentionRule(channels=["web"], keep=timedelta(days=1))])
    tracker.rebuild()
    tracker.erase(JANE, by=SECRET, reason=SECRET)


@pytest.mark.parametrize("engine", servers.ENGINES)
def test_nothing_that_a_person_wrote_is_logged_or_traced(
    engine: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, seen: Seen
) -> None:
    caplog.set_level(logging.DEBUG, "omnitrack")
    with servers.store(engine, tmp_path) as store, Tracker(store.open(), region="GB", matching=True) as tracker:
        live(tracker)
    everything = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    everything += [f"{span.name} {dict(span.attributes or {})} {span.events} {span.status}" for span in seen.spans()]
    assert len(everything) > 30
    wrong = [told for told in everything if any(x in told.lower() for x in ("xylo", "zwetschge", "9460958"))]
    assert not wrong


def test_a_logger_says_what_was_done_in_numbers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "omnitrack")
    with omnitrack.open("memory://", region="GB", matching=True) as tracker:
        live(tracker)
    told = {record.omnitrack["event"]: record.omnitrack for record in caplog.records}  # type: ignore[attr-defined]
    assert told["identifiers were left out"]["identifiers"] == 1
    assert told["a load ended"] | {"added": 1, "left_out": 1, "rejected": 0} == told["a load ended"]
    assert told["a rebuild took effect"]["customers"] >= 1
    assert told["an erasure ended"]["interactions"] == 2
    assert told["a retention ended"]["interactions"] == 1
    assert told["a call failed"] | {"call": "customer", "error": "TimedOutError"} == told["a call failed"]
    assert {record.name for record in caplog.records} <= {
        f"omnitrack.{n}" for n in ("calls", "storage", "loads", "care")
    }


def test_an_application_that_sets_up_no_logging_hears_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("omnitrack").handlers)
    propagates = logging.getLogger("omnitrack").propagate
    logging.getLogger("omnitrack").propagate = False  # what pytest listens with stands at the root
    try:
        with omnitrack.open("memory://", matching=True) as tracker:
            live(tracker)
    finally:
        logging.getLogger("omnitrack").propagate = propagates
    assert capfd.readouterr() == ("", "")


def test_conflicts_are_told_as_they_are_tried_again(caplog: pytest.LogCaptureFixture, seen: Seen) -> None:
    caplog.set_level(logging.DEBUG, "omnitrack.storage")
    tries = iter([True, True, False])

    def attempt() -> str:
        if next(tries):
            raise ConflictError("others")
        return "done"

    assert retrying(attempt, sleep=lambda seconds: None) == "done"
    assert [record.omnitrack["attempt"] for record in caplog.records] == [1, 2]  # type: ignore[attr-defined]
    assert [point.value for point in seen.points("omnitrack.conflicts")] == [2]


def test_each_call_is_a_span_and_a_measurement_by_the_conventions(seen: Seen) -> None:
    with omnitrack.open("memory://", region="GB") as tracker:
        tracker.record(channel="phone", customer=JANE, occurred_at=T0)
        with pytest.raises(LookupError):
            tracker.customer("nobody@example.com")
        tracker.link(JANE, "bea@example.com")
        tracker.timeline(JANE).page()
    assert [span.name for span in seen.spans()] == ["open", "record", "customer", "link", "timeline"]
    failed = seen.spans()[2]
    assert dict(failed.attributes or {}) == {
        "db.system.name": "memory",
        "db.operation.name": "customer",
        "error.type": "CustomerNotFoundError",
    }
    assert not failed.status.is_ok
    assert not failed.events  # an exception there would have its text and its trace
    points = seen.points("db.client.operation.duration")
    assert sorted(point.attributes["db.operation.name"] for point in points) == sorted(s.name for s in seen.spans())
    assert all(point.count == 1 and 0 <= point.sum < 60 for point in points)


def test_units_of_loads_are_counted_by_outcome(seen: Seen) -> None:
    with omnitrack.open("memory://") as tracker:
        item = Interaction(channel="phone", customer=JANE, occurred_at=T0, source="t", source_id="1")
        tracker.record_many([item, item])
    counts = {point.attributes["outcome"]: point.value for point in seen.points("omnitrack.load.units")}
    assert counts == {"added": 1, "duplicates": 1}


INSTRUMENTORS: dict[str, Any] = {
    "sqlite": SQLite3Instrumentor,
    "postgresql": PsycopgInstrumentor,
    "mariadb": PyMySQLInstrumentor,
}


@pytest.mark.parametrize("engine", servers.ENGINES)
def test_the_statements_of_a_call_are_spans_of_the_drivers_instrumentation_inside_of_its_own(
    engine: str, tmp_path: Path, seen: Seen
) -> None:
    instrumentor = INSTRUMENTORS[engine]()
    instrumentor.instrument(tracer_provider=seen.tracers)
    try:
        with servers.store(engine, tmp_path) as store, Tracker(store.open()) as tracker:
            tracker.record(channel="phone", customer=JANE, occurred_at=T0)
            seen.forget()
            tracker.timeline(JANE).page()
            spans = seen.spans()
    finally:
        instrumentor.uninstrument()
    (call,) = [span for span in spans if span.name == "timeline"]
    inside = [span for span in spans if span is not call]
    assert call.context is not None
    assert {span.name for span in inside} & {"SELECT", "WITH"}, [span.name for span in inside]
    assert all(span.parent is not None and span.parent.span_id == call.context.span_id for span in inside)
    attributes = dict(call.attributes or {})
    assert attributes["db.system.name"] == engine
    if engine != "sqlite":
        assert attributes["server.address"] == "127.0.0.1"
        assert attributes["db.namespace"]


async def test_tasks_have_spans_of_their_own(seen: Seen) -> None:
    import asyncio

    async with omnitrack.open_async("memory://") as tracker:
        await tracker.record(channel="phone", customer=JANE, occurred_at=T0)
        seen.forget()

        async def ask(number: int) -> None:
            with seen.tracers.get_tracer("host").start_as_current_span(f"request {number}"):
                await tracker.customer(JANE)
                await tracker.timeline(JANE).page()

        await asyncio.gather(*map(ask, range(5)))
    requests = {span.context.span_id: span for span in seen.spans() if span.name.startswith("request") and span.context}
    calls = [span for span in seen.spans() if not span.name.startswith("request")]
    assert sorted(span.name for span in calls) == ["customer"] * 5 + ["timeline"] * 5
    under = sorted((requests[span.parent.span_id].name, span.name) for span in calls if span.parent is not None)
    assert under == sorted((f"request {n}", name) for n in range(5) for name in ("customer", "timeline"))


def test_a_call_is_neither_traced_nor_measured_after_uninstrument(seen: Seen) -> None:
    telemetry.uninstrument()
    with omnitrack.open("memory://", policy=Policy()) as tracker:
        tracker.record(channel="phone", customer=JANE, occurred_at=T0)
    assert not seen.spans()


def test_an_adapter_is_named_by_its_class_unless_it_says_more() -> None:
    class ShelfBackend(MemoryBackend):
        pass

    assert ShelfBackend.from_url("memory://").describe() == {"db.system.name": "shelf"}


def test_every_call_has_a_name_of_its_own() -> None:
    """A call without one would be measured as a detail of another."""
    tree = ast.parse(Path(omnitrack.tracker.__file__).read_text(encoding="utf-8"))
    makers = {"_run": 0, "_run_alone": 0, "_read": 1}  # and the place of the name
    nameless = [
        f"{method.name}, line {node.lineno}"
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
        for method in kind.body
        if isinstance(method, ast.FunctionDef) and method.name not in makers
        for node in ast.walk(method)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in makers
        if len(node.args) <= makers[node.func.attr]
    ]
    assert not nameless


def test_opentelemetry_is_not_imported_before_it_is_switched_on() -> None:
    code = (
        "import sys, omnitrack, omnitrack.telemetry\n"
        "with omnitrack.open('memory://') as tracker: tracker.record(channel='web', occurred_at='2026-03-01T09:00:00Z')\n"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
